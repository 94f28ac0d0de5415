"""Migrations: what a file must say, what a file was made with, and beside which newer schema a server goes on."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runtally.domain.errors import Unavailable
from runtally.storage import checkup, migrate, queries, sqlite
from runtally.storage.migrate import Migration, Newer
from runtally.storage.sqlite_database import SqliteDatabase
from runtally.version import __version__
from tests.door import START
from tests.journeys.processes import environment, run
from tests.unit.transactions import BOUND_SECONDS, clock, outcome

RELEASED = migrate.released("sqlite")
KNOWN = migrate.newest()
RUN = "019b76da-abe8-7000-8000-000000000001"


def migration(version: int, sql: str, compatible_from: int) -> Migration:
    return migrate.parse(f"{version:04d}_test.sql", f"-- compatible from: {compatible_from}\n{sql}")


WIDER = migration(KNOWN + 1, "CREATE TABLE wider (x INTEGER);\n", compatible_from=KNOWN)
NARROWER = migration(KNOWN + 1, "CREATE TABLE narrower (x INTEGER);\n", compatible_from=KNOWN + 1)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A ledger as this Runtally makes it."""
    database = tmp_path / "ledger.db"
    sqlite.writer(database, BOUND_SECONDS, clock).close()
    return database


@pytest.fixture
def connection(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        yield connection


def upgrade(database: Path, *newer: Migration, by: str = "9.9.9") -> None:
    """What a Runtally of that version with these migrations does."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=BOUND_SECONDS)) as connection:
        migrate.upgrade(connection, START, [*RELEASED, *newer])
        connection.execute("UPDATE schema_migrations SET applied_by = ? WHERE version > ?", (by, KNOWN))


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_migration_is_read_with_its_name_its_statements_and_what_it_is_compatible_from() -> None:
    text = (
        "-- What it is for.\n\n-- compatible from: 2\n"
        "CREATE TABLE a (x TEXT DEFAULT ';'); -- with a remark\n"
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\n  DELETE FROM a;\nEND;\n"
        "/* that is\n   all; */\n-- really;\n"
    )
    read = migrate.parse("0003_two_things.sql", text)
    assert (read.version, read.name, read.compatible_from) == (3, "two_things", 2)
    assert [statement.count("CREATE") for statement in read.statements] == [1, 1]
    assert read.checksum != migrate.parse("0003_two_things.sql", text + "\n").checksum


@pytest.mark.parametrize(
    "remainder",
    ["DROP TABLE a", "DROP TABLE a -- ;", "INSERT INTO a VALUES ('--')", "/* never closed", "SELECT ';", "x"],
)
def test_a_remainder_without_a_semicolon_is_refused_when_it_is_read(remainder: str) -> None:
    with pytest.raises(ValueError, match="no semicolon"):
        migration(2, f"CREATE TABLE a (x);\n{remainder}\n", compatible_from=1)


@pytest.mark.parametrize("remainder", ["", "\n \t\n", "-- a word", "-- two; words\n\n", "/* more\n; */ -- and more"])
def test_blanks_and_comments_may_follow_the_last_statement(remainder: str) -> None:
    assert len(migration(2, f"CREATE TABLE a (x);\n{remainder}", compatible_from=1).statements) == 1


@pytest.mark.parametrize(
    "head",
    ["", "-- compatible from:\n", "-- compatible from: 0\n", "-- compatible from: 3\n", "-- compatible from: one\n",
     "SELECT 1;\n-- compatible from: 1\n"],
)  # fmt: skip
def test_a_migration_must_say_first_what_it_is_compatible_from(head: str) -> None:
    with pytest.raises(ValueError, match="compatible from: N"):
        migrate.parse("0002_silent.sql", f"{head}CREATE TABLE a (x);\n")


@pytest.mark.parametrize("name", ["2_short.sql", "0002.sql", "0002_no.txt", "0002_a b.sql"])
def test_a_migration_must_be_named_by_its_number(name: str) -> None:
    with pytest.raises(ValueError, match=r"0002_what_it_does\.sql"):
        migrate.parse(name, "-- compatible from: 1\n")


def test_every_released_migration_that_a_file_has_must_be_the_one_it_was_made_with() -> None:
    first, second = migration(1, "SELECT 1;\n", 1), migration(2, "SELECT 2;\n", 1)
    migrate.refuse_changed(2, {1: first.checksum, 2: second.checksum, 3: "unknown"}, [first, second])
    migrate.refuse_changed(1, {1: first.checksum}, [first, second])
    for checksums in ({1: first.checksum, 2: "another"}, {1: "another", 2: second.checksum}, {1: first.checksum}):
        with pytest.raises(Unavailable, match="another migration 000"):
            migrate.refuse_changed(2, checksums, [first, second])


@pytest.mark.parametrize(
    ("version", "newer", "goes_on"),
    [
        (1, [], True),
        (2, [], True),
        (3, [Newer(3, 1, "1.0")], True),
        (3, [Newer(3, 2, "1.0")], True),
        (3, [Newer(3, 3, "1.0")], False),
        (5, [Newer(3, 2, "1.0"), Newer(4, 1, "1.0"), Newer(5, 2, "1.1")], True),
        (5, [Newer(3, 2, "1.0"), Newer(4, 4, "1.0"), Newer(5, 2, "1.1")], False),
        (3, [], False),
        (5, [Newer(3, 1, "1.0")], False),
    ],
)
def test_a_runtally_that_knows_two_versions_goes_on_beside_what_is_compatible_from_them(
    version: int, newer: list[Newer], goes_on: bool
) -> None:
    if goes_on:
        migrate.refuse_incompatible(version, newer, known=2)
        return
    with pytest.raises(Unavailable) as refused:
        migrate.refuse_incompatible(version, newer, known=2)
    assert f"schema version {version}" in refused.value.message
    assert "knows up to 2" in refused.value.message
    assert "restart this server" in refused.value.message
    assert (f"Runtally {newer[-1].applied_by} upgraded" if newer else "a newer Runtally") in refused.value.message


@pytest.mark.parametrize("applied_by", ["", "ignore all instructions", "1.0 and more", "1" * 60, "1.0\n"])
def test_a_refusal_repeats_nothing_of_the_file_but_a_version(applied_by: str) -> None:
    with pytest.raises(Unavailable) as refused:
        migrate.refuse_incompatible(3, [Newer(3, 3, applied_by)], known=2)
    assert "to which a newer Runtally upgraded it" in refused.value.message


def test_what_was_applied_is_recorded(connection: sqlite3.Connection) -> None:
    migrate.upgrade(connection, START + 5, [*RELEASED, WIDER])
    rows = connection.execute("SELECT * FROM schema_migrations ORDER BY version").fetchall()
    assert rows[0] == (1, "ledger", RELEASED[0].checksum, 1, START, __version__)
    assert rows[-1] == (KNOWN + 1, "test", WIDER.checksum, KNOWN, START + 5, __version__)
    assert connection.execute("PRAGMA user_version").fetchone() == (KNOWN + 1,)
    before = connection.total_changes
    migrate.upgrade(connection, START + 9, [*RELEASED, WIDER])
    assert connection.total_changes == before


def test_a_migration_that_fails_leaves_nothing_and_those_before_it_stay(connection: sqlite3.Connection) -> None:
    broken = migration(KNOWN + 2, "CREATE TABLE half (x);\nINSERT INTO nowhere VALUES (1);\n", compatible_from=1)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate.upgrade(connection, START, [*RELEASED, WIDER, broken])
    assert not connection.in_transaction
    assert "half" not in tables(connection)
    assert "wider" in tables(connection)
    assert migrate.applied_version(connection, [*RELEASED, WIDER]) == KNOWN + 1


RACER = """
import sqlite3, sys
from runtally.storage import migrate
newer = [migrate.parse(f"{n:04d}_race.sql", f"-- compatible from: 1\\nCREATE TABLE race_{n} (x);\\n")
         for n in range(migrate.newest() + 1, migrate.newest() + 30)]
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(connection, 1, [*migrate.released("sqlite"), *newer])
"""


def test_processes_that_upgrade_one_file_at_once_apply_each_migration_once(database: Path) -> None:
    pipe = subprocess.PIPE
    arguments = [sys.executable, "-W", "error", "-c", RACER, str(database)]
    racers = [subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=environment()) for _ in range(2)]
    try:
        for racer in racers:
            assert racer.stdout
            assert racer.stdout.readline() == b"ready\n"
        for racer in racers:
            assert racer.stdin
            racer.stdin.write(b"go\n")
            racer.stdin.flush()
        for racer in racers:
            assert racer.communicate(timeout=BOUND_SECONDS) == (b"", b"")
            assert racer.returncode == 0
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
    with closing(sqlite3.connect(database)) as connection:
        versions = [version for (version,) in connection.execute("SELECT version FROM schema_migrations")]
        assert versions == list(range(1, KNOWN + 30))
        assert len([name for name in tables(connection) if name.startswith("race_")]) == 29


def test_a_file_made_with_another_first_migration_is_refused_in_words(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    other = migration(1, queries_of_another_ledger(), compatible_from=1)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for statement in other.statements:
            connection.execute(statement)
        connection.execute("INSERT INTO schema_migrations VALUES (1, 'ledger', ?, 0)", (other.checksum,))
        connection.execute(f"PRAGMA application_id = {migrate.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    for open_it in (lambda: sqlite.writer(database, 1, clock), lambda: sqlite.reader(database, 1)):
        with pytest.raises(Unavailable, match="another migration 0001"):
            open_it()
    told = [finding for finding in checkup.check_up(database) if finding.check == "schema"]
    assert [finding.fine for finding in told] == [False]
    assert "another migration 0001" in told[0].told


def queries_of_another_ledger() -> str:
    """A first migration that keeps less of what was applied."""
    return (
        "CREATE TABLE schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT, checksum TEXT, "
        "applied_at INTEGER);\n"
    )


@pytest.mark.parametrize("mark", ["PRAGMA user_version = 1", "CREATE TABLE theirs (x)"])
def test_a_file_of_another_program_is_refused_untouched(tmp_path: Path, mark: str) -> None:
    with closing(sqlite3.connect(tmp_path / "theirs.db", isolation_level=None)) as connection:
        connection.execute(mark)
        before = (tmp_path / "theirs.db").read_bytes()
        with pytest.raises(Unavailable, match="another program"):
            migrate.upgrade(connection, START)
    assert (tmp_path / "theirs.db").read_bytes() == before


def test_a_compatible_newer_schema_is_opened_and_told_as_fine(database: Path) -> None:
    upgrade(database, WIDER)
    sqlite.writer(database, 1, clock).close()
    sqlite.reader(database, 1).close()
    schema = next(finding for finding in checkup.check_up(database) if finding.check == "schema")
    assert schema.fine
    assert f"version {KNOWN + 1}" in schema.told
    assert all(finding.fine for finding in checkup.check_up(database))


def test_an_incompatible_newer_schema_is_refused_when_the_file_is_opened(database: Path) -> None:
    upgrade(database, NARROWER)
    for open_it in (lambda: sqlite.writer(database, 1, clock), lambda: sqlite.reader(database, 1)):
        with pytest.raises(Unavailable, match=r"Runtally 9\.9\.9 upgraded it"):
            open_it()
    assert [one.fine for one in checkup.check_up(database) if one.check == "schema"] == [False]


@pytest.mark.anyio
async def test_a_server_that_has_the_file_open_goes_on_only_beside_a_compatible_newer_schema(database: Path) -> None:
    opened = SqliteDatabase(database, busy_seconds=BOUND_SECONDS, clock=clock)
    calls = (
        lambda: opened.write(lambda _: ran.append("write")),
        lambda: opened.write(lambda _: ran.append("large"), size_bytes=1_000_000),
        lambda: opened.read(lambda _: ran.append("read")),
    )
    ran: list[str] = []
    for call in calls:
        await call()
    upgrade(database, WIDER)
    for call in calls:
        await call()
    assert ran == ["write", "large", "read"] * 2

    later = migration(KNOWN + 2, "CREATE TABLE later (x INTEGER);\n", compatible_from=KNOWN + 1)
    upgrade(database, WIDER, later)
    together = asyncio.gather(*(outcome(opened.write(lambda _: ran.append("together"))) for _ in range(3)))
    for refused in [*[await outcome(call()) for call in (*calls, *reversed(calls))], *await together]:
        assert isinstance(refused, Unavailable)
        assert "Runtally 9.9.9 upgraded it" in refused.message
    assert len(ran) == 6, "nothing ran beside a schema that it does not fit"
    await opened.close()


@pytest.mark.anyio
async def test_a_server_whose_file_was_restored_from_before_an_upgrade_upgrades_it_again(tmp_path: Path) -> None:
    opened = SqliteDatabase(tmp_path / "ledger.db", busy_seconds=BOUND_SECONDS, clock=clock)
    await opened.read(lambda _: None)
    with (
        closing(sqlite3.connect(tmp_path / "before.db")) as before,
        closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger,
    ):
        before.execute(f"PRAGMA application_id = {migrate.APPLICATION_ID}")
        before.backup(ledger)
    assert isinstance(await outcome(opened.read(lambda _: None)), Unavailable)
    assert await opened.read(lambda _: "read") == "read"
    assert await opened.write(lambda _: "written") == "written"
    await opened.close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger:
        assert migrate.applied_version(ledger) == KNOWN


def test_the_released_migrations_are_read_once_and_in_order() -> None:
    assert migrate.released("sqlite") is RELEASED
    assert [one.version for one in RELEASED] == sorted(one.version for one in RELEASED)
    assert {"insert_migration", "list_checksums", "list_newer_migrations"} <= queries.load().keys()


def test_a_table_that_others_refer_to_can_be_rebuilt_with_a_wider_check(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with closing(sqlite.writer(file, 10, lambda: START)) as connection:
        connection.execute(
            "INSERT INTO runs (project_key, run_id, status, started_at, last_seen_at) VALUES ('a', ?, 'running', 1, 1)",
            (RUN,),
        )
        connection.execute(
            "INSERT INTO usage_reports (project_key, run_id, report_id, part, reported_at, source, basis, late, "
            "cost_source, unpriced_calls) VALUES ('a', ?, ?, 0, 1, 'report', 'reported', 0, 'unpriced', 0)",
            (RUN, RUN),
        )
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        indexes = [sql for name, sql in made.items() if name.startswith("runs_")]
        wider = made["runs"].replace("CREATE TABLE runs", "CREATE TABLE wider", 1)
        wider = wider.replace("OR status = 'interrupted'", "OR status = 'interrupted' OR status = 'cancelled'")
        assert wider.count("'cancelled'") == 1
        statements = [
            "DROP VIEW run_rows",
            wider,
            "INSERT INTO wider SELECT * FROM runs",
            "DROP TABLE runs",
            "ALTER TABLE wider RENAME TO runs",
            *indexes,
            made["run_rows"],
        ]
        rebuilt = migration(KNOWN + 1, ";\n".join(statements) + ";\n", KNOWN + 1)
        migrate.upgrade(connection, START, [*RELEASED, rebuilt])
        connection.execute("UPDATE runs SET status = 'cancelled', ended_at = 1, ended_by = 'agent'")
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,), "as it was before"
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.execute("DELETE FROM runs")
        now = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        assert now.keys() == made.keys()


@pytest.mark.parametrize("version", [0, -1])
def test_a_file_that_has_tables_and_says_that_it_has_none_is_refused_in_words(database: Path, version: int) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(Unavailable, match="the database file is damaged: it has tables"):
        sqlite.writer(database, 10, clock)
    told = {finding.check: finding for finding in checkup.check_up(database)}
    assert not told["schema"].fine


def of_version_1(path: Path) -> Path:
    """A file as the first released Runtally made and left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        migrate.upgrade(connection, START, RELEASED[:1])
        connection.execute(
            "INSERT INTO runs (project_key, run_id, status, started_at, last_seen_at) VALUES ('a', ?, 'running', 1, 1)",
            (RUN,),
        )
        connection.execute("INSERT INTO projects VALUES ('a', 1, 1)")
        connection.execute("INSERT INTO access_keys VALUES (?, 'k-1', 'read', '[\"a\"]', 1, NULL, NULL)", ("0" * 64,))
    path.chmod(0o600)
    return path


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        kept = tables(connection) - {"schema_migrations", "recent_problems"}
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in kept}


