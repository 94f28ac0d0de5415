"""The ledger as the asynchronous doors use it: a request goes in, one unit of work is done, an answer comes out."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import anyio
import anyio.to_thread
from pydantic import BaseModel

from runtally.domain.caller import Caller, Origin
from runtally.domain.clock import Clock, IdSource
from runtally.domain.errors import RuntallyError, Unavailable
from runtally.domain.models import Answer
from runtally.domain.ports import Database, Pricer, Store
from runtally.domain.requests import EndRun, ReportUsage
from runtally.service import lookup, runs
from runtally.service.scrub import clip
from runtally.service.unit import Unit

RequestT = TypeVar("RequestT", bound=BaseModel)
AnswerT = TypeVar("AnswerT", bound=Answer)

NOWHERE: Final = Origin()
_SWEEP_SECONDS_MAX: Final = 600
_FIRST_SWEEP_SECONDS: Final = 5
"""Not at once: a host is waiting for its first answer then."""


class Ledger:
    """Runs service methods in the database, with what the composition root gave it."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        new_id: IdSource,
        pricer: Pricer,
        redact: bool,
        stale_after_seconds: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._pricer = pricer
        self._redact = redact
        self._stale_after_seconds = stale_after_seconds
        self._prices_loaded = False
        self._swept: set[str] = set()

    async def write(
        self,
        method: Callable[[Unit, Caller, RequestT], AnswerT],
        caller: Caller,
        request: RequestT,
        origin: Origin = NOWHERE,
    ) -> AnswerT:
        """Do a writing service method; when this returns, what it recorded is stored durably.

        Raises:
            RuntallyError: as the method says, or `Unavailable`.
        """
        if not self._prices_loaded and isinstance(request, ReportUsage | EndRun):
            await self._load_prices()
        clean = clip(request, redact=self._redact)
        return await self._database.write(lambda store: method(self._unit(store, origin), caller, clean))

    async def read(
        self, method: Callable[[Unit, Caller, RequestT], AnswerT], caller: Caller, request: RequestT
    ) -> AnswerT:
        """Do a reading service method against one snapshot, after the stale runs it might show were swept.

        Raises:
            RuntallyError: as the method says, or `Unavailable`.
        """
        projects = caller.projects_to_search(getattr(request, "project_key", None))
        self._swept.update(projects)

        def unless_stale(store: Store) -> tuple[list[str], AnswerT | None]:
            stale = self._stale(store, projects)
            return stale, None if stale else method(self._unit(store, NOWHERE), caller, request)

        stale, answer = await self._database.read(unless_stale)
        if answer is not None:
            return answer
        with contextlib.suppress(Unavailable):  # what cannot be written now can still be read
            await self._interrupt(stale)
        return await self._database.read(lambda store: method(self._unit(store, NOWHERE), caller, request))

    async def sweep(self, projects: Sequence[str]) -> None:
        """Interrupt the stale runs of the projects; the write lock is taken only where there is one.

        Raises:
            Unavailable: the database cannot be used.
        """
        stale = await self._database.read(lambda store: self._stale(store, projects))
        if stale:
            await self._interrupt(stale)

    def _stale(self, store: Store, projects: Sequence[str]) -> list[str]:
        return [project for project in projects if lookup.has_stale_run(self._unit(store, NOWHERE), project)]

    async def _interrupt(self, projects: Sequence[str]) -> None:
        await self._database.write(
            lambda store: [runs.sweep(self._unit(store, NOWHERE), project) for project in projects]
        )

    async def sweep_for_ever(self, projects: Iterable[str]) -> None:
        """Sweep the projects, and every other one that was read since, from time to time; soon for the first time."""
        self._swept.update(projects)
        every_seconds = min(_SWEEP_SECONDS_MAX, self._stale_after_seconds / 10)
        await anyio.sleep(min(_FIRST_SWEEP_SECONDS, every_seconds))
        while True:
            with contextlib.suppress(RuntallyError):  # whoever calls next is told what is wrong
                await self.sweep(sorted(self._swept))
            await anyio.sleep(every_seconds)

    async def close(self) -> None:
        """Finish what was begun and let go of the database."""
        await self._database.close()

    async def _load_prices(self) -> None:
        # Loading takes a tenth of a second: not in the event loop, and above all not under the write lock.
        await anyio.to_thread.run_sync(self._pricer.load)
        self._prices_loaded = True

    def _unit(self, store: Store, origin: Origin) -> Unit:
        return Unit(store, self._clock(), self._new_id, self._pricer, origin, self._stale_after_seconds)
