"""`python -m benchmarks` measures against servers of its own, checks what was stored, and prints one table."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BOUND_SECONDS = 180.0
"""Longer than a small figure takes on a loaded machine; reaching it is a failure."""


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=BOUND_SECONDS, check=False)


def table_of(output: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in output.splitlines()]


def test_a_quick_run_prints_one_table_with_a_ratio_to_the_floor_for_each_figure(tmp_path):
    done = benchmarks("--quick", "--only", "report", "--only", "store", "--dir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    head, rule, *rows = table_of(done.stdout)
    assert head == ["figure", "Runtally", "floor", "ratio", "goal", "met"]
    assert set("".join(rule)) == {"-"}
    figures = [row[0] for row in rows]
    assert "stdio: core_report_usage, p50" in figures
    assert "store: report_usage, 64 writers" in figures
    assert all(float(ratio) > 0 for _, _, _, ratio, _, _ in rows)


def test_the_databases_of_a_run_are_removed_when_it_ends(tmp_path):
    done = benchmarks("--quick", "--only", "newest", "--dir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_trials_of_kills_and_of_copies_find_nothing_lost_doubled_or_damaged(tmp_path):
    sizes = ("--kills", "4", "--acknowledged", "120", "--copies", "2")
    done = benchmarks("--only", "kills", "--only", "copies", *sizes, "--dir", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    found = {row[0]: row[1] for row in table_of(done.stdout)[2:]}
    assert int(found.pop("kills: acknowledged").split()[0]) >= 120
    assert int(found.pop("copies: acknowledged").split()[0]) > 0
    assert found == {
        "kills: kill -9 in mid-load": "4 kills",
        "kills: acknowledged and lost": "0 writes",
        "kills: sent again and doubled": "0 writes",
        "kills: sent again and refused": "0 writes",
        "copies: made in mid-load": "2 copies",
        "copies: acknowledged before and lost": "0 writes",
        "copies: damaged": "0 copies",
    }


def test_every_figure_is_listed_with_what_it_measures():
    done = benchmarks("--list")
    assert done.returncode == 0, done.stderr
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"report", "in-flight", "http", "store", "start", "install", "growth", "kills", "soak"} <= set(names)
    assert all(len(line.split()) > 2 for line in done.stdout.splitlines())


def test_a_figure_that_is_not_known_is_refused_with_the_known_ones():
    done = benchmarks("--only", "speed")
    assert done.returncode == 2
    assert "'growth'" in done.stderr or "growth" in done.stderr
