"""The whole ledger against a small model of it: any calls, in any order, by several callers in two processes."""

import operator

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runtally.domain.limits import COUNT_MAX
from tests.contract.ledger_model import STALE_AFTER_US
from tests.contract.modelled_ledger import SECOND, SLOW_BY_US, ModelledLedger
from tests.door import BOUND, BOUND_TO_TWO, UNBOUND, Answer, an_id

NOBODYS = an_id(404)

# Few values, so that calls meet: the same ids, the same content, equal counts.
PROCESS = st.sampled_from([0, 1])
CALLER = st.sampled_from(
    [(BOUND, None)] * 10
    + [(BOUND_TO_TWO, None), (BOUND_TO_TWO, "beta"), (UNBOUND, None), (UNBOUND, "alpha"), (UNBOUND, "beta")]
    + [(BOUND, "alpha"), (BOUND, "beta")]
)
WHO = st.tuples(PROCESS, CALLER)
WHICH = st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5])
KEY = st.sampled_from(["k1", "k2"])
SAID: list[Answer] = [
    {},
    {"input_tokens": 100},
    {"input_tokens": 20, "llm_calls": 2},
    {"input_tokens": 20, "cost_usd": 0.25},
    {"output_tokens": 20},
    {"input_tokens": 100, "output_tokens": 20, "cost_usd": 0.5},
    {"total_tokens": 200},
    {"total_tokens": COUNT_MAX},
    {"input_tokens": 5, "total_tokens": 20},
    {"input_tokens": 0, "cache_read_tokens": 0},
    {"input_tokens": 100, "cache_read_tokens": 5},
    {"output_tokens": 100, "reasoning_tokens": 5, "llm_calls": 1},
    {"llm_calls": 3},
    {"cost_usd": 0.0},
    {"cost_usd": 3.0},
    {"model": "m-1"},
    {"prompt_preview": "Find the leak"},
]
USAGE = st.sampled_from(SAID) | st.builds(operator.or_, st.sampled_from(SAID), st.sampled_from(SAID))
TRACES = st.lists(
    st.sampled_from(
        [
            {"name": "plan", "span_id": "s1", "input_tokens": 20, "model": "m-1"},
            {"name": "plan", "span_id": "s1", "input_tokens": 5, "model": "m-1"},
            {"name": "grep", "span_id": "s2"},
            {"name": "grep", "cost_usd": 0.25},
            {"name": "answer", "span_id": "s3", "input_tokens": 5, "cost_usd": 0.25, "model": "m-2"},
            {"name": "answer", "span_id": "s4", "output_tokens": 100, "model": "m-2"},
            {"name": "answer", "input_tokens": 20},
        ]
    ),
    max_size=3,
)
REPORT = st.fixed_dictionaries({"token_usage": USAGE}, optional={"traces": TRACES, "idempotency_key": KEY})
# Final totals: some that are just what the reports came to, and some more.
FINAL = st.tuples(
    st.sampled_from([(), ("input_tokens", "output_tokens", "total_tokens"), ("input_tokens",), ("cost_usd",)]),
    st.sampled_from([{}, {"llm_calls": 3}, {"cost_usd": 3.0}, {"input_tokens": 100, "llm_calls": 3}]) | USAGE,
)
START = st.fixed_dictionaries(
    {},
    optional={
        "agent_id": st.sampled_from(["coder", "reviewer"]),
        "label": st.just("bugfix"),
        "summary": st.sampled_from(["Find the leak", "Add paging"]),
        "idempotency_key": KEY,
    },
)
END = st.fixed_dictionaries(
    {"status": st.sampled_from(["completed", "partial", "failed", "interrupted"])},
    optional={"summary": st.just("Closed it"), "traces": TRACES},
)
FAILURE = st.fixed_dictionaries(
    {"summary": st.sampled_from(["It broke", "Gave up"])},
    optional={"error": st.sampled_from(["timeout after 30 s", "Timeout after 9 s"]), "idempotency_key": KEY},
)
RECORD = st.fixed_dictionaries(
    {"agent": st.just("coder"), "summary": st.sampled_from(["Fixed it", "Moved it"])},
    optional={"ticket": st.just("LEAK-1"), "idempotency_key": KEY},
)
CALL = st.sampled_from(
    [
        {"tool": "search"},
        {"tool": "search", "span_id": "s1"},
        {"tool": "fetch", "span_id": "s1"},
        {"tool": "search", "span_id": "s1", "server": "docs"},
        {"tool": "search", "span_id": "s1", "server": "docs", "session_id": "1"},
        {"tool": "search", "span_id": "s1", "server": "docs/1"},
        {"tool": "search", "span_id": "s2", "error": "timeout"},
    ]
)
FILTERS = st.fixed_dictionaries(
    {"limit": st.integers(1, 3)},
    optional={
        "status": st.sampled_from(["running", "completed", "interrupted"]),
        "agent": st.just("coder"),
        "label": st.just("bugfix"),
        "query": st.sampled_from(["LEAK", "it"]),
        "parent_run_id": st.just(an_id(1)),
    },
)
CHANGE = st.tuples(st.sampled_from(["none", "none", "less", "more", "other"]), st.integers(0, 9))


