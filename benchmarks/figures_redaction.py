"""Figures of redaction: microseconds a character, whether they grow with the length, and a process's first call."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, Final

from benchmarks.rounds import alternate
from benchmarks.scale import Scale
from benchmarks.table import Goal, Row
from runtally.domain.errors import LimitExceeded
from runtally.redaction import Allowance, Redactor, gitleaks, shapes
from runtally.redaction.tokens import TOKENS

_SHORT: Final = 10_000
_HOSTILE: Final = 4_000
_SUSPECTS: Final = 10
"""So many of the slowest are timed again: one that was slow once may have been disturbed."""
_UNIT: Final = "µs/char"
_LINEAR: Final = Goal("≤", 1.5)
_PROSE_GOAL: Final = Goal("≤", 0.01)
_REDACTOR: Final = Redactor()
_ADVERSARIAL_GOAL: Final = Goal("≤", 0.3)

_SENTENCES: Final = (
    "The run opened a pull request and waited for the tests.",
    "Nobody had looked at the cache since the spring, so the first answer took a while.",
    "A user asked why the report of Tuesday shows fewer calls than the one of Monday.",
    "It turned out that two workers had read the same page, and one of them gave up.",
    "We chose the smaller model because the summary is short and its price is known.",
    "After the change the median went down, and the slowest calls stayed where they were.",
)
_LOG_LINES: Final = (
    "2024-05-01T10:00:{:02}.123Z INFO  worker-{} finished batch {} in {} ms (200 OK)",
    "2024-05-01T10:00:{:02}.456Z WARN  pool-{} retry {} of GET https://api.example.com/v1/items?page={}",
    '10.0.{}.{} - - [01/May/2024:10:00:{:02} +0000] "GET /assets/app.js HTTP/1.1" 200 {}',
)
_LOOK_ALIKES: Final = (
    "token=",
    "sk-",
    "eyJ",
    "password: ",
    "AKIA",
    "://a:b@c ",
    "-----BEGIN ",
    "Authorization: Bearer ",
    '"secret": "',
    "a.b.",
    "x",
    "7",
    "=",
    "\\\\",
    '"',
    " ",
)


def redaction(scale: Scale, _: Path) -> list[Row]:
    """Redaction of texts and JSON, µs a character: of 10,000 characters, and of a long text against those."""
    rows = []
    for name, text in {"prose": _prose, "code": _code, "logs": _logs}.items():
        rows += _figures(f"redaction: {name}", scale, _REDACTOR.text, text, _PROSE_GOAL if name == "prose" else None)
    rows += _figures("redaction: JSON rows", scale, _REDACTOR.json, _json_rows)
    for repeated in _LOOK_ALIKES:
        rows += _figures(
            f"redaction: {repeated!r} repeated", scale, _REDACTOR.text, _repeated(repeated), _ADVERSARIAL_GOAL
        )
    return [*rows, *_worst_of_all_rows(scale)]


def redaction_first(scale: Scale, _: Path) -> list[Row]:
    """The import of redaction and its first call in a fresh process, against the second call."""
    timed = [_in_a_fresh_process() for _ in range(scale.spawns)]
    imported, first, second = (median(values) for values in zip(*timed, strict=True))
    return [
        Row("redaction: import", imported, "ms"),
        Row("redaction: first call of a process", first, "ms", second),
    ]


def _figures(
    name: str, scale: Scale, redact: Callable[[Any], object], made: Callable[[int], Any], goal: Goal | None = None
) -> list[Row]:
    short, long = made(_SHORT), made(scale.long_text)
    redact(short)
    short_times, long_times = alternate(
        scale.rounds, lambda: _microseconds(redact, short), lambda: _microseconds(redact, long)
    )
    per_short, per_long = median(short_times), median(long_times)
    return [
        Row(f"{name}, {_SHORT:,}", per_short, _UNIT, goal=goal),
        Row(f"{name}, {scale.long_text:,}", per_long, _UNIT, per_short, _LINEAR),
    ]


def _microseconds(redact: Callable[[Any], object], value: Any) -> float:
    """For each character."""
    begun = perf_counter()
    redact(value)
    seconds = perf_counter() - begun
    return seconds * 1_000_000 / len(value if isinstance(value, str) else json.dumps(value))


def _worst_of_all_rows(scale: Scale) -> list[Row]:
    """Of what almost has the shape of a secret, for every row of shapes there is, what takes the longest."""
    pieces = sorted({piece for needle in _needles() for piece in _almost(needle)})
    timed = {piece: _microseconds(_within_a_call, _repeated(piece)(_HOSTILE)) for piece in pieces}
    slowest = sorted(pieces, key=timed.__getitem__)[-_SUSPECTS:]
    again = {
        piece: median(_microseconds(_within_a_call, _repeated(piece)(_HOSTILE)) for _ in range(scale.rounds))
        for piece in slowest
    }
    worst = max(slowest, key=again.__getitem__)
    name = f"redaction: worst of {len(pieces):,} look-alikes: {worst!r} repeated"
    return _figures(name, scale, _within_a_call, _repeated(worst), _ADVERSARIAL_GOAL)


def _within_a_call(text: str) -> None:
    """Redact it as the service does, which refuses what would go on and on."""
    with suppress(LimitExceeded):
        _REDACTOR.text(text, Allowance())


def _needles() -> Iterator[str]:
    """What a row is looked for by."""
    for _, needles, _ in (*TOKENS, *shapes.IN_RUNS, *shapes.SHAPES):
        yield from needles
    for row in gitleaks.rules()["tokens"]:
        yield from row["prefixes"]


def _almost(needle: str) -> Iterator[str]:
    yield from (needle, f"{needle}-", f"{needle} a1=", f"{needle}aaaaaaaaaaaaaaaa.", f"a:{needle}1@")


def _prose(size: int) -> str:
    picked = Random(1)
    return " ".join(picked.choice(_SENTENCES) for _ in range(size // 40))[:size]


def _code(size: int) -> str:
    """One program, again and again: other programs would have another time."""
    source = (Path(__file__).parent / "figures_store.py").read_text(encoding="utf-8")
    return (source * (size // len(source) + 1))[:size]


def _logs(size: int) -> str:
    picked = Random(2)
    lines = (picked.choice(_LOG_LINES).format(*(picked.randrange(60) for _ in range(4))) for _ in range(size // 60))
    return "\n".join(lines)[:size]


def _json_rows(size: int) -> list[dict[str, Any]]:
    row = {"id": 17, "name": "Anna", "city": "Ulm", "tags": ["a", "b"], "note": _SENTENCES[0], "tokens": {"input": 100}}
    return [row | {"id": number} for number in range(size // len(json.dumps(row)))]


def _repeated(piece: str) -> Callable[[int], str]:
    return lambda size: (piece * (size // len(piece) + 1))[:size]


_FRESH: Final = """
from time import perf_counter
times = [perf_counter()]
from runtally.domain.errors import LimitExceeded
from runtally.redaction import Allowance, Redactor, gitleaks, shapes
from runtally.redaction.tokens import TOKENS
times.append(perf_counter())
redactor = Redactor()
for _ in range(2):
    redactor.text("A short text in which nothing is secret.")
    times.append(perf_counter())
print(*((after - before) * 1_000 for before, after in zip(times, times[1:])))
"""


def _in_a_fresh_process() -> tuple[float, float, float]:
    """Milliseconds of the import, of the first call and of the second."""
    ended = subprocess.run([sys.executable, "-c", _FRESH], capture_output=True, text=True, check=True)
    imported, first, second = map(float, ended.stdout.split())
    return imported, first, second
