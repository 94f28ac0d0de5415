"""A project sees only itself: through every method of the store, every tool and every query."""

import inspect
import re
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from runtally.domain.caller import NOWHERE, Caller
from runtally.domain.fields import content
from runtally.domain.models import Failure, Run, Span, Totals
from runtally.domain.ports import (
    Database,
    Failures,
    KnownKeys,
    Problems,
    Projects,
    Receipts,
    Runs,
    Spans,
    Store,
    Usage,
)
from runtally.domain.records import (
    Addition,
    Receipt,
    RunEnd,
    RunFilter,
    RunStart,
    Spent,
    StoredSpan,
    UsageEntry,
    UsageReport,
)
from runtally.domain.usage import Counts
from runtally.mcp_server.tools.registry import TOOLS
from runtally.service.failures import fingerprint
from runtally.storage import queries
from tests.contract.minimal import MINIMAL, RUN
from tests.door import BOUND_TO_TWO, START, UNBOUND, Answer, CountingClock, Door, LedgerDatabase, Rows, an_id

pytestmark = pytest.mark.anyio

SPAN, KEY, REPORT, FAILURE = "step-1", "a" * 32, an_id(2), an_id(3)
ENDED, SWEPT, KEPT_REPORT = an_id(4), an_id(5), an_id(6)
ERROR = "ETIMEDOUT"
FINGERPRINT = fingerprint(None, ERROR, "")
LATER = START + 10**15
STRANGER = Caller(("beta", "gamma"), "beta")
"""A caller that may use everything but alpha."""


@pytest.fixture
async def alpha(door: Door, opened: Database, database: LedgerDatabase, clock: CountingClock) -> Rows:
    """What project alpha keeps: rows of every kind. Project beta has only a run of the same id."""
    await door("core_start_run", run_id=SWEPT)
    await door("core_start_run", run_id=ENDED)
    await door("core_end_run", run_id=ENDED, status="completed", token_usage={"input_tokens": 4})
    clock.advance(hours=7)
    await door("list_runs")
    clock.advance(hours=-7)
    await door("core_start_run", run_id=RUN, agent_id="coder", meta_json={"a": 1}, input="secret plan")
    await door(
        "core_report_usage",
        run_id=RUN,
        token_usage={"input_tokens": 10},
        traces=[{"span_id": SPAN, "name": "grep", "output": "found"}],
        idempotency_key=KEY,
    )
    await door("core_record_failure", run_id=RUN, summary="It broke", error=ERROR)
    await door.by(BOUND_TO_TWO)("core_start_run", project_key="beta", run_id=RUN)
    kept = a_report()._replace(report_id=KEPT_REPORT)
    await opened.write(lambda store: store.usage.insert("alpha", RUN, kept))
    await opened.write(lambda store: store.receipts.insert("alpha", "kept", KEY, Receipt({}, "{}", 1, START)))
    return database.rows("alpha")


def a_run(project_key: str) -> Run:
    return Run(run_id=RUN, status="running", started_at=START, last_seen_at=START)


def a_report() -> UsageReport:
    return UsageReport(REPORT, START, [UsageEntry(Spent(Counts(input_tokens=5, total_tokens=5)), "unpriced")])


def a_span() -> StoredSpan:
    span = Span(span_id=SPAN, run_id=RUN, position=1, kind="tool", name="sed", status="ok", recorded_at=START)
    return StoredSpan(f"run:{RUN}", span, output=content("other"))


def a_failure() -> Failure:
    return Failure(failure_id=FAILURE, run_id=RUN, recorded_at=START, fingerprint=FINGERPRINT, summary="Mine")


Use = Callable[[Store, str], Any]

