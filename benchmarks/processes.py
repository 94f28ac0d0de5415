"""The servers that are measured, as processes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

PROJECT: Final = "bench"
_REPOSITORY: Final = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS: Final = 30.0


class BenchmarkError(Exception):
    """What was measured is not what was meant to be measured."""


class Refused(BenchmarkError):
    """A call was answered with an error; `code` is the tool's, JSON-RPC's or HTTP's."""

    def __init__(self, code: str | int, answer: object) -> None:
        super().__init__(f"a call was refused: {answer}")
        self.code = str(code)


class Gone(BenchmarkError):
    """The server ended before it answered."""


def runtally(database: Path, *arguments: str) -> list[str]:
    """The command that serves Runtally from the file, over stdio unless the arguments say otherwise."""
    return [sys.executable, "-m", "runtally", "--db", str(database), *arguments]


def noop(*arguments: str) -> list[str]:
    """The command that serves a tool which does nothing, over stdio unless the arguments say otherwise."""
    return [sys.executable, "-m", "benchmarks.noop_server", *arguments]


def new_key(database: Path) -> str:
    """A bearer key that may write to the project, made by the command line."""
    command = runtally(database, "keys", "create", "--project", PROJECT, "--role", "write")
    done = subprocess.run(command, cwd=_REPOSITORY, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"no bearer key could be made:\n{done.stderr[-2_000:]}")
    return done.stdout.strip()


class Endpoint(NamedTuple):
    """Where a server listens, and the bearer key that it is asked with."""

    host: str
    port: int
    key: str | None = None


class ServerProcess:
    """A server as a child process; its stderr goes to a file, the end of which explains a failure."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=_REPOSITORY,
                env=_environment(),
            )
        assert self._process.stdin is not None, "asked for as a pipe"
        assert self._process.stdout is not None, "asked for as a pipe"
        self.stdin = self._process.stdin.fileno()
        self.stdout = self._process.stdout.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        # Killed, not asked to stop: what it has answered must be stored by now, and the figures check that it is.
        self.kill()
        with self._process:
            pass

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It does nothing in the block."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def endpoint(self, key: str | None = None) -> Endpoint:
        """Where it listens, once it says so on stderr."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            found = re.search(rb"http://([\d.]+):(\d+)/mcp", self.log.read_bytes())
            if found:
                return Endpoint(found[1].decode(), int(found[2]), key)
            time.sleep(0.01)
        raise self.failure("did not say where it listens")

    def resident_mib(self) -> float:
        """The memory it holds now (Linux)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert found, "Linux tells the resident size of a live process"
        return int(found[1]) / 1024

    def open_descriptors(self) -> int:
        """How many files, pipes and sockets it has open now (Linux)."""
        return sum(1 for _ in Path(f"/proc/{self._process.pid}/fd").iterdir())

    def failure(self, what: str) -> BenchmarkError:
        """The error to raise when it did not do what it should, with its last words."""
        said = self.log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        return BenchmarkError(f"{self._process.args!r} {what}; on stderr it said:\n{said}")


def _environment() -> dict[str, str]:
    # Bytecode is kept, as an installation has it; without it a start would be a compilation.
    left_out = ("RUNTALLY_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "RUNTALLY_PROJECT_KEY": PROJECT}
