"""A ledger in two processes on one file, and the model of it: each call is made of both, and must come to the same."""

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from runtally import pricing
from runtally.domain.caller import Caller
from runtally.domain.clock import Clock, rfc3339
from runtally.domain.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from runtally.domain.limits import COUNT_MAX
from runtally.redaction import Redactor
from runtally.service.entry import Entry
from runtally.service.ledger import Ledger
from runtally.storage import queries
from tests.conftest import SqliteFile
from tests.contract import ledger_model as model
from tests.contract.ledger_model import STALE_AFTER_US, Problems, Run
from tests.contract.usages import sum_of_ledger
from tests.door import Answer, CountingClock, CountingIds, Door, Rows

SECOND = 1_000_000
SLOW_BY_US = 30 * SECOND
"""How much the clock of the second process is slow."""

Who = tuple[int, tuple[Caller, str | None]]
"""By which process, for which caller, and the project that is named."""


class ModelledLedger:
    """Calls the ledger as the model says that it may be called, and holds every answer against the model."""

    def __init__(self) -> None:
        self.loop = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.file = SqliteFile(Path(self.folder.name))
        self.clock = CountingClock()
        self.clocks: tuple[Clock, Clock] = (self.clock, lambda: self.clock.now_us - SLOW_BY_US)
        self.databases = [self.file.open(self.clock) for _ in self.clocks]
        self.processes = [
            Door(Ledger(database, entry_of(clock, first_id)), self.file)
            for database, clock, first_id in zip(self.databases, self.clocks, (1, 1_000_000), strict=True)
        ]
        self.runs: dict[tuple[str, str], Run] = {}
        self.run_ids: list[str] = []
        self.groups: dict[tuple[str, str], list[int]] = {}
        self.tracked: list[tuple[str, Answer]] = []
        self.receipts: dict[tuple[str | None, str, Any], tuple[Answer, Answer]] = {}

    def close(self) -> None:
        """Let go of the file, and of everything in it."""
        for database in self.databases:
            self.wait(database.close())
        self.loop.close()
        self.folder.cleanup()

    def start(self, who: Who, arguments: Answer) -> None:
        project, problems = self.project_of(who)
        run_id, parent = arguments.get("run_id"), arguments.get("parent_run_id")
        stands = self.runs.get((project, run_id))
        if parent is not None and (parent == run_id or (project, parent) not in self.runs):
            problems |= {NotFound if parent != run_id else InvalidInput}
        if stands is not None and stands.started_by != model.flat(arguments):
            problems |= {Conflict}
        now = self.now(who)
        started_by = None if run_id is None else model.flat(arguments)
        run = stands or Run(project, run_id, now, now, arguments, started_by, summary=arguments.get("summary"))
        unchanging = stands is not None and "idempotency_key" not in arguments
        answer = self.call(who, project, "core_start_run", arguments, problems, unchanging=unchanging)
        if answer is None:
            return
        assert (answer["created"], answer["status"]) == (stands is None, run.status)
        assert (answer["started_at"], answer.get("totals", {})) == (rfc3339(run.started_at), run.totals)
        self.keep(run, answer["run_id"])

    def report(self, who: Who, arguments: Answer) -> None:
        project, problems = self.project_having(who, arguments)
        run, run_problems = self.trial(project, arguments)
        traces, corrects = arguments.get("traces", []), arguments.get("corrects")
        earlier = run.reports.get(corrects)
        if corrects is not None and (earlier is None or not earlier.stands):
            is_known = earlier is not None or corrects in self.final_reports(project, run.run_id)
            run_problems |= {Conflict if is_known else NotFound}
        told = run.give_sign_of_life(self.now(who))
        new = run.new_among(traces)
        run.steps += [model.Step(trace, "late" in told) for trace in new]
        said = model.reported(arguments["token_usage"], new if corrects is None else traces)
        late = "late" in told if earlier is None else earlier.late
        if not late:
            told.pop("late", None)
        if earlier is not None:
            earlier.stands, said = False, said or {}
        if said is not None:
            run.reports["new"] = model.Report(said, late)
        answer = self.call(who, project, "core_report_usage", arguments, problems | run_problems | too_much(run))
        if answer is None:
            return
        assert answer.get("totals", {}) == run.totals
        assert answer.items() >= told.items()
        assert answer.keys() >= {"report_id"} or said is None
        assert not answer.keys() & ({"late", "reopened"} - told.keys())
        assert answer.get("spans_recorded", 0) == len(new)
        if said is not None:
            run.reports[answer["report_id"]] = run.reports.pop("new")
        self.keep(run)

    def end(self, who: Who, arguments: Answer) -> None:
        project, problems = self.project_having(who, arguments)
        run, run_problems = self.trial(project, arguments)
        if run.is_final:
            before, now = run.end or {}, model.flat(arguments)
            if not problems and run.end_answer and all(before.get(name) == value for name, value in now.items()):
                again = self.call(who, project, "core_end_run", arguments, set(), unchanging=True)
                assert again == run.end_answer | {"duplicate": True}
            else:
                self.call(who, project, "core_end_run", arguments, problems | {Conflict})
            return
        final, new = arguments.get("token_usage", {}), run.new_among(arguments.get("traces", []))
        covered = {"cost_usd": 0.0} if "cost_usd" in final else {}
        counted = any(model.counts_tokens(trace) or "cost_usd" in trace for trace in new)
        said = model.reported(covered, new) if counted and not model.counts_tokens(final) else None
        run.steps += [model.Step(trace, late=False) for trace in new]
        if said is not None:
            run.reports["new"] = model.Report(said, late=False)
        before = run.before_end
        run.final = final
        replaced = run.ended_by
        run.status, run.ended_by, run.end = arguments["status"], "agent", model.flat(arguments)
        run.ended_at = run.last_seen_at = max(run.last_seen_at, self.now(who))
        run.summary = arguments.get("summary", run.summary)
        answer = self.call(who, project, "core_end_run", arguments, problems | run_problems | too_much(run))
        if answer is None:
            return
        counts = model.counts_of(final)
        added = {name: run.with_final[name] - before.get(name, 0) for name in counts}
        assert answer.get("adjustment") == (added if run.has_final_report else None)
        assert answer.get("replaced") == replaced
        assert ("warning" in answer) == any(counts[name] < before.get(name, 0) for name in counts if name in final)
        assert (answer["status"], answer["ended_at"]) == (run.status, rfc3339(run.ended_at))
        assert answer["duration_ms"] == (run.ended_at - run.started_at) // 1000
        assert (answer.get("totals", {}), answer.get("spans_recorded", 0)) == (run.totals, len(new))
        if said is not None:
            rows = [row for row in self.rows_of(run)["usage_reports"] if row["source"] == "report"]
            (report_id,) = {row["report_id"] for row in rows} - run.reports.keys()
            run.reports[report_id] = run.reports.pop("new")
        run.end_answer = answer
        self.keep(run)

    def fail(self, who: Who, arguments: Answer) -> None:
        run, told, now = None, {}, self.now(who)
        if "run_id" in arguments:
            project, problems = self.project_having(who, arguments)
            run, run_problems = self.trial(project, arguments)
            problems |= run_problems
            told = run.give_sign_of_life(now)
            run.failures_late.append("late" in told)
            told |= {"totals": run.totals} if run.totals else {}
        else:
            project, problems = self.project_of(who)
        answer = self.call(who, project, "core_record_failure", arguments, problems)
        if answer is None:
            return
        kind = arguments.get("error", arguments["summary"]).lower().rstrip(" s0123456789")
        seen = self.groups.setdefault((project, kind), [])
        assert answer.get("previous_seen_at") == (rfc3339(max(seen)) if seen else None)
        seen.append(now)
        assert (answer["seen"], answer["first_seen_at"]) == (len(seen), rfc3339(seen[0]))
        of_the_run = ("status", "late", "reopened", "totals")
        assert {name: answer[name] for name in of_the_run if name in answer} == told
        if run is not None:
            self.keep(run)

    def record(self, who: Who, arguments: Answer) -> None:
        project, problems = self.project_of(who)
        answer = self.call(who, project, "record_run", arguments, problems)
        if answer is not None:
            now, run_id = self.now(who), answer["run_id"]
            run = Run(project, run_id, now, now, arguments, None, "completed", "record", now, arguments["summary"])
            self.keep(run, run_id)

    def track(self, who: Who, arguments: Answer) -> None:
        project, problems = self.project_of(who)
        place = {name: arguments.get(name) for name in ("span_id", "server", "session_id")}
        earlier = [
            call
            for where, call in self.tracked
            if where == project and place == {name: call.get(name) for name in place} and "span_id" in arguments
        ]
        if earlier and earlier[0] != arguments:
            problems |= {Conflict}
        answer = self.call(who, project, "track_mcp", arguments, problems, unchanging=bool(earlier))
        if answer is None:
            return
        assert answer["status"] == ("error" if "error" in arguments else "ok")
        assert answer.get("duplicate", False) == bool(earlier)
        if not earlier:
            self.tracked.append((project, arguments))

    def look(self, who: Who, arguments: Answer) -> None:
        """At a run, all of its steps included, a few at a time."""
        arguments = arguments | {"detail": "spans", "max_chars": 2_500}
        project, problems = self.project_having(who, arguments)
        run = self.runs.get((project, arguments["run_id"]))
        if run is None:
            self.call(who, project, "get_run", arguments, problems | {NotFound})
            return
        self.sweep(who, project)
        pages = self.pages(who, project, "get_run", arguments)
        assert pages[0]["run"].items() >= run.shown.items()
        assert not pages[0]["run"].keys() & ({"ended_at", "ended_by", "stale"} - run.shown.keys())
        steps = [span for page in pages for span in page["spans"]]
        assert [(span["name"], span.get("late", False)) for span in steps] == [
            (one.trace["name"], one.late) for one in run.steps
        ]
        assert [span["position"] for span in steps] == list(range(1, len(steps) + 1))

    def list_runs(self, who: Who, filters: Answer, since: int | None) -> None:
        project, problems = self.project_of(who)
        if problems:
            self.call(who, project, "list_runs", filters, problems)
            return
        earliest = 0 if since is None else self.now(who) - since * SECOND
        filters = filters | ({} if since is None else {"since": rfc3339(earliest)})
        self.sweep(who, project)
        found = [run for page in self.pages(who, project, "list_runs", filters) for run in page["runs"]]
        own = [run for run in self.runs.values() if run.project_key == project and run.started_at >= earliest]
        wanted = [run for run in own if matches(run, filters)]
        newest = sorted(wanted, key=lambda run: (run.started_at, run.run_id), reverse=True)
        assert [run["run_id"] for run in found] == [run.run_id for run in newest]
        assert all(row.items() >= run.row.items() for row, run in zip(found, newest, strict=True))

    def check_all(self) -> None:
        """What is stored is what the model says, in every project."""
        rows = self.file.rows()
        assert {(row["project_key"], row["run_id"]) for row in rows.get("runs", [])} == self.runs.keys()
        for run in self.runs.values():
            self.check(run, self.rows_of(run, rows))
        groups = [(row["project_key"], row["seen"], row["last_seen_at"]) for row in rows.get("failure_groups", [])]
        assert sorted(groups) == sorted((project, len(seen), max(seen)) for (project, _), seen in self.groups.items())
        runless = sorted((row["project_key"], row["name"]) for row in rows.get("spans", []) if row["run_id"] is None)
        assert runless == sorted((project, call["tool"]) for project, call in self.tracked)

    def check_with_doctor(self) -> None:
        """What `runtally doctor` says of the totals."""
        with closing(sqlite3.connect(Path(self.folder.name) / "ledger.db")) as connection:
            assert connection.execute(queries.load()["count_wrong_totals"].sql({})).fetchone() == (0,)

    def check(self, run: Run, rows: Rows) -> None:
        (row,) = rows["runs"]
        totals = sum_of_ledger(SimpleNamespace(rows=lambda: rows), run.run_id)
        assert totals == run.totals
        assert totals.get("total_tokens", 0) >= totals.get("input_tokens", 0) + totals.get("output_tokens", 0)
        life = ("status", "ended_by", "summary", "started_at", "last_seen_at", "ended_at")
        assert {name: row[name] for name in life} == {name: getattr(run, name) for name in life}
        reports = {one["report_id"]: bool(one["late"]) for one in rows["usage_reports"] if one["source"] == "report"}
        assert reports == {report_id: report.late for report_id, report in run.reports.items()}
        steps = [(one["name"], bool(one["late"])) for one in sorted(rows["spans"], key=lambda one: one["position"])]
        assert steps == [(step.trace["name"], step.late) for step in run.steps]
        assert (row["span_count"], row["failure_count"]) == (len(steps), len(rows["failures"]))
        assert sorted(bool(one["late"]) for one in rows["failures"]) == sorted(run.failures_late)

    def call(
        self,
        who: Who,
        project: str | None,
        tool: str,
        arguments: Answer,
        problems: Problems,
        *,
        unchanging: bool = False,
    ) -> Answer | None:
        """The answer of a call that must be done; any other is refused, or a repetition, and changes nothing."""
        process, (caller, named) = who
        door = self.processes[process].by(caller)
        sent = arguments if named is None else arguments | {"project_key": named}
        key = (project, tool, arguments.get("idempotency_key"))
        earlier = self.receipts.get(key)
        if earlier is not None and earlier[0] == model.flat(arguments):
            again = self.wait(door.unchanging(tool, **sent))
            assert again == earlier[1] | {"duplicate": True}
            return None
        if earlier is not None:
            problems = problems | {Conflict}
        if problems:
            assert type(self.wait(door.refused(tool, **sent))) in problems
            return None
        answer = self.wait(door.unchanging(tool, **sent) if unchanging else door(tool, **sent))
        assert answer["project_key"] == project
        if key[2] is not None:
            self.receipts[key] = (model.flat(arguments), answer)
        return answer

    def pages(self, who: Who, project: str, tool: str, arguments: Answer) -> list[Answer]:
        pages = [self.call(who, project, tool, arguments, set())]
        cursors: list[str] = []
        while "next_cursor" in pages[-1]:
            cursors.append(pages[-1]["next_cursor"])
            assert len(set(cursors)) == len(cursors), "a page leads back to one that was read"
            pages.append(self.call(who, project, tool, arguments | {"cursor": cursors[-1]}, set()))
        return pages

    def wait(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.get_loop().run_until_complete(call)

    def project_of(self, who: Who) -> tuple[str | None, Problems]:
        return either(model.project_of(*who[1]))

    def project_having(self, who: Who, arguments: Answer) -> tuple[str | None, Problems]:
        having = [project for project, run_id in self.runs if run_id == arguments["run_id"]]
        return either(model.project_having(*who[1], having))

    def trial(self, project: str | None, arguments: Answer) -> tuple[Run, Problems]:
        """A copy of the run, or an empty run where there is none; and what speaks against a call about it."""
        run = self.runs.get((project, arguments["run_id"]))
        if run is None:
            return Run("", "", 0, 0, {}), {NotFound}
        return run.copy(), run.problems_of(arguments.get("traces", []), of_a_correction="corrects" in arguments)

    def keep(self, run: Run, run_id: str | None = None) -> None:
        run.run_id = run_id or run.run_id
        self.runs[run.project_key, run.run_id] = run
        if run.run_id not in self.run_ids:
            self.run_ids.append(run.run_id)

    def sweep(self, who: Who, project: str) -> None:
        for run in self.runs.values():
            if run.project_key == project:
                run.sweep(self.now(who))

    def now(self, who: Who) -> int:
        return self.clocks[who[0]]()

    def rows_of(self, run: Run, rows: Rows | None = None) -> Rows:
        found = self.file.rows() if rows is None else rows
        return {
            table: [
                row
                for row in found.get(table, [])
                if (row["project_key"], row["run_id"]) == (run.project_key, run.run_id)
            ]
            for table in ("runs", "usage_reports", "spans", "failures")
        }

    def final_reports(self, project: str | None, run_id: str) -> set[str]:
        rows = self.file.rows(project).get("usage_reports", [])
        return {row["report_id"] for row in rows if row["run_id"] == run_id and row["source"] == "final"}


def entry_of(clock: Clock, first_id: int) -> Entry:
    stale_after_seconds = STALE_AFTER_US // SECOND
    new_id = CountingIds(first_id)
    return Entry(clock=clock, new_id=new_id, pricer=pricing, redactor=Redactor, stale_after_seconds=stale_after_seconds)


def either(found: str | Problems) -> tuple[str | None, Problems]:
    return (found, set()) if isinstance(found, str) else (None, found)


def too_much(run: Run) -> Problems:
    return {LimitExceeded} if any(count > COUNT_MAX for count in run.totals.values()) else set()


def matches(run: Run, filters: Answer) -> bool:
    said = run.said
    texts = (run.summary, said.get("summary"), said.get("ticket"))
    facts = {
        "status": run.status,
        "agent": said.get("agent_id", said.get("agent")),
        "label": said.get("label"),
        "parent_run_id": said.get("parent_run_id"),
    }
    found = any(filters.get("query", "").lower() in text.lower() for text in texts if text is not None)
    return all(filters.get(name, fact) == fact for name, fact in facts.items()) and (found or "query" not in filters)
