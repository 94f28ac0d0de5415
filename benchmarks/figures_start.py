"""Figures of a start: until `initialize` is answered, and the memory held then."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.calls import START, notes, usage_of
from benchmarks.processes import noop, runtally
from benchmarks.rounds import alternate
from benchmarks.scale import Scale
from benchmarks.stdio_client import StdioClient
from benchmarks.table import Goal, Row

Start = tuple[float, float, float]
"""Milliseconds to the answer of `initialize`, MiB then, MiB after the first calls."""


def spawn(scale: Scale, scratch: Path) -> list[Row]:
    """Spawn to `initialize`, and resident memory after it and after a report that had to be priced."""
    database = scratch / "runtally.db"

    def first_report(client: StdioClient) -> None:
        run_id = client.call("core_start_run", START)["run_id"]
        client.call("core_report_usage", {"run_id": run_id, "token_usage": usage_of(0, with_cost=False)})

    def ours() -> Start:
        return _start(runtally(database), scratch / "runtally.log", first_report)

    def floor() -> Start:
        return _start(noop(), scratch / "noop.log", lambda client: client.call("note", next(notes())))

    # The first spawn of each reads its files from the disk and may write their bytecode.
    alternate(1, ours, floor)
    our_starts, floor_starts = alternate(scale.spawns, ours, floor)
    our_ms, our_mib, our_later_mib = (median(values) for values in zip(*our_starts, strict=True))
    floor_ms, floor_mib, floor_later_mib = (median(values) for values in zip(*floor_starts, strict=True))
    return [
        Row("start: spawn to initialize", our_ms, "ms", floor_ms, Goal("≤", 1.05)),
        Row("start: resident memory", our_mib, "MiB", floor_mib, Goal("≤", 1.2)),
        Row("start: resident memory after a priced report", our_later_mib, "MiB", floor_later_mib),
    ]


def _start(command: list[str], log: Path, first_calls: Callable[[StdioClient], object]) -> Start:
    with StdioClient(command, log) as client:
        resident_mib = client.resident_mib()
        first_calls(client)
        return client.ready_seconds * 1_000, resident_mib, client.resident_mib()
