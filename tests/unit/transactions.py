"""Work for a transaction on a real file, and how it ended. An access key is the smallest thing that can be recorded."""

import asyncio
import hashlib
import itertools
import sqlite3
import threading
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any

from runtally.domain.caller import AccessKey
from runtally.storage.access_keys import SqlAccessKeys
from runtally.storage.transaction import Transaction
from runtally.storage.work import Work
from tests.door import START

BOUND_SECONDS = 30.0
"""Longer than anything takes on a loaded machine; reaching it is a failure."""

_numbers = itertools.count()


def clock() -> int:
    return START


def record(name: str, then: BaseException | None = None) -> Work:
    """Work that records the name and answers with it, or raises after it has recorded it."""

    def work(tx: Transaction) -> str:
        key = AccessKey(key_id=name, role="read", projects=("alpha",), created_at=START + next(_numbers))
        SqlAccessKeys(tx).insert(key, hashlib.sha256(name.encode()).hexdigest())
        if then is not None:
            raise then
        return name

    return work


def recorded(tx: Transaction) -> list[str]:
    """Work that answers with the recorded names."""
    return [key.key_id for key in SqlAccessKeys(tx).list_all()]


def stored(database: Path) -> list[str]:
    """The names in the file, in the order in which they were recorded."""
    with closing(sqlite3.connect(database)) as connection:
        return [name for (name,) in connection.execute("SELECT key_id FROM access_keys ORDER BY created_at")]


def endless(tx: Transaction) -> None:
    """Work whose one statement never ends by itself."""
    tx._connection.execute("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT max(n) FROM n")


async def outcome(asked: Awaitable[Any]) -> Any:
    """The answer, or what was raised, whatever it is."""
    try:
        return await asked
    except BaseException as error:
        return error


class Watch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Held:
    """Work that stays in its transaction until it is let go. Only for work that runs in another thread."""

    def __init__(self, work: Work) -> None:
        self.begun = asyncio.Event()
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._let_go = threading.Event()

    def __call__(self, tx: Transaction) -> Any:
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self._let_go.wait(BOUND_SECONDS)
        return self._work(tx)

    def let_go(self) -> None:
        self._let_go.set()
