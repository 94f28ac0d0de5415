"""`python -m benchmarks`: measure the figures, or put Runtally to the trials that are named, and print one table."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks import (
    figures_growth,
    figures_http,
    figures_install,
    figures_redaction,
    figures_start,
    figures_stdio,
    figures_store,
    trial_copies,
    trial_kills,
    trial_soak,
)
from benchmarks.processes import BenchmarkError
from benchmarks.scale import FULL, QUICK, Scale
from benchmarks.table import Row, rendered

Figure = Callable[[Scale, Path], Iterable[Row]]

FIGURES: Final[dict[str, Figure]] = {
    "report": figures_stdio.report,
    "report-priced": figures_stdio.report_priced,
    "whole-run": figures_stdio.whole_run,
    "in-flight": figures_stdio.in_flight,
    "http": figures_http.report,
    "http-keyed": figures_http.report_keyed,
    "store": figures_store.report_usage,
    "start": figures_start.spawn,
    "install": figures_install.size,
    "redaction": figures_redaction.redaction,
    "redaction-first": figures_redaction.redaction_first,
    "growth": figures_growth.growth,
    "newest": figures_growth.newest,
    "checkpoints": figures_growth.checkpoints,
}

TRIALS: Final[dict[str, Figure]] = {
    "kills": trial_kills.kills,
    "copies": trial_copies.copies,
    "soak": trial_soak.soak,
}
"""Measured only if they are named; a goal that is not met is a failure."""

_SIZES: Final = {
    "most_runs": (int, "runs in the largest file"),
    "kills": (int, "how often a server is killed"),
    "acknowledged": (int, "writes that are acknowledged before all the kills, at least"),
    "copies": (int, "copies that are made"),
    "minutes": (float, "minutes of mixed calls"),
}
"""The fields of a scale that have an option."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is asked for, all figures by default, and print the table.

    1 if something could not be measured, or if a trial was not passed.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts: shows that it works, not how fast it is")
    parser.add_argument(
        "--only", action="append", choices=FIGURES | TRIALS, metavar="NAME", help="measure this; repeatable"
    )
    parser.add_argument("--list", action="store_true", help="show the names")
    parser.add_argument("--dir", type=Path, help="where temporary files go, and with them the databases")
    for field, (number, told) in _SIZES.items():
        parser.add_argument(f"--{field.replace('_', '-')}", type=number, metavar="N", help=told)
    arguments = parser.parse_args(argv)
    if arguments.list:
        print("\n".join(f"{name:14} {figure.__doc__}" for name, figure in (FIGURES | TRIALS).items()))
        return 0
    sizes = {field: getattr(arguments, field) for field in _SIZES if getattr(arguments, field) is not None}
    if any(size <= 0 for size in sizes.values()):
        parser.error("a size is a number above 0")
    scale = replace(QUICK if arguments.quick else FULL, **sizes)
    rows: list[Row] = []
    failed = False
    for name in arguments.only or FIGURES:
        print(f"benchmarks: {name}", file=sys.stderr, flush=True)
        try:
            with tempfile.TemporaryDirectory(prefix="runtally-benchmarks-", dir=arguments.dir) as scratch:
                for row in (FIGURES | TRIALS)[name](scale, Path(scratch)):
                    rows.append(row)
                    failed |= name in TRIALS and row.misses
        except (BenchmarkError, TimeoutError) as error:
            print(f"benchmarks: {name}: {error or 'no answer in time'}", file=sys.stderr)
            failed = True
    print(rendered(rows))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
