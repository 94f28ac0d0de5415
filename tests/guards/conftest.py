"""What the guards look at: the tools as a client sees them, a fresh database, and snapshots that a person accepts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from runtally import bootstrap
from runtally.mcp_server.server import make_server
from runtally.settings import Settings
from tests.guards.source import ROOT

HOW_TO_ACCEPT = "python -m pytest tests/guards --update-snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="accept what the guards see, and keep it")


class Snapshots:
    """Files that hold what was accepted."""

    def __init__(self, folder: Path, *, update: bool) -> None:
        self._folder = folder
        self._update = update

    def check(self, name: str, seen: str) -> None:
        """Fail unless the file holds what was seen."""
        file = self._folder / name
        if self._update:
            file.parent.mkdir(exist_ok=True)
            file.write_text(seen, encoding="utf-8")
        assert file.exists(), f"{file.relative_to(ROOT)} is missing. Accept what is there now with: {HOW_TO_ACCEPT}"
        accepted = file.read_text(encoding="utf-8")
        assert seen == accepted, f"{file.relative_to(ROOT)} differs. If the change is meant, accept it: {HOW_TO_ACCEPT}"

    def check_nothing_else(self, names: set[str]) -> None:
        """Fail if there are files for what no longer exists."""
        stale = {file.name for file in self._folder.iterdir()} - names
        assert not stale, f"delete from {self._folder.relative_to(ROOT)}: {', '.join(sorted(stale))}"


@pytest.fixture
def snapshots(request: pytest.FixtureRequest) -> Snapshots:
    update = request.config.getoption("--update-snapshots", default=False)
    return Snapshots(Path(__file__).parent / "snapshots", update=update)


@pytest.fixture(scope="session")
def greeting(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a client is told first: the `instructions`, and the `tools` as JSON."""
    settings = Settings(database=tmp_path_factory.mktemp("greeting") / "ledger.db", projects=("guards",))

    async def ask() -> dict[str, Any]:
        ledger = bootstrap.open_ledger(settings)
        server = make_server(ledger, lambda: bootstrap.caller_of(settings), bootstrap.origin_of(settings))
        async with Client(server) as client:
            listed = (await client.list_tools()).model_dump(mode="json", by_alias=True, exclude_none=True)
            instructions = client.instructions
        await ledger.close()
        return {"instructions": instructions, "tools": listed["tools"]}

    return anyio.run(ask)


@pytest.fixture(scope="session")
def tools(greeting: dict[str, Any]) -> list[dict[str, Any]]:
    """Every tool as `tools/list` answers it."""
    listed: list[dict[str, Any]] = greeting["tools"]
    return listed


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a database file that was just made."""
    settings = Settings(database=tmp_path / "fresh.db")
    with bootstrap.open_access_keys(settings):
        pass
    with closing(sqlite3.connect(settings.database)) as connection:
        yield connection
