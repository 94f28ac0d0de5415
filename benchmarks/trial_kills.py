"""The trial of `kill -9`: what was acknowledged is there afterwards, and what is sent again is there once."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.calls import stored
from benchmarks.clients import Client, Server
from benchmarks.journal import Journal, Write, is_sound
from benchmarks.processes import BenchmarkError, new_key
from benchmarks.scale import Scale
from benchmarks.table import Goal, Row

_CLIENTS: Final = 8
_SEED: Final = 20261121
_DELAY_SECONDS_MAX: Final = 0.02


def kills(scale: Scale, scratch: Path) -> Iterator[Row]:
    """Trial: 100 times `kill -9` in mid-load, over stdio and HTTP in turn; what is lost, and what is doubled."""
    database, log = scratch / "runtally.db", scratch / "runtally.log"
    key = new_key(database)
    killer = _Killer(database, answers_per_kill=-(-scale.acknowledged // scale.kills))
    for number in range(scale.kills):
        with Server(database, log, key if number % 2 else None) as server:
            asyncio.run(killer.kill(server))
    with Server(database, log) as server:
        asyncio.run(killer.send_everything_again(server))
    if not is_sound(database):
        raise BenchmarkError("the database is damaged")
    stored(database)
    journal = killer.journal
    yield Row("kills: kill -9 in mid-load", scale.kills, "kills")
    yield Row("kills: acknowledged", journal.acknowledged, "writes", goal=Goal("≥", scale.acknowledged))
    yield Row("kills: acknowledged and lost", len(journal.lost), "writes", goal=Goal("≤", 0))
    yield Row("kills: sent again and doubled", len(journal.doubled), "writes", goal=Goal("≤", 0))
    yield Row("kills: sent again and refused", len(journal.refused), "writes", goal=Goal("≤", 0))
    for wrong in (journal.lost, journal.doubled, journal.refused):
        if wrong:
            print(f"benchmarks: kills: {len(wrong)} of them, such as {sorted(wrong)[:5]}", file=sys.stderr)


class _Killer:
    """Kills one server after the other over the same file."""

    def __init__(self, database: Path, *, answers_per_kill: int) -> None:
        self.journal = Journal(_SEED)
        self._database = database
        self._answers_per_kill = answers_per_kill
        self._random = Random(_SEED)
        self._sent_again = 0

    async def kill(self, server: Server) -> None:
        """See what the server finds after the last kill, have it work, and kill it in the midst."""
        async with server.clients(_CLIENTS) as clients:
            unsure = self.journal.writes[self._sent_again :]
            await self._send_again(clients, unsure)
            self._sent_again += len(unsure)
            await asyncio.gather(self._kill_soon(server), *(self.journal.work(client) for client in clients))

    async def send_everything_again(self, server: Server) -> None:
        """See what the server finds, and that it still knows every key."""
        async with server.clients(_CLIENTS) as clients:
            await self._send_again(clients, self.journal.writes)

    async def _send_again(self, clients: Sequence[Client], writes: Sequence[Write]) -> None:
        # Its first call has the server recover the log.
        await clients[0].call("list_runs", {"limit": 1})
        # Once before, since sending it again makes good what was lost.
        self.journal.look_into(self._database)
        await self.journal.send_again(clients, writes)
        self.journal.look_into(self._database)

    async def _kill_soon(self, server: Server) -> None:
        await self.journal.grown_by(self._random.randint(self._answers_per_kill, self._answers_per_kill * 3 // 2))
        # The moment after an answer is not any moment.
        await asyncio.sleep(self._random.uniform(0, _DELAY_SECONDS_MAX))
        server.kill()
