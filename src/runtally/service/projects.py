"""Noting which projects are written to, at no cost for each write."""

from typing import Final

_EVERY_US: Final = 60 * 1_000_000
_REMEMBERED: Final = 10_000


class NotedProjects:
    """When this process last noted each project; it does so anew after a minute."""

    def __init__(self) -> None:
        self._noted_at: dict[str, int] = {}

    def is_due(self, project_key: str, now: int) -> bool:
        """Whether a write at `now` is to be noted in the database."""
        noted_at = self._noted_at.get(project_key)
        return noted_at is None or now - noted_at >= _EVERY_US

    def note(self, project_key: str, now: int) -> None:
        """Remember that it was, and that this is committed."""
        if len(self._noted_at) >= _REMEMBERED:
            self._noted_at.clear()
        self._noted_at[project_key] = now
