"""Work that waits for its turn in a transaction, and the caller who waits for what it answers."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from runtally.storage.transaction import Transaction

Work = Callable[[Transaction], Any]

_ENDS_THE_LOOP: Final = (KeyboardInterrupt, SystemExit)
_ENDS_A_COROUTINE: Final = (StopIteration, GeneratorExit)
"""To whoever awaits they mean something else; a future does not take the first at all."""


class PendingWork:
    """Work and the future that its caller awaits. Whatever it raises is kept for the caller, and for nobody else."""

    __slots__ = ("_work", "deadline", "error", "future", "may_wait", "result", "size_bytes")

    def __init__(self, work: Work, deadline: float, size_bytes: int = 0, *, may_wait: bool = True) -> None:
        self._work = work
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.deadline = deadline
        """Until when it may wait, whatever for, by the clock of whoever runs it. It is tried once even after that."""
        self.size_bytes = size_bytes
        self.may_wait = may_wait
        self.result: Any = None
        self.error: BaseException | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.future.cancelled()

    def run(self, tx: Transaction) -> None:
        """Do the work; then it has its `result`, or an `error`."""
        try:
            self.result = self._work(tx)
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            self.error = error

    def settle(self) -> None:
        """Tell the caller, in the thread of the caller's event loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        elif isinstance(self.error, _ENDS_A_COROUTINE):
            told = RuntimeError(f"the work raised {type(self.error).__name__}")
            told.__cause__ = self.error
            self.future.set_exception(told)
        else:
            self.future.set_exception(self.error)


def settle_soon(batch: Sequence[PendingWork]) -> None:
    """Have the event loop of the callers settle all work of the batch."""
    with contextlib.suppress(RuntimeError):  # the loop is gone, and with it everyone who waited
        batch[0].future.get_loop().call_soon_threadsafe(_settle, batch)


def _settle(batch: Sequence[PendingWork]) -> None:
    # An error that ends the event loop comes last: nobody would be woken after it.
    for pending in sorted(batch, key=lambda pending: isinstance(pending.error, _ENDS_THE_LOOP)):
        pending.settle()
