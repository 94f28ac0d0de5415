"""Where the log of a server goes: to stderr, and to a file where one is named. It holds nothing that a call sent."""

import contextlib
import logging
import os
import time
import traceback
from pathlib import Path
from typing import Any, Final

from runtally.cli import output
from runtally.domain.errors import InvalidInput
from runtally.settings import Settings

EVERY_SECONDS: Final = 60
"""How often a library may say the same thing."""
_ON_STDERR: Final = "runtally: %(levelname)s: %(message)s"
_IN_A_FILE: Final = "%(asctime)s.%(msecs)03dZ %(process)d %(levelname)s %(name)s: %(message)s"
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)


def begin(settings: Settings) -> None:
    """Send the log where the settings say: Runtally's from their level on, and that of others from `warning` on, since
    below that the MCP SDK logs whole messages.

    Raises:
        InvalidInput: the log file cannot be written.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    handlers[0].setFormatter(_Formatter(_ON_STDERR))
    if settings.log_file is not None:
        handlers.append(_AppendedFile(settings.log_file))
        handlers[1].setFormatter(_Formatter(_IN_A_FILE, "%Y-%m-%dT%H:%M:%S"))
    floods = FloodFilter()
    for handler in handlers:
        handler.addFilter(floods)
    logging.basicConfig(level=logging.WARNING, handlers=handlers)
    logging.getLogger("runtally").setLevel(settings.log_level.upper())


class FloodFilter(logging.Filter):
    """Lets a library say the same thing once in 60 seconds, with how often it wanted to; Runtally's own lines all pass.

    The same is what one place of its code says of one kind of error, so what is remembered is bounded too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int, type[BaseException] | None], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be written; decided once, by whichever handler gets it first."""
        decided: bool | None = getattr(record, "is_let_through", None)
        if decided is None:
            decided = record.is_let_through = self._lets_through(record)
        return decided

    def _lets_through(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] == "runtally":
            return True
        kind = (record.name, record.lineno, record.exc_info[0] if record.exc_info else None)
        said_at, held_back = self._said.get(kind, (float("-inf"), 0))
        if record.created - said_at < EVERY_SECONDS:
            self._said[kind] = (said_at, held_back + 1)
            return False
        self._said[kind] = (record.created, 0)
        if held_back:
            record.msg, record.args = f"{record.getMessage()} (and {held_back} times since it was last said)", None
        return True


class _AppendedFile(logging.Handler):
    """A file to which many processes may append, since each line is one write. It may be moved away at any time."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        try:
            self._append(b"")
        except OSError:
            raise InvalidInput(
                f"RUNTALLY_LOG_FILE is {str(path)!r}, which cannot be written; name a file in a folder that exists and "
                "that this user may write"
            ) from None

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{self.format(record)}\n"
        with contextlib.suppress(OSError):  # a full disk is no reason to fail what is being logged
            self._append(line.encode(errors="backslashreplace"))

    def _append(self, line: bytes) -> None:
        file = os.open(self._path, _APPEND, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)


class _Formatter(logging.Formatter):
    """Tells of an exception of what kind it is and where it was raised. What it says may quote what was sent, and so
    may a library: no line repeats a secret.
    """

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """The line, or the lines of a trace."""
        return output.without_secrets(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        """The trace, the exception that came last first."""
        return _traced(ei[1])


def _traced(error: BaseException | None) -> str:
    told = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        inside = [f"\nof which one was\n{_traced(one)}" for one in getattr(error, "exceptions", ())]
        told.append(f"{_kind(error)}\n{frames}{''.join(inside)}")
        error = error.__cause__ or error.__context__
    return "\nafter ".join(told)


def _kind(error: BaseException) -> str:
    kind = type(error)
    # SQLite names tables, columns and constraints, never a value.
    return f"{kind.__qualname__}: {error}" if kind.__module__ == "sqlite3" else kind.__qualname__