SEES: dict[str, tuple[Use, Any]] = {
    "runs.insert": (lambda store, project: store.runs.insert(project, a_run(project), RunStart()), True),
    "runs.find": (lambda store, project: store.runs.find(project, RUN), None),
    "runs.lock": (lambda store, project: store.runs.lock(project, RUN), None),
    "runs.find_meta": (lambda store, project: store.runs.find_meta(project, RUN), None),
    "runs.find_final_usage": (lambda store, project: store.runs.find_final_usage(project, ENDED), None),
    "runs.add": (lambda store, project: store.runs.add(project, RUN, Addition(now=LATER)), None),
    "runs.add_up": (lambda store, project: store.runs.add_up(project, RUN), None),
    "runs.list_unpriced_calls": (lambda store, project: list(store.runs.list_unpriced_calls(project, "", 9)), []),
    "runs.reopen": (lambda store, project: store.runs.reopen(project, SWEPT), False),
    "runs.end": (lambda store, project: store.runs.end(project, RUN, RunEnd("failed", LATER, "Taken")), False),
    "runs.has_stale": (lambda store, project: store.runs.has_stale(project, LATER), False),
    "runs.sweep": (lambda store, project: store.runs.sweep(project, LATER, "swept", 9), 0),
    "runs.list_newest": (lambda store, project: list(store.runs.list_newest(project, RunFilter(), 10)), []),
    "usage.find": (lambda store, project: store.usage.find(project, RUN, KEPT_REPORT), None),
    "usage.list_reported_at": (
        lambda store, project: list(store.usage.list_reported_at(project, RUN, KEPT_REPORT)),
        [],
    ),
    "usage.find_standing": (lambda store, project: store.usage.find_standing(project, RUN, KEPT_REPORT), None),
    "usage.list_unpriced": (lambda store, project: list(store.usage.list_unpriced(project, ENDED)), []),
    "usage.find_final": (lambda store, project: store.usage.find_final(project, ENDED), None),
    "usage.sum_before_end": (lambda store, project: store.usage.sum_before_end(project, RUN), Totals()),
    "spans.find": (lambda store, project: store.spans.find(project, f"run:{RUN}", SPAN), None),
    "spans.list_recorded_at": (lambda store, project: list(store.spans.list_recorded_at(project, RUN, START)), []),
    "spans.list_of_run": (lambda store, project: list(store.spans.list_of_run(project, RUN, 0, 10)), []),
    "receipts.find": (lambda store, project: store.receipts.find(project, "kept", KEY), None),
}
"""What a method answers in a project that has none of alpha's rows."""

ADDS: dict[str, tuple[Use, str]] = {
    "usage.insert": (lambda store, project: store.usage.insert(project, RUN, a_report()), "usage_reports"),
    "spans.insert": (lambda store, project: store.spans.insert(project, [a_span()]), "spans"),
    "failures.insert": (lambda store, project: store.failures.insert(project, a_failure(), NOWHERE), "failures"),
    "receipts.insert": (
        lambda store, project: store.receipts.insert(project, "kept", KEY, Receipt({}, "{}", 1, START)),
        "receipts",
    ),
    "projects.note_write": (lambda store, project: store.projects.note_write(project, LATER), "projects"),
}
"""The table in which a method puts a row of its project, whatever alpha has under the same ids."""

ACROSS = {"projects.having_run", "projects.given_having_run", "projects.list_after"}
"""What looks at several projects: where a `run_id` alone is, of all for an unbound caller and else of the caller's own,
and whom to sweep.
"""
OF_NONE = {"problems.insert", "problems.list_newest", "access_keys.find", "access_keys.was_any_made"}
"""What belongs to no project: refusals, of which neither content nor project is kept, and whether a caller is still let
in.
"""

NOUNS = {
    "runs": Runs,
    "usage": Usage,
    "spans": Spans,
    "failures": Failures,
    "receipts": Receipts,
    "projects": Projects,
    "access_keys": KnownKeys,
    "problems": Problems,
}
METHODS = {
    f"{noun}.{name}": method
    for noun, port in NOUNS.items()
    for name, method in vars(port).items()
    if inspect.isfunction(method) and name[0] != "_"
}