class LedgerMachine(RuleBasedStateMachine):
    """Plays calls on the ledger and its model."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = ModelledLedger()
        self.sent = []

    def teardown(self) -> None:
        try:
            self.ledger.check_with_doctor()
        finally:
            self.ledger.close()

    @initialize()
    def begins(self):
        for run_id in (an_id(1), an_id(2), an_id(3)):
            self.send(self.ledger.start, (0, (BOUND, None)), {"run_id": run_id, "summary": "Find the leak"})
        self.send(self.ledger.start, (0, (BOUND_TO_TWO, "beta")), {"run_id": an_id(4)})

    @rule(who=WHO, arguments=START, which=st.none() | WHICH, parent=st.none() | WHICH)
    def starts(self, who, arguments, which, parent):
        run_id = {} if which is None else self.run_id(which) if which else {"run_id": an_id(1)}
        parent_run_id = {} if parent is None else {"parent_run_id": self.run_id(parent)["run_id"]}
        self.send(self.ledger.start, who, arguments | run_id | parent_run_id)

    @rule(who=WHO, which=WHICH, arguments=REPORT)
    def reports(self, who, which, arguments):
        self.send(self.ledger.report, who, arguments | self.run_id(which))

    @rule(who=WHO, which=WHICH, arguments=REPORT, report=WHICH)
    def corrects(self, who, which, arguments, report):
        run = self.run_id(which)
        self.send(self.ledger.report, who, arguments | run | self.report_of(run, report))

    @rule(who=WHO, which=WHICH, arguments=END, final=st.none() | FINAL)
    def ends(self, who, which, arguments, final):
        run = self.run_id(which)
        self.send(self.ledger.end, who, arguments | run | self.final_totals(run, final))

    @rule(
        processes=st.tuples(PROCESS, PROCESS),
        start=START,
        names_itself=st.booleans(),
        reports=st.lists(REPORT, min_size=1, max_size=3),
        end=END,
        final=FINAL,
        again=st.tuples(CHANGE, CHANGE),
        late=st.lists(REPORT, min_size=1, max_size=2),
        corrections=st.lists(st.tuples(REPORT, WHICH), min_size=1, max_size=3),
    )
    def works_from_start_to_end(self, processes, start, names_itself, reports, end, final, again, late, corrections):
        """The common story, which single calls rarely come to."""
        at_work, at_end = ((process, (BOUND, None)) for process in processes)
        own_id = {"run_id": an_id(1000 + len(self.ledger.run_ids))} if names_itself else {}
        self.send(self.ledger.start, at_work, start | own_id)
        run = {"run_id": self.ledger.run_ids[-1]}
        self.ledger.clock.advance(seconds=1)
        self.sends_again(at_work, again[0])
        for arguments in reports:
            self.send(self.ledger.report, at_work, arguments | run)
        self.send(self.ledger.end, at_end, end | run | self.final_totals(run, final))
        self.sends_again(at_end, again[1])
        for arguments in late:
            self.send(self.ledger.report, at_end, arguments | run)
        for arguments, report in corrections:
            self.send(self.ledger.report, at_work, arguments | run | self.report_of(run, report))

    @rule(
        looker=PROCESS,
        process=PROCESS,
        silent_for=st.sampled_from([STALE_AFTER_US, STALE_AFTER_US + 1, STALE_AFTER_US + SLOW_BY_US + 1]),
    )
    def comes_back_after_a_long_silence(self, looker, process, silent_for):
        """With an end, a report and a failure, each to a run of its own."""
        who = (process, (BOUND, None))
        runs = []
        for _ in range(3):
            self.send(self.ledger.start, (0, (BOUND, None)), {})
            runs.append({"run_id": self.ledger.run_ids[-1]})
        self.ledger.clock.advance(micros=silent_for)
        self.ledger.look((looker, (BOUND, None)), runs[0])
        self.send(self.ledger.end, who, runs[0] | {"status": "partial"})
        self.send(self.ledger.report, who, runs[1] | {"token_usage": {"input_tokens": 5}})
        self.send(self.ledger.fail, who, runs[2] | {"summary": "It broke"})

    @rule(
        caller=CALLER, which=st.none() | WHICH, failures=st.lists(st.tuples(PROCESS, FAILURE), min_size=1, max_size=4)
    )
    def fails(self, caller, which, failures):
        run = {} if which is None else self.run_id(which)
        for process, arguments in failures:
            self.send(self.ledger.fail, (process, caller), arguments | run)

    @rule(who=WHO, arguments=RECORD)
    def records(self, who, arguments):
        self.send(self.ledger.record, who, arguments)

    @rule(who=WHO, calls=st.lists(CALL, min_size=1, max_size=5))
    def tracks(self, who, calls):
        for arguments in calls:
            self.send(self.ledger.track, who, arguments)

    @precondition(lambda self: self.sent)
    @rule(who=WHO, change=CHANGE, back=WHICH)
    def sends_again(self, who, change, back=0):
        """One of the last calls: the same, or with something left out, added or changed."""
        how, which = change
        call, arguments = self.sent[-1 - back % len(self.sent)]
        required = ("run_id", "status", "summary", "agent", "tool", "corrects", "idempotency_key")
        optional = [name for name in sorted(arguments) if name not in required]
        if how == "less" and optional:
            name = optional[which % len(optional)]
            arguments = {**arguments, name: {}} if name == "token_usage" else without(arguments, name)
        elif how == "more" and "token_usage" in arguments:
            arguments = arguments | {"token_usage": {"llm_calls": 7} | arguments["token_usage"]}
        elif how == "other":
            name = next((one for one in ("status", "tool", "token_usage") if one in arguments), "summary")
            others = {"status": "failed", "token_usage": {"input_tokens": 7}}
            arguments = arguments | {name: others.get(name, "Another")}
        self.send(call, who, arguments)

    @rule(by=st.sampled_from([SECOND, 3600 * SECOND, STALE_AFTER_US, STALE_AFTER_US + 1, -20 * SECOND]))
    def time_goes_by(self, by):
        self.ledger.clock.advance(micros=by)

    @rule(who=WHO, which=WHICH)
    def looks(self, who, which):
        self.ledger.look(who, self.run_id(which))

    @rule(who=WHO, filters=FILTERS, since=st.none() | WHICH)
    def lists(self, who, filters, since):
        self.ledger.list_runs(who, filters, since)

    @invariant()
    def the_ledger_is_what_the_model_says(self):
        self.ledger.check_all()

    def send(self, call, who, arguments):
        self.sent.append((call, arguments))
        call(who, arguments)

    def run_id(self, which: int) -> Answer:
        """One of the ids that were ever used, those of running runs first."""
        running = {run.run_id for run in self.ledger.runs.values() if run.status == "running"}
        known = sorted(self.ledger.run_ids, key=lambda run_id: run_id not in running)
        return {"run_id": known[which % len(known)]}

    def report_of(self, run: Answer, which: int) -> Answer:
        """One of the run's reports, corrected ones and what its final totals added included, or one that is not its."""
        rows = self.ledger.file.rows().get("usage_reports", [])
        own = dict.fromkeys(row["report_id"] for row in rows if row["run_id"] == run["run_id"])
        others = [row["report_id"] for row in rows if row["run_id"] != run["run_id"]]
        known = [*own, NOBODYS, *others[:1]]
        return {"corrects": known[which % len(known)]}

    def final_totals(self, run: Answer, final: tuple[tuple[str, ...], Answer] | None) -> Answer:
        """As drawn, and for the rest some that are just what the run's reports came to."""
        if final is None:
            return {}
        stands = self.ledger.runs.get(("alpha", run["run_id"]))
        before = {} if stands is None else stands.before_end
        return {"token_usage": {name: before[name] for name in final[0] if name in before} | final[1]}


def without(arguments: Answer, name: str) -> Answer:
    return {other: value for other, value in arguments.items() if other != name}


def test_whatever_is_called_in_whatever_order_the_ledger_is_what_the_model_says():
    run_state_machine_as_test(LedgerMachine, settings=settings(max_examples=100, stateful_step_count=14))