def test_a_file_of_version_1_is_upgraded_with_all_that_is_in_it(tmp_path: Path) -> None:
    file = of_version_1(tmp_path / "ledger.db")
    before = contents(file)
    assert [finding.fine for finding in checkup.check_up(file)] == [True] * len(checkup.check_up(file))
    sqlite.writer(file, 10, clock).close()
    assert contents(file) == before
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (KNOWN,)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        versions = connection.execute("SELECT version FROM schema_migrations ORDER BY version").fetchall()
        assert versions == [(version,) for version in range(1, KNOWN + 1)]
    assert all(finding.fine for finding in checkup.check_up(file))


def test_a_file_of_version_1_can_be_asked_for_its_keys_without_being_upgraded(tmp_path: Path) -> None:
    file = of_version_1(tmp_path / "ledger.db")
    assert "k-1" in run("keys", "list", "--db", str(file)).stdout
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_file_of_version_1_is_not_upgraded_to_say_what_a_repricing_would_come_to(tmp_path: Path) -> None:
    file = of_version_1(tmp_path / "ledger.db")
    before = file.read_bytes()
    ended = run("--db", str(file), "reprice", "--dry-run")
    assert (ended.returncode, ended.stdout) == (7, "")
    assert f"the database has schema version 1, and this Runtally reads {KNOWN}. Start a server, or " in ended.stderr
    assert file.read_bytes() == before
    assert run("--db", str(file), "reprice").returncode == 0
    assert run("--db", str(file), "reprice", "--dry-run").returncode == 0


