"""What a call costs the database does not grow with the number of projects that its caller has."""

from contextlib import closing
from pathlib import Path

import pytest

from runtally import pricing
from runtally.domain.caller import Caller
from runtally.domain.errors import InvalidInput, NotFound
from runtally.domain.validation import parse
from runtally.mcp_server.tools.registry import BY_NAME
from runtally.redaction import Redactor
from runtally.service.entry import Entry
from runtally.storage import sqlite
from runtally.storage.store import SqlStore
from tests.contract.minimal import MINIMAL, RUN
from tests.door import Answer, CountingClock, CountingIds

BY_RUN_ID = [name for name, arguments in MINIMAL.items() if "run_id" in arguments]
PROJECTS = tuple(f"p{number:03}" for number in range(100))


class Ledger:
    """A ledger over one connection, which notes the statements that it is asked."""

    def __init__(self, path: Path) -> None:
        clock = CountingClock()
        self.connection = sqlite.writer(path, 10, clock)
        self.statements: list[str] = []
        self._entry = Entry(
            clock=clock, new_id=CountingIds(), pricer=pricing, redactor=Redactor, stale_after_seconds=21_600
        )

    def call(self, name: str, arguments: Answer, projects: tuple[str, ...]) -> str:
        """The project that the answer names."""
        tool, caller = BY_NAME[name], Caller(projects, projects[0])
        request = parse(tool.request, arguments)
        self.statements.clear()
        with sqlite.transaction(self.connection, 10) as tx:
            self.connection.set_trace_callback(self.statements.append)
            try:
                if tool.writes:
                    return str(self._entry.write(tool.method, caller, request)(SqlStore(tx)).project_key)
                answer, _ = self._entry.read(tool.method, caller, request)(SqlStore(tx))
                return str(answer.project_key)
            finally:
                self.connection.set_trace_callback(None)


def the_ledger(path: Path, *projects: str) -> Ledger:
    """A ledger in which the run is in each of the projects."""
    ledger = Ledger(path / "ledger.db")
    for project in projects:
        ledger.call("core_start_run", {"run_id": RUN}, (project,))
    return ledger


@pytest.mark.parametrize("tool", BY_RUN_ID)
def test_a_run_id_alone_is_found_among_a_hundred_projects_with_one_statement(tool: str, tmp_path: Path) -> None:
    ledger = the_ledger(tmp_path, "p099")
    with closing(ledger.connection):
        assert ledger.call(tool, MINIMAL[tool], ("p099",)) == "p099"
        assert ledger.call(tool, MINIMAL[tool], ("p099",)) == "p099"
        alone = len(ledger.statements)
        assert ledger.call(tool, MINIMAL[tool], PROJECTS) == "p099"
        assert len(ledger.statements) == alone + 1, ledger.statements


def test_a_run_of_none_of_a_hundred_projects_is_refused_after_one_statement(tmp_path: Path) -> None:
    ledger = the_ledger(tmp_path, "another")
    with closing(ledger.connection):
        with pytest.raises(NotFound):
            ledger.call("get_run", MINIMAL["get_run"], PROJECTS)
        assert len(ledger.statements) == 1, ledger.statements


def test_a_run_of_several_projects_of_a_hundred_is_refused_with_their_names(tmp_path: Path) -> None:
    ledger = the_ledger(tmp_path, "p001", "another", "p050")
    with closing(ledger.connection), pytest.raises(InvalidInput, match=r"in several projects \(p001, p050\)"):
        ledger.call("get_run", MINIMAL["get_run"], PROJECTS)