def test_every_method_of_the_store_takes_the_project_first_and_has_a_case_here():
    assert {name for name, value in vars(Store).items() if isinstance(value, property)} == set(NOUNS)
    assert set(METHODS) == SEES.keys() | ADDS.keys() | ACROSS | OF_NONE
    for name in METHODS.keys() - ACROSS - OF_NONE:
        assert list(inspect.signature(METHODS[name]).parameters)[:2] == ["self", "project_key"], name


@pytest.mark.parametrize("method", SEES)
async def test_a_method_of_the_store_neither_sees_nor_changes_another_project(
    alpha: Rows, opened: Database, database: LedgerDatabase, method
):
    use, unseen = SEES[method]
    assert await opened.write(lambda store: use(store, "gamma")) == unseen
    assert database.rows("alpha") == alpha
    assert await opened.write(lambda store: use(store, "alpha")) != unseen, "the case proves nothing"


async def test_a_run_is_looked_for_in_the_projects_that_are_given_and_in_no_other(alpha: Rows, opened: Database):
    for given, having in (
        (["alpha"], ["alpha"]),
        (["gamma", "beta", "alpha"], ["alpha", "beta"]),
        (["gamma", "ALPHA", "alpha' OR 1=1", "%"], []),
        ([], []),
    ):
        assert await opened.read(lambda store, given=given: store.projects.given_having_run(given, RUN, 10)) == having
    assert await opened.read(lambda store: store.projects.given_having_run(["beta", "alpha"], RUN, 1)) == ["alpha"]


@pytest.mark.parametrize("method", ADDS)
async def test_a_method_of_the_store_adds_to_its_own_project_alone(
    alpha: Rows, opened: Database, database: LedgerDatabase, method
):
    use, table = ADDS[method]
    before = database.rows("beta").get(table, [])
    await opened.write(lambda store: use(store, "beta"))
    after = database.rows("beta")[table]
    assert after != before
    assert {row["project_key"] for row in after} == {"beta"}
    assert database.rows("alpha") == alpha


ACTS_ON: dict[str, Callable[[str], Answer] | None] = {
    "core_start_run": lambda run_id: {"parent_run_id": run_id},
    "core_report_usage": lambda run_id: {"run_id": run_id, "token_usage": {"llm_calls": 1}},
    "core_end_run": lambda run_id: {"run_id": run_id, "status": "completed"},
    "core_record_failure": lambda run_id: {"run_id": run_id, "summary": "It broke"},
    "get_run": lambda run_id: {"run_id": run_id},
    "record_run": None,
    "track_mcp": None,
    "list_runs": None,
}
"""How a tool acts on a run; None for those that act on nothing that exists."""


def test_every_tool_has_a_case_here():
    assert {tool.name for tool in TOOLS} == set(ACTS_ON) == set(MINIMAL)


@pytest.mark.parametrize("tool", [name for name, acts in ACTS_ON.items() if acts])
@pytest.mark.parametrize(
    ("caller", "project"),
    [
        (Caller(("gamma",), "gamma"), {}),
        (Caller(("gamma", "delta"), "gamma"), {}),
        (STRANGER, {"project_key": "gamma"}),
        (UNBOUND, {"project_key": "gamma"}),
    ],
    ids=["bound", "bound to two", "narrowed", "unbound"],
)
async def test_anothers_run_and_an_absent_one_get_one_identical_refusal(
    alpha: Rows, door: Door, database: LedgerDatabase, tool, caller, project
):
    acts_on = ACTS_ON[tool]
    assert acts_on is not None
    refusals = []
    for run_id in (RUN, an_id(404)):
        error = await door.by(caller).refused(tool, **acts_on(run_id), **project)
        refusals.append((error.code, error.field, error.message.replace(run_id, "…")))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == "not_found"
    assert database.rows("alpha") == alpha


