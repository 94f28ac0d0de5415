"""One error tree with six codes, and every edge and every refusal of SQLite has its place in it."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from runtally.cli.main import EXIT_CODES
from runtally.domain import errors
from runtally.domain.errors import RuntallyError, Unavailable
from runtally.storage import sqlite_refusals
from tests.guards import readme
from tests.journeys.processes import environment, run

CODES = {"invalid": 2, "forbidden": 3, "not_found": 4, "conflict": 5, "limit": 6, "unavailable": 7}
"""The six codes, and what a command exits with."""

NOT_RESULT_CODES = ("SQLITE_LIMIT_", "SQLITE_CREATE_", "SQLITE_DROP_", "SQLITE_DBCONFIG_", "SQLITE_ALTER_")
AUTHORIZER_ACTIONS = {
    "SQLITE_ANALYZE", "SQLITE_ATTACH", "SQLITE_COPY", "SQLITE_DELETE", "SQLITE_DENY", "SQLITE_DETACH",
    "SQLITE_FUNCTION", "SQLITE_IGNORE", "SQLITE_INSERT", "SQLITE_PRAGMA", "SQLITE_READ", "SQLITE_RECURSIVE",
    "SQLITE_REINDEX", "SQLITE_SAVEPOINT", "SQLITE_SELECT", "SQLITE_TRANSACTION", "SQLITE_UPDATE",
}  # fmt: skip
RESULT_CODES = {
    name: code
    for name, code in vars(sqlite3).items()
    if name.startswith("SQLITE_") and not name.startswith(NOT_RESULT_CODES) and name not in AUTHORIZER_ACTIONS
}
PRIMARY = sorted(name for name, code in RESULT_CODES.items() if code < 256)

REFUSALS = {
    "SQLITE_AUTH", "SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_FULL", "SQLITE_IOERR",
    "SQLITE_LOCKED", "SQLITE_NOLFS", "SQLITE_NOTADB", "SQLITE_PERM", "SQLITE_PROTOCOL", "SQLITE_READONLY",
}  # fmt: skip
"""What may happen to a database in the world: a person is told what to do."""
BUGS = {
    "SQLITE_ABORT", "SQLITE_CONSTRAINT", "SQLITE_EMPTY", "SQLITE_ERROR", "SQLITE_FORMAT", "SQLITE_INTERNAL",
    "SQLITE_INTERRUPT", "SQLITE_MISMATCH", "SQLITE_MISUSE", "SQLITE_NOMEM", "SQLITE_NOTFOUND", "SQLITE_RANGE",
    "SQLITE_SCHEMA", "SQLITE_TOOBIG",
}  # fmt: skip
"""What can only be our own mistake (`SQLITE_NOMEM` arrives as a MemoryError): nobody is shown it, the log has it."""
NOT_ERRORS = {"SQLITE_DONE", "SQLITE_NOTICE", "SQLITE_OK", "SQLITE_ROW", "SQLITE_WARNING"}


def every_error(parent: type[RuntallyError] = RuntallyError) -> set[type[RuntallyError]]:
    return {parent}.union(*(every_error(child) for child in parent.__subclasses__()))


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("what the driver says")
    error.sqlite_errorcode = code
    return error


def test_the_tree_has_the_six_codes_and_lives_in_one_module() -> None:
    tree = every_error() - {RuntallyError}
    assert sorted(kind.code for kind in tree) == sorted(CODES), "six codes, and no two errors share one"
    assert {kind.__module__ for kind in tree} == {errors.__name__}


def test_every_code_has_its_exit_code() -> None:
    assert EXIT_CODES == CODES | {"internal": 70}


def test_the_readme_tells_every_error_with_its_code_and_exit_code() -> None:
    told = {readme.names(row["Code"])[0]: row for row in readme.table("Errors", "Code")}
    assert told.keys() == EXIT_CODES.keys()
    for kind in every_error() - {RuntallyError}:
        assert told[kind.code]["Error"] == f"`{kind.__name__}`"
    for code, exit_code in EXIT_CODES.items():
        assert told[code]["CLI exit"] == str(exit_code)


def test_every_error_of_sqlite_has_been_judged() -> None:
    unjudged = set(PRIMARY) - REFUSALS - BUGS - NOT_ERRORS
    assert not unjudged, f"say in storage/sqlite_refusals.py what these mean, or here that they are bugs: {unjudged}"


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_what_may_happen_to_a_database_is_told_in_our_words(name: str) -> None:
    extended = [code for code in RESULT_CODES.values() if code & 0xFF == RESULT_CODES[name]]
    for code in extended:
        told = sqlite_refusals.refusal(sqlite_error(code))
        assert isinstance(told, Unavailable)
        assert "Nothing was recorded" in told.message
        assert "what the driver says" not in told.message


@pytest.mark.parametrize("name", sorted(BUGS))
def test_what_can_only_be_a_bug_stays_what_it_is(name: str) -> None:
    error = sqlite_error(RESULT_CODES[name])
    assert sqlite_refusals.refusal(error) is error


@pytest.mark.parametrize("command", [["doctor"], ["keys", "list"]])
def test_a_bug_is_told_with_its_trace_and_an_exit_code_of_its_own(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "platformdirs.py").write_text("raise RuntimeError('this installation is broken')\n")
    run = "import sys; sys.path.insert(0, sys.argv.pop(1)); from runtally.cli.main import main; sys.exit(main())"
    arguments = [sys.executable, "-c", run, str(tmp_path), *command]
    ended = subprocess.run(arguments, env=environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == EXIT_CODES["internal"] == 70
    assert ended.stdout == ""
    assert "internal error" in ended.stderr
    assert "this installation is broken" in ended.stderr


def test_doctor_exits_with_7_where_a_check_failed_and_says_what_to_do(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    foreign.chmod(0o600)
    ended = run("--db", str(foreign), "doctor")
    assert ended.returncode == EXIT_CODES["unavailable"] == 7, ended.stderr
    assert "FAIL" in ended.stdout
    assert "point RUNTALLY_DB at another file" in ended.stdout


def test_doctor_finds_nothing_wrong_before_the_first_call_and_after_it(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    for is_there in (False, True):
        assert database.exists() is is_there
        ended = run("doctor", RUNTALLY_DB=str(database))
        assert (ended.returncode, "FAIL" in ended.stdout) == (0, False), ended.stdout + ended.stderr
        assert run("--db", str(database), "keys", "create", "--project", "alpha", "--role", "read").returncode == 0
