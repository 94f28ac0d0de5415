"""Which keys a process knows from before: those that were found, a bounded number of them, until they are gone."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from runtally import bootstrap
from runtally.domain.caller import AccessKey, Caller
from runtally.mcp_server.bearer import Callers
from runtally.service.access_keys import hash_of
from runtally.settings import Settings
from runtally.storage.access_keys import SqlAccessKeys
from runtally.storage.sqlite_database import SqliteDatabase

pytestmark = pytest.mark.anyio

ALPHA = Caller(("alpha",), "alpha")


class Keys:
    """The keys of a database, and which of them were looked up."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.looked_up: list[str] = []

    def callers(self, keyless: Caller | None = None) -> Callers:
        async def find(key_hash: str) -> AccessKey | None:
            self.looked_up.append(key_hash)
            return await bootstrap.find_access_key(self._database, key_hash, ())

        return Callers(find, lambda admission: bootstrap.admission_holds(self._database, admission), keyless)

    async def make(self, tokens: Sequence[str]) -> None:
        made = [(AccessKey(token, "read", ("beta",), 1), hash_of(token)) for token in tokens]
        await self._database.write(lambda store: [SqlAccessKeys(store._tx).insert(*one) for one in made])

    async def revoke(self, token: str) -> None:
        await self._database.write(lambda store: SqlAccessKeys(store._tx).revoke(token, 2))


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[Keys]:
    database = bootstrap.open_database(Settings(tmp_path / "ledger.db"))
    yield Keys(database)
    await database.close()


async def test_a_key_is_looked_up_when_it_is_new_and_again_once_it_was_gone(keys: Keys) -> None:
    await keys.make(["a"])
    callers = keys.callers()
    for _ in range(3):
        caller = await callers.find("a")
        assert caller is not None
        assert (caller.projects, caller.role) == (("beta",), "read")
        assert await callers.still_admits(caller)
    assert len(keys.looked_up) == 1
    await keys.revoke("a")
    caller = await callers.find("a")
    assert caller is not None
    assert not await callers.still_admits(caller)
    assert await callers.find("a") is None
    assert len(keys.looked_up) == 2


@pytest.mark.parametrize("held", [True, False])
async def test_what_a_transaction_told_is_not_asked_again(keys: Keys, held: bool) -> None:
    await keys.make(["a"])
    callers = keys.callers()
    caller = await callers.find("a")
    assert caller is not None
    assert caller.admission is not None
    caller.admission.held = held
    if held:
        await keys.revoke("a")
    assert await callers.still_admits(caller) is held


async def test_many_keys_push_the_oldest_out_and_strangers_push_nothing_out(keys: Keys) -> None:
    tokens = [str(number) for number in range(300)]
    await keys.make(tokens)
    callers = keys.callers()
    for token in tokens:
        assert await callers.find(token) is not None
        assert await callers.find(f"stranger {token}") is None
    keys.looked_up.clear()
    assert await callers.find(tokens[-1]) is not None
    assert keys.looked_up == [], "the newest is known"
    assert await callers.find(tokens[0]) is not None
    assert keys.looked_up == [hash_of(tokens[0])], "the oldest is not"


async def test_the_first_key_ends_what_is_done_without_one(keys: Keys) -> None:
    callers = keys.callers(keyless=ALPHA)
    for token in (None, "of another server"):
        caller = await callers.find(token)
        assert caller is not None
        assert (caller.projects, caller.default) == (("alpha",), "alpha")
        assert await callers.still_admits(caller)
    await keys.make(["a"])
    caller = await callers.find(None)
    assert caller is not None
    assert not await callers.still_admits(caller)
    assert await callers.find(None) is None
    assert await callers.find("of another server") is None
    assert await callers.find("a") is not None