@pytest.mark.parametrize("tool", MINIMAL)
async def test_anothers_project_and_an_absent_one_get_one_identical_refusal(alpha: Rows, door: Door, tool):
    refusals = []
    for project_key in ("alpha", "nowhere"):
        error = await door.by(STRANGER).refused(tool, **MINIMAL[tool], project_key=project_key)
        refusals.append((error.code, error.field, error.message.replace(project_key, "…")))
    told = "project_key '…' is not one of this caller's projects (beta, gamma); name one of these"
    assert refusals == [("forbidden", "project_key", told)] * 2


async def test_the_same_ids_and_keys_live_in_two_projects_at_once(
    alpha: Rows, door: Door, database: LedgerDatabase, clock: CountingClock
):
    beta = door.by(Caller(("beta",), "beta"))
    clock.advance(seconds=1)
    usage = await beta(
        "core_report_usage",
        run_id=RUN,
        token_usage={"input_tokens": 7},
        traces=[{"span_id": SPAN, "name": "sed"}],
        idempotency_key=KEY,
    )
    assert (usage["totals"]["input_tokens"], usage["spans_recorded"], "duplicate" in usage) == (7, 1, False)
    failure = await beta("core_record_failure", run_id=RUN, summary="It broke", error=ERROR)
    assert (failure["seen"], failure["first_seen_at"]) == (1, "2026-01-01T00:00:01Z")
    assert "duplicate" not in await beta("track_mcp", tool="search", span_id="call-1")
    assert "duplicate" not in await beta("core_end_run", run_id=RUN, status="failed")
    assert database.rows("alpha") == alpha
    assert "duplicate" not in await door("track_mcp", tool="find", span_id="call-1")
    assert "duplicate" not in await door("core_end_run", run_id=RUN, status="completed")
    assert (await door.look(RUN))["status"] == "completed"
    assert [run["status"] for run in (await beta("list_runs"))["runs"]] == ["failed"]
    spans = (await beta("get_run", run_id=RUN, detail="spans"))["spans"]
    assert [span["name"] for span in spans] == ["sed"]


async def test_a_sweep_of_one_project_leaves_the_others(
    alpha: Rows, door: Door, database: LedgerDatabase, clock: CountingClock
):
    clock.advance(hours=7)
    swept = await door.by(Caller(("beta",), "beta"))("list_runs")
    assert [run["status"] for run in swept["runs"]] == ["interrupted"]
    assert database.rows("alpha") == alpha


UNSCOPED = {"access_keys.sql", "migrations.sql", "checkup.sql", "problems.sql"}
"""Callers are made of access keys, migrations are the schema's, a checkup is the file owner's, so that no door runs it,
and problems tell of no project.
"""
UNSCOPED_QUERIES = {"find_projects_having_run", "find_given_projects_having_run", "list_projects", "find_random_key"}
"""What `ACROSS` needs, and the random value that is the whole database's."""


def test_every_query_of_the_ledger_is_scoped_to_one_project():
    texts = {file.name: file.read_text() for file in resources.files("runtally.storage").joinpath("sql").iterdir()}
    assert texts.keys() >= UNSCOPED
    unscoped = {name for file in UNSCOPED for name in re.findall(r"^-- name: (\w+)$", texts[file], re.MULTILINE)}
    unscoped |= UNSCOPED_QUERIES
    scoped = {name: query for name, query in queries.load().items() if name not in unscoped}
    assert len(scoped) >= len(METHODS) - len(ACROSS | OF_NONE)
    for name, query in scoped.items():
        always = " ".join(line for line, needs in query.lines if needs is None)
        read = re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+)\b", always)
        named_here = re.findall(r"\bWITH RECURSIVE (\w+) AS\b", always)
        tables = [table for table in read if table not in named_here]
        inserted = re.findall(r"INSERT INTO \w+ \(\s*project_key,.*?VALUES \(\s*:project_key,", always)
        filtered = re.findall(r"\bproject_key = (?::|\w+\.)project_key\b", always)
        assert tables, name
        assert len(inserted) + len(filtered) == len(tables), f"{name} reaches beyond its project"
