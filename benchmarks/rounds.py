"""Taking turns, and what is made of the samples."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

SampleT = TypeVar("SampleT")


def alternate(rounds: int, *sides: Callable[[], SampleT]) -> list[list[SampleT]]:
    """What each side measured in each round. The sides take turns, so that a busy machine is busy for all of them."""
    measured: list[list[SampleT]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, samples in zip(sides, measured, strict=True):
            samples.append(side())
    return measured


def median_of_medians(rounds: Sequence[Sequence[float]]) -> float:
    """The middle one of the rounds' p50."""
    return median(median(samples) for samples in rounds)


def percentile(percent: float, rounds: Sequence[Sequence[float]]) -> float:
    """That percentile of the samples of all rounds; the 100th is the worst of them."""
    samples = sorted(sample for samples in rounds for sample in samples)
    return samples[min(len(samples) - 1, int(len(samples) * percent / 100))]
