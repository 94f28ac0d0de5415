"""Figures over Streamable HTTP: clients that each keep a connection of their own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import http_client
from benchmarks.calls import START, Reports, notes, require_stored
from benchmarks.http_client import post
from benchmarks.processes import Endpoint, ServerProcess, new_key, noop, runtally
from benchmarks.rounds import alternate
from benchmarks.scale import Scale
from benchmarks.table import Goal, Row

_KEYLESS_GOALS: Final = {clients: Goal("≥", 0.8) for clients in (1, 8, 32)}
_KEYED_GOALS: Final = {1: Goal("≥", 0.6), 8: Goal("≥", 0.8), 32: Goal("≥", 0.9)}
Goals = Mapping[int, Goal]
"""The goal for each number of clients that is measured."""


def report(scale: Scale, scratch: Path) -> Iterator[Row]:
    """`core_report_usage` from 1, 8 and 32 clients, each with a run of its own."""
    return _crowds(scale, scratch, _KEYLESS_GOALS)


def report_keyed(scale: Scale, scratch: Path) -> Iterator[Row]:
    """The same with a bearer key, next to a server that asks for none."""
    return _crowds(scale, scratch, _KEYED_GOALS, new_key(scratch / "runtally.db"))


def _crowds(scale: Scale, scratch: Path, goals: Goals, key: str | None = None) -> Iterator[Row]:
    database = scratch / "runtally.db"
    with ExitStack() as servers:
        command = runtally(database, "serve", "--http", "--port", "0")
        ours_at = servers.enter_context(ServerProcess(command, scratch / "runtally.log")).endpoint(key)
        floor_at = servers.enter_context(ServerProcess(noop("--http"), scratch / "noop.log")).endpoint()
        reports = [Reports([http_client.call(ours_at, "core_start_run", START)["run_id"]]) for _ in range(max(goals))]
        for clients, goal in goals.items():
            calls = (scale.calls if clients == 1 else scale.crowded_calls) // clients
            yield _row(scale.rounds, calls, ours_at, floor_at, reports[:clients], goal)
    require_stored(database, *(own.sent for own in reports))


def _row(rounds: int, calls: int, ours_at: Endpoint, floor_at: Endpoint, reports: Sequence[Reports], goal: Goal) -> Row:
    def ours() -> float:
        posts = [[post(ours_at, "core_report_usage", one) for one in islice(own, calls)] for own in reports]
        return http_client.calls_per_second(ours_at, posts)

    def floor() -> float:
        posts = [[post(floor_at, "note", one) for one in islice(notes(), calls)] for _ in reports]
        return http_client.calls_per_second(floor_at, posts)

    our_rates, floor_rates = alternate(rounds, ours, floor)
    name = f"HTTP{' with a key' if ours_at.key else ''}: core_report_usage, {len(reports)} client"
    return Row(f"{name}{'s' * (len(reports) > 1)}", median(our_rates), "calls/s", median(floor_rates), goal)
