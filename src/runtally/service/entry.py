"""The one way into the service, for every door: what is done to a call around its rule.

Synchronous, so that a program's worker, a command and the asynchronous ledger all come in here.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from runtally.domain.caller import NOWHERE, Caller, Origin
from runtally.domain.clock import Clock, IdSource, moment_of
from runtally.domain.errors import Code
from runtally.domain.models import Answer
from runtally.domain.ports import Pricer, Store
from runtally.domain.records import Door, Problem
from runtally.domain.requests import EndRun, ReportUsage, Request
from runtally.service import access_keys, problems, repricing, sweeping
from runtally.service.projects import NotedProjects
from runtally.service.receipts import digests_of
from runtally.service.scrub import allowance_of_call, clip, names_to_mark, refuse_secret_project, size_of, with_marks
from runtally.service.unit import Unit

if TYPE_CHECKING:
    from runtally.redaction import Redactor

RequestT = TypeVar("RequestT", bound=Request)
AnswerT = TypeVar("AnswerT", bound=Answer)

Method = Callable[[Unit, Caller, RequestT], AnswerT]
"""A rule: a plain function over a unit of work, who asks and what is asked. It never waits."""

_REDACTED_ON_THE_LOOP_BYTES: Final = 16 * 1024
"""What is redacted in a few milliseconds, whatever it is."""
_NOTHING_ASKED: Final[Mapping[str, bytes]] = {}


class Write(Generic[AnswerT]):
    """A call that is ready to be done: call it with a store, inside a transaction, and `stored` once that is committed.

    It may be done again as a whole where the transaction was not. `size_bytes` is about what it will store.
    """

    __slots__ = ("_do", "_noted", "_projects", "size_bytes")

    def __init__(self, do: Callable[[Store], tuple[AnswerT, int]], projects: NotedProjects, size_bytes: int) -> None:
        self._do = do
        self._projects = projects
        self._noted: tuple[str, int] | None = None
        self.size_bytes = size_bytes

    def __call__(self, store: Store) -> AnswerT:
        answer, now = self._do(store)
        self._noted = None
        if answer.recorded and self._projects.is_due(answer.project_key, now):
            # Last, so that the row that every writer of the project shares is locked as briefly as can be.
            store.projects.note_write(answer.project_key, now)
            self._noted = answer.project_key, now
        return answer

    def stored(self) -> None:
        """Note that what was written is committed."""
        if self._noted is not None:
            self._projects.note(*self._noted)


class Entry:
    """Makes of a call what is done in a transaction, with what the composition root gave it."""

    def __init__(
        self,
        *,
        clock: Clock,
        new_id: IdSource,
        pricer: Pricer,
        redactor: "Callable[[], Redactor] | None",
        stale_after_seconds: int,
    ) -> None:
        # Made for the first call: its patterns are compiled then, not while a host waits for the server to start.
        self._redactor: Callable[[], Redactor | None] = cache(redactor) if redactor else lambda: None
        self._clock = clock
        self._new_id = new_id
        self._pricer = pricer
        self._prices_loaded = False
        self._projects = NotedProjects()
        self.stale_after_seconds = stale_after_seconds

    def takes_long(self, request: Request) -> bool:
        """Whether no event loop should wait for `write`: it has much to redact, or will first load the prices."""
        return self._needs_prices(request) or size_of(request) > _REDACTED_ON_THE_LOOP_BYTES

    def _needs_prices(self, request: Request) -> bool:
        return not self._prices_loaded and isinstance(request, ReportUsage | EndRun)

    def write(
        self, method: Method[RequestT, AnswerT], caller: Caller, request: RequestT, origin: Origin = NOWHERE
    ) -> Write[AnswerT]:
        """The call of a rule that writes: redacted, cut, and knowing what was asked before that. Done, it raises
        `NotAllowed` too if the caller's admission does not hold in its transaction.

        Raises:
            NotAllowed: the caller may not write.
            LimitExceeded: there is too much that looks like secrets.
            InvalidInput: the project_key looks like one.
        """
        caller.require("write")
        if self._needs_prices(request):
            # Not under the write lock.
            self.load_prices()
        asked = digests_of(request) if request.is_repeatable else _NOTHING_ASKED
        clean, named = self._redacted(caller, request, origin)

        def do(store: Store) -> tuple[AnswerT, int]:
            request, origin = named(store)
            unit = self._unit(store, origin, asked)
            _confirm(caller, unit)
            return method(unit, caller, request), unit.now

        return Write(do, self._projects, size_of(clean))

    def read(
        self, method: Method[RequestT, AnswerT], caller: Caller, request: RequestT, origin: Origin = NOWHERE
    ) -> Callable[[Store], tuple[AnswerT, bool]]:
        """The call of a rule that reads. Done, it gives the answer, and whether a sweep of its project is due; or it
        raises `NotAllowed` as a write does.

        Raises:
            NotAllowed: the caller may not read.
            LimitExceeded, InvalidInput: as `write`.
        """
        caller.require("read")
        _, named = self._redacted(caller, request, origin)

        def do(store: Store) -> tuple[AnswerT, bool]:
            request, origin = named(store)
            unit = self._unit(store, origin)
            _confirm(caller, unit)
            answer = method(unit, caller, request)
            return answer, sweeping.has_stale_run(unit, answer.project_key)

        return do

    def sweep(self, project_key: str) -> Callable[[Store], int]:
        """A sweep of a project. Done, it gives how many runs were interrupted."""
        return lambda store: sweeping.sweep(self._unit(store), project_key)

    def stale_among(self, projects: Sequence[str]) -> Callable[[Store], list[str]]:
        """A look at which of the projects a sweep is due in."""
        return lambda store: [one for one in projects if sweeping.has_stale_run(self._unit(store), one)]

    def load_prices(self) -> None:
        """Load the prices now, so that nothing that prices waits for them."""
        self._pricer.load()
        self._prices_loaded = True

    def find_unpriced(self, project_key: str, after: str, since: int) -> Callable[[Store], repricing.Page]:
        """A look for what to reprice in the runs of a project that follow one."""
        return lambda store: repricing.find_due(self._unit(store), project_key, after, since)

    def reprice(
        self, project_key: str, due: Sequence[tuple[str, str]], since: int, *, records: bool
    ) -> Callable[[Store], repricing.Repriced]:
        """A repricing of reports of a project, or what it would come to. The prices must be loaded."""
        return lambda store: repricing.reprice(self._unit(store), project_key, due, since=since, records=records)

    def problem(self, code: Code, door: Door, tool: str, reference: str | None) -> Problem:
        """What is kept of a refusal.

        Raises:
            Unavailable: the clock tells a time that nothing can be recorded at.
        """
        return Problem(self._new_id(), moment_of(self._clock), code, door, tool, reference)

    def keep_problems(self, noted: Sequence[Problem]) -> Callable[[Store], None]:
        """What stores the problems."""
        return lambda store: problems.keep(store, noted)

    def _redacted(
        self, caller: Caller, request: RequestT, origin: Origin
    ) -> tuple[RequestT, Callable[[Store], tuple[RequestT, Origin]]]:
        """The request redacted but for its names, and what gives it and its origin in a transaction: there its secret
        names have marks of the database.
        """
        redactor = self._redactor()
        if redactor is not None and getattr(request, "project_key", None) is None:
            for project in (caller.default,) if caller.default else caller.projects or ():
                refuse_secret_project(project, "a project_key that this caller is bound to", redactor=redactor)
        allowance = None if redactor is None else allowance_of_call()
        clean = clip(request, redactor, allowance)
        names = names_to_mark(clean, origin, redactor, allowance)
        if not names:
            return clean, lambda _: (clean, origin)
        return clean, lambda store: with_marks(clean, origin, names, store.random_key(), redactor)

    def _unit(self, store: Store, origin: Origin = NOWHERE, asked: Mapping[str, bytes] = _NOTHING_ASKED) -> Unit:
        now = moment_of(self._clock)
        return Unit(store, now, self._new_id, self._pricer, origin, asked, self.stale_after_seconds)


def _confirm(caller: Caller, unit: Unit) -> None:
    """Raise `NotAllowed` if what the caller was let in by holds no more, in this very transaction."""
    if caller.admission is not None:
        access_keys.confirm(unit.store.access_keys, caller.admission, unit.now)