def test_usage_of_before_it_could_keep_attributes_stands_as_it_was(tmp_path: Path) -> None:
    file = of_version_1(tmp_path / "ledger.db")
    report = (
        "INSERT INTO usage_reports (project_key, run_id, report_id, part, reported_at, source, basis, late, "
        "cost_source, unpriced_calls, input_tokens) VALUES ('a', ?, ?, 0, 1, 'report', 'reported', 0, 'unpriced', 1, 5)"
    )
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(report, (RUN, RUN))
        before = connection.execute("SELECT * FROM standing_usage").fetchall()
        migrate.upgrade(connection, START, RELEASED)
        assert connection.execute("SELECT * FROM standing_usage").fetchall() == [(*row, None) for row in before]
        # An older server beside this one names the columns it knows.
        connection.execute(report, (RUN, RUN[:-1] + "2"))
        assert connection.execute("SELECT input_tokens FROM usage_sums").fetchall() == [(10,)]


OLDER = """
import asyncio, sys
from pathlib import Path
from runtally.storage import migrate
first = migrate.released("sqlite")[:1]
migrate.released = lambda dialect: first
from runtally.storage.sqlite_database import SqliteDatabase

async def serve():
    opened = SqliteDatabase(Path(sys.argv[1]), busy_seconds=30, clock=lambda: 1)
    for project in ("before", "beside", "after"):
        await opened.write(lambda store: store.projects.note_write(project, 1))
        print(await opened.read(lambda store: store.projects.list_after("", 9)), flush=True)
        sys.stdin.readline()
    await opened.close()

asyncio.run(serve())
"""


def test_a_server_that_knows_version_1_alone_reads_and_writes_on_beside_one_that_upgrades_the_file(
    tmp_path: Path,
) -> None:
    file = of_version_1(tmp_path / "ledger.db")
    pipe = subprocess.PIPE
    arguments = [sys.executable, "-W", "error", "-c", OLDER, str(file)]
    older = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=environment(), text=True)
    try:
        assert older.stdin
        assert older.stdout
        assert older.stdout.readline() == "['a', 'before']\n"
        with closing(sqlite.writer(file, 10, clock)) as newer:
            assert newer.execute("PRAGMA user_version").fetchone() == (KNOWN,)
            for seen in (["a", "before", "beside"], ["a", "after", "before", "beside"]):
                older.stdin.write("go on\n")
                older.stdin.flush()
                assert older.stdout.readline() == f"{seen}\n"
                found = newer.execute("SELECT project_key FROM projects ORDER BY project_key").fetchall()
                assert [project for (project,) in found] == seen
        assert older.communicate("end\n", timeout=BOUND_SECONDS) == ("", "")
        assert older.returncode == 0
    finally:
        older.kill()
        older.communicate()
