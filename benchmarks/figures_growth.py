"""Figures of growth: the same calls with a thousand runs in the file and with a million, and the slowest of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.calls import Reports, notes, require_stored, stored
from benchmarks.filled import RUNNING, fill
from benchmarks.processes import noop, runtally
from benchmarks.rounds import alternate, median_of_medians, percentile
from benchmarks.scale import Scale
from benchmarks.stdio_client import StdioClient
from benchmarks.table import Goal, Row
from runtally.domain.limits import ANSWER_CHARS_MAX

_WARM_UP_CALLS: Final = 20
Arguments = Iterator[dict[str, Any]]


class Grown:
    """A server over a file that was filled with so many runs."""

    def __init__(self, scratch: Path, runs: int) -> None:
        self.runs = runs
        self.database = scratch / f"{runs}.db"
        self._log = scratch / f"{runs}.log"
        self.run_ids = fill(self.database, runs)
        self.before = stored(self.database)
        self.reports = Reports(self.run_ids[-RUNNING:])

    def client(self) -> StdioClient:
        return StdioClient(runtally(self.database), self._log)

    def any_run(self) -> Arguments:
        """Arguments of `get_run`, for runs of any age."""
        random = Random(self.runs)
        while True:
            yield {"run_id": random.choice(self.run_ids)}


def growth(scale: Scale, scratch: Path) -> Iterator[Row]:
    """p50 over stdio of a report, the newest 20 runs, and one run."""
    sizes = [Grown(scratch, runs) for runs in (scale.few_runs, scale.many_runs, scale.most_runs)]
    with ExitStack() as servers:
        clients = [servers.enter_context(grown.client()) for grown in sizes]
        calls: dict[str, list[Arguments]] = {
            "core_report_usage": [grown.reports for grown in sizes],
            "list_runs": [_repeated({"limit": 20}) for _ in sizes],
            "get_run": [grown.any_run() for grown in sizes],
        }
        for tool, arguments in calls.items():
            sides = [
                _side(client, tool, own, scale.growth_calls) for client, own in zip(clients, arguments, strict=True)
            ]
            few, *more = (median_of_medians(rounds) for rounds in alternate(scale.rounds, *sides))
            for grown, p50 in zip(sizes[1:], more, strict=True):
                yield Row(f"growth: {tool}, {grown.runs:,} runs", p50, "ms", few, Goal("≤", 1.5))
    for grown in sizes:
        require_stored(grown.database, grown.reports.sent, before=grown.before)


def newest(scale: Scale, scratch: Path) -> list[Row]:
    """`list_runs`, the newest 50 of many, over stdio."""
    grown = Grown(scratch, scale.many_runs)
    question = {"limit": 50, "max_chars": ANSWER_CHARS_MAX}
    with grown.client() as client:
        (rounds,) = alternate(scale.rounds, _side(client, "list_runs", _repeated(question), scale.growth_calls))
        listed = client.call("list_runs", question)["runs"]
    assert [run["run_id"] for run in listed] == grown.run_ids[:-51:-1], "the newest come first"
    name = f"stdio: list_runs, newest 50 of {grown.runs:,}, p50"
    return [Row(name, median_of_medians(rounds), "ms", goal=Goal("≤", 5.0))]


def checkpoints(scale: Scale, scratch: Path) -> Iterator[Row]:
    """The slowest of 5,000 reports over stdio, while the log of a large file is written back into it."""
    grown = Grown(scratch, scale.most_runs)
    calls = -(-scale.stall_calls // scale.rounds)
    with grown.client() as client, StdioClient(noop(), scratch / "noop.log") as noop_client:
        ours, floor = alternate(
            scale.rounds,
            _side(client, "core_report_usage", grown.reports, calls),
            _side(noop_client, "note", notes(), calls),
        )
    require_stored(grown.database, grown.reports.sent, before=grown.before)
    for name, percent in (("p50", 50.0), ("p99", 99.0), ("p99.9", 99.9), ("worst", 100.0)):
        goal = Goal("≤", 25.0, absolute=True) if name == "worst" else None
        figure = f"checkpoints: core_report_usage, {grown.runs:,} runs, {name}"
        yield Row(figure, percentile(percent, ours), "ms", percentile(percent, floor), goal)


def _side(client: StdioClient, tool: str, arguments: Arguments, calls: int) -> Callable[[], list[float]]:
    def messages(number: int) -> list[bytes]:
        return [client.message(tool, own) for own in islice(arguments, number)]

    client.latencies_ms(messages(_WARM_UP_CALLS))
    return lambda: client.latencies_ms(messages(calls))


def _repeated(arguments: dict[str, Any]) -> Arguments:
    while True:
        yield arguments
