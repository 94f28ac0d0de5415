"""How much is measured."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scale:
    """Rounds, and what one round of one side is."""

    rounds: int
    calls: int
    """Sequential calls of one client."""
    crowded_calls: int
    """Calls of many clients, or of many requests in flight, together."""
    units_by_writers: tuple[tuple[int, int], ...]
    """(concurrent writers, units of work in a round)."""
    spawns: int
    growth_calls: int
    few_runs: int
    many_runs: int
    most_runs: int
    stall_calls: int
    """Sequential calls among which the slowest are looked for."""
    kills: int
    acknowledged: int
    """Writes that are acknowledged before all the kills, at least."""
    copies: int
    minutes: float
    """Of mixed calls."""
    long_text: int
    """Characters of the texts that are redacted."""


FULL: Final = Scale(
    rounds=9,
    calls=500,
    crowded_calls=2_000,
    units_by_writers=((1, 1_000), (8, 8_000), (64, 25_600)),
    spawns=15,
    growth_calls=200,
    few_runs=1_000,
    many_runs=100_000,
    most_runs=1_000_000,
    stall_calls=5_000,
    kills=100,
    acknowledged=30_000,
    copies=50,
    minutes=10.0,
    long_text=1_000_000,
)
QUICK: Final = Scale(
    rounds=3,
    calls=60,
    crowded_calls=192,
    units_by_writers=((1, 100), (8, 400), (64, 1_920)),
    spawns=2,
    growth_calls=20,
    few_runs=200,
    many_runs=2_000,
    most_runs=10_000,
    stall_calls=300,
    kills=4,
    acknowledged=200,
    copies=3,
    minutes=0.25,
    long_text=100_000,
)
"""Shows that every figure can be measured; its ratios mean little."""
