"""The ledger as the asynchronous doors use it: a request goes in, its work is scheduled, an answer comes out."""

from collections.abc import Sequence
from functools import partial

import anyio
import anyio.to_thread

from runtally.domain.caller import NOWHERE, Caller, Origin
from runtally.domain.errors import Unavailable
from runtally.domain.ports import Database
from runtally.service import repricing, sweeping
from runtally.service.entry import AnswerT, Entry, Method, RequestT
from runtally.service.problems import RecentProblems


class Ledger:
    """Schedules what the entry makes of a call in the database."""

    def __init__(self, database: Database, entry: Entry) -> None:
        self._database = database
        self._entry = entry
        self.problems = RecentProblems(database, entry)

    @property
    def stale_after_seconds(self) -> int:
        """After how long without a sign of life a run counts as interrupted."""
        return self._entry.stale_after_seconds

    async def write(
        self, method: Method[RequestT, AnswerT], caller: Caller, request: RequestT, origin: Origin = NOWHERE
    ) -> AnswerT:
        """Do a writing rule; when this returns, what it recorded is stored durably.

        Raises:
            RuntallyError: as the rule says, `NotAllowed`, or `Unavailable`.
        """
        make = partial(self._entry.write, method, caller, request, origin)
        work = await anyio.to_thread.run_sync(make) if self._entry.takes_long(request) else make()
        answer = await self._database.write(work, size_bytes=work.size_bytes)
        work.stored()
        return answer

    async def read(
        self, method: Method[RequestT, AnswerT], caller: Caller, request: RequestT, origin: Origin = NOWHERE
    ) -> AnswerT:
        """Do a reading rule against one snapshot. Runs that a sweep is due for are swept before, if nobody else is
        writing just then; otherwise they are shown as they stand.

        Raises:
            RuntallyError: as the rule says, `NotAllowed`, `Unavailable`, or `LimitExceeded` if it takes too long.
        """
        work = self._entry.read(method, caller, request, origin)
        answer, is_sweep_due = await self._database.read(work, is_lengthy=request.is_lengthy)
        if not is_sweep_due:
            return answer
        try:
            await self._database.write(self._entry.sweep(answer.project_key), wait=False)
        except Unavailable:
            return answer
        return (await self._database.read(work, is_lengthy=request.is_lengthy))[0]

    async def sweep(self, projects: Sequence[str]) -> None:
        """Interrupt every stale run of the projects, in transactions of their own between which others get their turn;
        the write lock is taken only where there is one.

        Raises:
            Unavailable: the database cannot be used.
        """
        for project_key in await self._database.read(self._entry.stale_among(projects)):
            swept = sweeping.RUNS_PER_SWEEP
            while swept == sweeping.RUNS_PER_SWEEP:
                swept = await self._database.write(self._entry.sweep(project_key))
                await anyio.sleep(sweeping.PAUSE_SECONDS)

    async def reprice(self, projects: Sequence[str], since: int, *, records: bool) -> repricing.Repriced:
        """Price what was reported `since` in the projects and had no cost, in transactions of their own between which
        others get their turn; unless it `records`, nothing is written and the answer is what would be.

        Raises:
            Unavailable: the database cannot be used. What was priced until then stays, and the rest can be done again.
        """
        await anyio.to_thread.run_sync(self._entry.load_prices)
        total = repricing.NOTHING
        for project_key in projects:
            after: str | None = ""
            while after is not None:
                page = await self._database.read(self._entry.find_unpriced(project_key, after, since))
                after = page.next_run_id
                for start in range(0, len(page.due), repricing.REPORTS_PER_BATCH):
                    due = page.due[start : start + repricing.REPORTS_PER_BATCH]
                    work = self._entry.reprice(project_key, due, since, records=records)
                    total = total.plus(await (self._database.write(work) if records else self._database.read(work)))
                    await anyio.sleep(sweeping.PAUSE_SECONDS if records else 0)
        return total

    async def projects_after(self, project_key: str, limit: int) -> Sequence[str]:
        """The next projects that were ever written to, in order; the first ones after an empty text.

        Raises:
            Unavailable: the database cannot be used.
        """
        return await self._database.read(lambda store: store.projects.list_after(project_key, limit))

    async def watch(self) -> None:
        """Look after the database until cancelled, also while nobody calls."""
        await self._database.watch()

    async def close(self) -> None:
        """Finish what was begun and let go of the database."""
        await self._database.close()
