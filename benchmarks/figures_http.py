"""Figures over Streamable HTTP: clients that each keep a connection of their own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median

from benchmarks import http_client
from benchmarks.calls import START, Reports, notes, require_stored
from benchmarks.http_client import Address, post
from benchmarks.processes import ServerProcess, noop, runtally
from benchmarks.rounds import alternate
from benchmarks.scale import Scale
from benchmarks.table import Goal, Row

_CLIENTS = (1, 8, 32)


def report(scale: Scale, scratch: Path) -> Iterator[Row]:
    """`core_report_usage` from 1, 8 and 32 clients, each with a run of its own."""
    database = scratch / "runtally.db"
    with ExitStack() as servers:
        command = runtally(database, "serve", "--http", "--port", "0")
        ours_at = servers.enter_context(ServerProcess(command, scratch / "runtally.log")).address()
        floor_at = servers.enter_context(ServerProcess(noop("--http"), scratch / "noop.log")).address()
        reports = [
            Reports([http_client.call(ours_at, "core_start_run", START)["run_id"]]) for _ in range(max(_CLIENTS))
        ]
        for clients in _CLIENTS:
            calls = (scale.calls if clients == 1 else scale.crowded_calls) // clients
            yield _row(scale.rounds, calls, ours_at, floor_at, reports[:clients])
    require_stored(database, *(own.sent for own in reports))


def _row(rounds: int, calls: int, ours_at: Address, floor_at: Address, reports: Sequence[Reports]) -> Row:
    def ours() -> float:
        posts = [[post(ours_at, "core_report_usage", one) for one in islice(own, calls)] for own in reports]
        return http_client.calls_per_second(ours_at, posts)

    def floor() -> float:
        posts = [[post(floor_at, "note", one) for one in islice(notes(), calls)] for _ in reports]
        return http_client.calls_per_second(floor_at, posts)

    our_rates, floor_rates = alternate(rounds, ours, floor)
    name = f"HTTP: core_report_usage, {len(reports)} client{'s' * (len(reports) > 1)}"
    return Row(name, median(our_rates), "calls/s", median(floor_rates), Goal("≥", 0.8))
