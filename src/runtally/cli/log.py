"""The log of a server, on stderr."""

import logging
from typing import Final

EVERY_SECONDS: Final = 60


class FloodFilter(logging.Filter):
    """Lets a library say the same thing once in 60 seconds, with how often it wanted to; Runtally's own lines all pass.

    The same is what one place of its code says of one kind of error, so what is remembered is bounded too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int, type[BaseException] | None], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be written."""
        if record.name.partition(".")[0] == "runtally":
            return True
        kind = (record.name, record.lineno, record.exc_info[0] if record.exc_info else None)
        said_at, held_back = self._said.get(kind, (float("-inf"), 0))
        if record.created - said_at < EVERY_SECONDS:
            self._said[kind] = (said_at, held_back + 1)
            return False
        self._said[kind] = (record.created, 0)
        if held_back:
            record.msg, record.args = f"{record.getMessage()} (and {held_back} times since it was last said)", None
        return True
