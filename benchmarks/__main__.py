"""`python -m benchmarks`: measure, and print one table."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks import figures_growth, figures_http, figures_install, figures_start, figures_stdio, figures_store
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
    "growth": figures_growth.growth,
    "newest": figures_growth.newest,
    "checkpoints": figures_growth.checkpoints,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the figures asked for, all by default, and print the table; 1 if a figure could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts: shows that it works, not how fast it is")
    parser.add_argument("--only", action="append", choices=FIGURES, metavar="NAME", help="measure this; repeatable")
    parser.add_argument("--list", action="store_true", help="show the names")
    parser.add_argument("--dir", type=Path, help="where temporary files go, and with them the databases")
    arguments = parser.parse_args(argv)
    if arguments.list:
        print("\n".join(f"{name:14} {figure.__doc__}" for name, figure in FIGURES.items()))
        return 0
    rows: list[Row] = []
    failed = False
    for name in arguments.only or FIGURES:
        print(f"benchmarks: {name}", file=sys.stderr, flush=True)
        try:
            with tempfile.TemporaryDirectory(prefix="runtally-benchmarks-", dir=arguments.dir) as scratch:
                rows += FIGURES[name](QUICK if arguments.quick else FULL, Path(scratch))
        except (BenchmarkError, TimeoutError) as error:
            print(f"benchmarks: {name}: {error or 'no answer in time'}", file=sys.stderr)
            failed = True
    print(rendered(rows))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
