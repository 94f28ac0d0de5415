"""The trial of copies: database and log, copied while the server stands still, are a whole database."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.clients import Server
from benchmarks.journal import Journal, Write, is_sound, marks_in
from benchmarks.scale import Scale
from benchmarks.table import Goal, Row

_CLIENTS: Final = 8
_SEED: Final = 20261121
_WRITES_BETWEEN: Final = (20, 400)
_DELAY_SECONDS_MAX: Final = 0.02


def copies(scale: Scale, scratch: Path) -> Iterator[Row]:
    """Trial: 50 copies of a file and its -wal, made while its server is stopped in mid-load; what they lack."""
    copier = _Copier(scratch / "runtally.db", scratch / "copies")
    with Server(copier.database, scratch / "runtally.log") as server:
        asyncio.run(copier.copy_at_work(server, scale.copies))
    yield Row("copies: made in mid-load", scale.copies, "copies")
    yield Row("copies: acknowledged", copier.journal.acknowledged, "writes")
    yield Row("copies: acknowledged before and lost", len(copier.lost), "writes", goal=Goal("≤", 0))
    yield Row("copies: damaged", copier.damaged, "copies", goal=Goal("≤", 0))


class _Copier:
    """Copies the file of a server that several clients keep at work."""

    def __init__(self, database: Path, folder: Path) -> None:
        self.database = database
        self.journal = Journal(_SEED)
        self.lost: set[str] = set()
        self.damaged = 0
        self._folder = folder
        self._random = Random(_SEED)

    async def copy_at_work(self, server: Server, copies: int) -> None:
        """Make so many copies, look into each, and then kill the server."""
        async with server.clients(_CLIENTS) as clients:
            await asyncio.gather(self._copy(server, copies), *(self.journal.work(client) for client in clients))

    async def _copy(self, server: Server, copies: int) -> None:
        for _ in range(copies):
            await self.journal.grown_by(self._random.randint(*_WRITES_BETWEEN))
            # The moment after an answer is not any moment.
            await asyncio.sleep(self._random.uniform(0, _DELAY_SECONDS_MAX))
            with server.stopped():
                # In a thread: answers that were sent before the server was stopped are received meanwhile.
                copy = await asyncio.to_thread(self._copied)
                acknowledged = [write for write in self.journal.writes if write.acknowledged]
            await asyncio.to_thread(self._look_into, copy, acknowledged)
        server.kill()

    def _copied(self) -> Path:
        """Without the -shm file: it is an index of the log, and is made anew."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        for name in (self.database.name, f"{self.database.name}-wal"):
            shutil.copyfile(self.database.with_name(name), self._folder / name)
        return self._folder / self.database.name

    def _look_into(self, copy: Path, acknowledged: list[Write]) -> None:
        if not is_sound(copy):
            self.damaged += 1
            return
        found = marks_in(copy)
        self.lost.update(write.marks[0] for write in acknowledged if write.is_missing_in(found))
