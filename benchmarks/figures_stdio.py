"""Figures over stdio: a report, a whole run, and many calls in flight on one pipe."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from benchmarks.calls import END, FINAL_USAGE, START, Reports, notes, require_stored, usage_of
from benchmarks.processes import BenchmarkError, noop, runtally
from benchmarks.rounds import alternate, median_of_medians, percentile
from benchmarks.scale import Scale
from benchmarks.stdio_client import StdioClient
from benchmarks.table import Goal, Row

_WARM_UP_CALLS: Final = 50
_RUN_ID: Final = "00000000-0000-0000-0000-000000000000"
"""Stands in a prepared call for the run_id that the server will give."""


class Pair:
    """Runtally and the server that does nothing, warm and ready to take turns."""

    def __init__(self, scratch: Path, *, runs: int = 1, with_cost: bool = True) -> None:
        self.database = scratch / "runtally.db"
        self._open = ExitStack()
        self.ours = self._open.enter_context(StdioClient(runtally(self.database), scratch / "runtally.log"))
        self.floor = self._open.enter_context(StdioClient(noop(), scratch / "noop.log"))
        run_ids = [self.ours.call("core_start_run", START)["run_id"] for _ in range(runs)]
        self.reports = Reports(run_ids, with_cost=with_cost)
        self.ours.latencies_ms(self.our_calls(_WARM_UP_CALLS))
        self.floor.latencies_ms(self.floor_calls(_WARM_UP_CALLS))

    def our_calls(self, number: int) -> list[bytes]:
        return [self.ours.message("core_report_usage", report) for report in islice(self.reports, number)]

    def floor_calls(self, number: int) -> list[bytes]:
        return [self.floor.message("note", note) for note in islice(notes(), number)]

    def close(self) -> None:
        """Kill both, and see that everything reported is in the database."""
        self._open.close()
        require_stored(self.database, self.reports.sent)


def report(scale: Scale, scratch: Path) -> list[Row]:
    """`core_report_usage`, one call after the other."""
    ours, floor = _report_latencies(scale, scratch, with_cost=True)
    name = "stdio: core_report_usage"
    return [
        Row(f"{name}, p50", median_of_medians(ours), "ms", median_of_medians(floor), Goal("≤", 0.85)),
        Row(f"{name}, p99", percentile(99, ours), "ms", percentile(99, floor), Goal("≤", 1.0)),
    ]


def report_priced(scale: Scale, scratch: Path) -> list[Row]:
    """The same without `cost_usd`, so that the cost is computed."""
    ours, floor = _report_latencies(scale, scratch, with_cost=False)
    name = "stdio: core_report_usage, cost computed"
    return [
        Row(f"{name}, p50", median_of_medians(ours), "ms", median_of_medians(floor)),
        Row(f"{name}, p99", percentile(99, ours), "ms", percentile(99, floor)),
    ]


def _report_latencies(scale: Scale, scratch: Path, *, with_cost: bool) -> list[list[list[float]]]:
    pair = Pair(scratch, with_cost=with_cost)
    measured = alternate(
        scale.rounds,
        lambda: pair.ours.latencies_ms(pair.our_calls(scale.calls)),
        lambda: pair.floor.latencies_ms(pair.floor_calls(scale.calls)),
    )
    pair.close()
    return measured


def in_flight(scale: Scale, scratch: Path) -> Iterator[Row]:
    """`core_report_usage`, many calls in flight on one pipe."""
    pair = Pair(scratch, runs=32)
    for number in (8, 32):
        ours, floor = alternate(
            scale.rounds,
            partial(_our_rate, pair, scale.crowded_calls, number),
            partial(_floor_rate, pair, scale.crowded_calls, number),
        )
        name = f"stdio: core_report_usage, {number} in flight"
        yield Row(name, median(ours), "calls/s", median(floor), Goal("≥", 1.5))
    pair.close()


def _our_rate(pair: Pair, calls: int, in_flight: int) -> float:
    return pair.ours.calls_per_second(pair.our_calls(calls), in_flight)


def _floor_rate(pair: Pair, calls: int, in_flight: int) -> float:
    return pair.floor.calls_per_second(pair.floor_calls(calls), in_flight)


def whole_run(scale: Scale, scratch: Path) -> Iterator[Row]:
    """Start, report, end; the totals given at the end add a second report."""
    pair = Pair(scratch)
    runs = scale.calls // 3
    ours, floor = alternate(
        scale.rounds,
        lambda: [_whole_run_ms(pair) for _ in range(runs)],
        lambda: [sum(pair.floor.latencies_ms(pair.floor_calls(3))) for _ in range(runs)],
    )
    pair.close()
    name = "stdio: start, report, end"
    yield Row(f"{name}, p50", median_of_medians(ours), "ms", median_of_medians(floor), Goal("≤", 0.9))
    yield Row(f"{name}, p99", percentile(99, ours), "ms", percentile(99, floor))


def _whole_run_ms(pair: Pair) -> float:
    client, usage = pair.ours, usage_of(0)
    start = client.message("core_start_run", START)
    report = client.message("core_report_usage", {"run_id": _RUN_ID, "token_usage": usage})
    end = client.message("core_end_run", {"run_id": _RUN_ID, **END})
    begun = perf_counter()
    run_id = client.exchange(start)["run_id"].encode()
    client.exchange(report.replace(_RUN_ID.encode(), run_id))
    totals = client.exchange(end.replace(_RUN_ID.encode(), run_id))["totals"]
    whole_run_ms = (perf_counter() - begun) * 1_000
    if totals["input_tokens"] != FINAL_USAGE["input_tokens"] or totals["reports"] != 2:
        raise BenchmarkError(f"a run ended with the totals {totals}")
    pair.reports.sent = pair.reports.sent.plus(FINAL_USAGE, reports=2)
    return whole_run_ms
