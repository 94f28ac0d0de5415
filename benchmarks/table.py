"""The one table that a run prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_HEAD = ("figure", "Runtally", "floor", "ratio", "goal", "met")


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the ratio or, where there is none or `absolute`, on the figure itself."""

    sign: Literal["≤", "≥"]
    bound: float
    absolute: bool = False

    def is_met_by(self, value: float) -> bool:
        return value <= self.bound if self.sign == "≤" else value >= self.bound


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of Runtally's, the floor it stands on, and the goal for their ratio."""

    figure: str
    ours: float
    unit: str
    floor: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the floor it is; None without a floor."""
        return None if self.floor is None else self.ours / self.floor

    @property
    def misses(self) -> bool:
        """Whether there is a goal and it is not met."""
        judged, _ = self._judged
        return self.goal is not None and not self.goal.is_met_by(judged)

    @property
    def _judged(self) -> tuple[float, str]:
        """What a goal is a bound on, and its unit."""
        if self.ratio is None or (self.goal is not None and self.goal.absolute):
            return self.ours, f" {self.unit}"
        return self.ratio, ""

    def cells(self) -> tuple[str, ...]:
        _, suffix = self._judged
        return (
            self.figure,
            _shown(self.ours, self.unit),
            "-" if self.floor is None else _shown(self.floor, self.unit),
            "-" if self.ratio is None else f"{self.ratio:.2f}",
            "-" if self.goal is None else f"{self.goal.sign} {self.goal.bound:g}{suffix}",
            "-" if self.goal is None else "NO" if self.misses else "yes",
        )


def rendered(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table with aligned columns."""
    lines = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    text = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines]
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join((text[0], rule, *text[1:]))


def _shown(value: float, unit: str) -> str:
    decimals = 0 if value >= 100 or isinstance(value, int) else 1 if value >= 10 else 3
    return f"{value:,.{decimals}f} {unit}"
