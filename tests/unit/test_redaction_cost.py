"""No text makes redaction go through it in more ways than there are characters; each runs under a limit of the CPU."""

import subprocess
import sys

import pytest

CPU_SECONDS = 8
"""Far above what any of these takes; what has more ways than one to be read takes minutes, or years."""
ALL_CPU_SECONDS = 120
"""For all patterns together, which take some ten."""
RUN = (
    "import resource, sys; "
    f"resource.setrlimit(resource.RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS})); "
    "from runtally.redaction import Redactor; "
    "Redactor().text(sys.stdin.read())"
)
CHARS = 200_000


@pytest.mark.parametrize(
    ("head", "piece", "end"),
    [
        ("INSERT INTO t (", "a ,", "b) SELECT 1; VALUES"),
        ("copy t (", "a ,", "b); stdin"),
        ("", "INSERT INTO t (a, pin) VALUES (1, '", ""),
        ("", "x | -[ RECORD 1 ]-\n", ""),
        ("", "copy t(a,pin) from stdin\t\\N\n", ""),
        ("</", "<a>" + " " * 4000, ""),
        ("", "---- BEGIN SSH2 PRIVATE KEY ----", ""),
        ("", "key of " + ("a" * 40 + " of ") * 3, ""),
    ],
)
def test_a_text_of_one_piece_over_and_over_is_gone_through(head: str, piece: str, end: str) -> None:
    text = head + piece * (CHARS // len(piece)) + end
    columns = head + piece * 60 + end
    for one in (columns, text):
        done = subprocess.run([sys.executable, "-c", RUN], input=one, text=True, check=False)
        assert done.returncode == 0


def test_each_pattern_goes_through_texts_of_its_own_parts() -> None:
    limit = f"import resource, runpy; resource.setrlimit(resource.RLIMIT_CPU, ({ALL_CPU_SECONDS}, {ALL_CPU_SECONDS}))"
    program = f"{limit}; runpy.run_module('tests.unit.pumped', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr[-2000:]}\nat {done.stdout[-300:]}"
