"""Writes that can be told apart in the file, and which of them were acknowledged."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.clients import Client
from benchmarks.processes import Gone, Refused

_PATIENCE_SECONDS: Final = 300
_MARKS: Final = """
    SELECT intent FROM runs WHERE ended_by IS NOT 'record'
    UNION ALL SELECT summary FROM runs WHERE ended_by IN ('agent', 'record')
    UNION ALL SELECT prompt_preview FROM usage_reports WHERE source = 'report'
    UNION ALL SELECT summary FROM failures
    UNION ALL SELECT name FROM spans
"""


@dataclass(slots=True)
class Write:
    """A call that leaves marks in the file, which no other call leaves."""

    tool: str
    arguments: dict[str, Any]
    marks: tuple[str, ...]
    repeatable: bool
    """It has an idempotency key, or an id that is natural to it."""
    acknowledged: bool = False

    def is_missing_in(self, found: Counter[str]) -> bool:
        """Whether it was acknowledged, and what it wrote is not all among the marks found."""
        return self.acknowledged and not all(found[mark] for mark in self.marks)


class Journal:
    """What clients wrote to one file, and what was ever seen to be wrong with it."""

    def __init__(self, seed: int) -> None:
        self.writes: list[Write] = []
        self.acknowledged = 0
        self.lost: set[str] = set()
        self.doubled: set[str] = set()
        self.refused: set[str] = set()
        """What was sent again and not answered as before."""
        self._random = Random(seed)
        self._numbers = count(1)
        self._awaited = 0
        self._reached = asyncio.Event()

    async def work(self, client: Client) -> None:
        """Make run after run, half of the writes with a key, until the server is gone."""
        try:
            while True:
                run_id = (await self._make(client, self._write("core_start_run", "summary")))["run_id"]
                for write in self._writes_of(run_id):
                    await self._make(client, write)
        except Gone:
            self._reached.set()

    async def send_again(self, clients: Sequence[Client], writes: Iterable[Write]) -> None:
        """Make every call again that can be told from a new one, whether it was acknowledged or not."""
        unsent = (write for write in writes if write.repeatable)

        async def take(client: Client) -> None:
            for write in unsent:
                try:
                    await client.call(write.tool, write.arguments)
                except Refused:
                    self.refused.add(write.marks[0])
                else:
                    self._acknowledge(write)

        await asyncio.gather(*(take(client) for client in clients))

    async def grown_by(self, writes: int) -> None:
        """Return once so many more are acknowledged. Raises `Gone` if the server ends before that."""
        self._awaited = self.acknowledged + writes
        self._reached = asyncio.Event()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await self._reached.wait()
        if self.acknowledged < self._awaited:
            raise Gone("the server ended by itself")

    def look_into(self, database: Path) -> None:
        """Note what was acknowledged and is missing, and what is there more than once."""
        found = marks_in(database)
        self.lost.update(write.marks[0] for write in self.writes if write.is_missing_in(found))
        self.doubled.update(mark for mark, times in found.items() if times > 1)

    def _writes_of(self, run_id: str) -> Iterator[Write]:
        for _ in range(self._random.randint(1, 4)):
            yield self._report(run_id)
        yield self._write("core_record_failure", "summary", run_id=run_id, error="E: 1")
        yield self._write("track_mcp", "tool", key="span_id", input={"query": "SELECT 1"})
        yield self._write("record_run", "summary", agent="deploy-agent")
        yield self._write("core_end_run", "summary", key=None, run_id=run_id, status="completed")

    def _report(self, run_id: str) -> Write:
        usage = {"input_tokens": 8_400, "output_tokens": 1_200, "cost_usd": 0.028, "model": "claude-opus-4"}
        write = self._write("core_report_usage", "prompt_preview")
        preview = write.arguments.pop("prompt_preview")
        step = f"step of {preview}"
        write.arguments |= {
            "run_id": run_id,
            "token_usage": {**usage, "prompt_preview": preview},
            "traces": [{"name": step, "kind": "tool"}],
        }
        write.marks += (step,)
        return write

    def _write(self, tool: str, marked: str, *, key: str | None = "idempotency_key", **arguments: Any) -> Write:
        """A new mark goes into the field `marked`. Where `key` is None, the call can be made again as it is."""
        mark = f"{tool} {next(self._numbers)}"
        keyed = {key: f"key of {mark}"} if key is not None and self._random.random() < 0.5 else {}
        return Write(tool, {marked: mark, **keyed, **arguments}, (mark,), repeatable=key is None or bool(keyed))

    async def _make(self, client: Client, write: Write) -> dict[str, Any]:
        self.writes.append(write)
        answer = await client.call(write.tool, write.arguments)
        self._acknowledge(write)
        return answer

    def _acknowledge(self, write: Write) -> None:
        self.acknowledged += not write.acknowledged
        write.acknowledged = True
        if self.acknowledged >= self._awaited:
            self._reached.set()


def marks_in(database: Path) -> Counter[str]:
    """How often each mark is in the file, which is only read."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        return Counter(mark for (mark,) in connection.execute(_MARKS))


def is_sound(database: Path) -> bool:
    """Whether SQLite finds nothing wrong with the file."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            return found == [("ok",)] and not connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError:
        return False
