"""The trial of time: mixed calls over stdio and HTTP for minutes, and what they leave behind in the servers."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from benchmarks.clients import Client, Server
from benchmarks.processes import new_key
from benchmarks.scale import Scale
from benchmarks.table import Goal, Row
from benchmarks.traffic import Traffic

_CLIENTS: Final = 8
_SETTLED_SECONDS: Final = 1.0
_MIB: Final = 2**20


class Vitals(NamedTuple):
    """What a server holds while nobody asks anything of it."""

    resident_mib: float
    descriptors: int


def soak(scale: Scale, scratch: Path) -> Iterator[Row]:
    """Trial: ten minutes of mixed calls over stdio and HTTP; the floor is what was so after the first minute."""
    database = scratch / "runtally.db"
    key = new_key(database)
    with (
        Server(database, scratch / "stdio.log") as over_stdio,
        Server(database, scratch / "http.log", key) as over_http,
    ):
        doors = [_Door("stdio", over_stdio), _Door("HTTP", over_http)]
        asyncio.run(_soaked(doors, scale.minutes * 60))
        for door in doors:
            yield from door.rows()
        yield Row("soak: -wal file", Path(f"{database}-wal").stat().st_size / _MIB, "MiB")


async def _soaked(doors: list["_Door"], seconds: float) -> None:
    window = min(60.0, seconds / 5)
    async with AsyncExitStack() as stack:
        for door in doors:
            door.clients = await stack.enter_async_context(door.server.clients(_CLIENTS))
            # A server opens connections as calls come together: all that it may have are open before the first minute.
            await asyncio.gather(*(client.call("list_runs", {"limit": 1}) for client in door.clients))
        for part in (window, seconds - 2 * window, window):
            await asyncio.gather(*(door.work(part) for door in doors))


class _Door:
    """One server, what is asked of it, and what it held after each part of the time."""

    def __init__(self, name: str, server: Server) -> None:
        self.server = server
        self.clients: list[Client] = []
        self._name = f"soak: {name}"
        self._traffic = Traffic(Random(name))
        self._rates: list[float] = []
        self._vitals: list[Vitals] = []

    async def work(self, seconds: float) -> None:
        """Have the clients make calls for so long, and then look at the server."""
        loop = asyncio.get_running_loop()
        before, begun = self._traffic.calls, loop.time()
        await asyncio.gather(*(self._traffic.flow(client, begun + seconds) for client in self.clients))
        self._rates.append((self._traffic.calls - before) / (loop.time() - begun))
        # What was hung up last is still being closed.
        await asyncio.sleep(_SETTLED_SECONDS)
        self._vitals.append(Vitals(self.server.resident_mib(), self.server.open_descriptors()))

    def rows(self) -> Iterator[Row]:
        """What was so at the end, and after the first part of the time as its floor."""
        first, last = self._vitals[0], self._vitals[-1]
        nothing = Goal("≤", 0)
        yield Row(f"{self._name}, calls", self._traffic.calls, "calls")
        yield Row(f"{self._name}, rate", self._rates[-1], "calls/s", self._rates[0])
        yield Row(f"{self._name}, resident memory", last.resident_mib, "MiB", first.resident_mib, Goal("≤", 1.25))
        yield Row(f"{self._name}, open descriptors", last.descriptors, "", first.descriptors, Goal("≤", 1.0))
        yield Row(f"{self._name}, log", self.server.log.stat().st_size, "bytes")
        yield Row(
            f"{self._name}, tracebacks in the log", self.server.log.read_bytes().count(b"Traceback"), "", goal=nothing
        )
        yield Row(f"{self._name}, internal errors", self._traffic.internal_errors, "", goal=nothing)
        yield Row(f"{self._name}, good calls refused", self._traffic.refused, "", goal=nothing)
