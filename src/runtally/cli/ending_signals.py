"""The signals with which hosts and people end a server."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

_SIGNALS_HEARD: Final = () if sys.platform == "win32" else (signal.SIGINT, signal.SIGTERM)


class EndingSignals:
    """Hears SIGINT and SIGTERM from its making to the end of the process, so that none of them cuts anything short.

    The first one ends the server, later ones change nothing. One that whoever started the process has had ignored stays
    so, and on Windows all is as it was.
    """

    def __init__(self) -> None:
        self._first: int | None = None
        self._end: Callable[[], object] = lambda: None
        for one in _SIGNALS_HEARD:
            if signal.getsignal(one) is not signal.SIG_IGN:
                signal.signal(one, self._hear)

    @property
    def exit_code(self) -> int:
        """As a shell tells of a signal, 130 or 143; 0 where none was heard."""
        return 0 if self._first is None else 128 + self._first

    def end_with(self, end: Callable[[], None]) -> None:
        """Have the running event loop call `end` at the first signal, or soon if that was heard already."""
        loop = asyncio.get_running_loop()
        self._end = lambda: loop.call_soon_threadsafe(end)
        if self._first is not None:
            self._end()

    def ignore(self) -> None:
        """Have them ignored from now on: an interpreter that ends gives back what is heard, and they would kill it."""
        for one in _SIGNALS_HEARD:
            signal.signal(one, signal.SIG_IGN)

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self._first is None:
            self._first = number
            with contextlib.suppress(RuntimeError):  # the event loop has ended by itself
                self._end()
