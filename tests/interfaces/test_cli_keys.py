"""Bearer keys from the command line: made, listed, revoked; and only making one makes a database."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.processes import run

NEVER = "01a1fd8a-392b-73bb-82bd-f70c57316448"


def listed(database: Path) -> list[list[str]]:
    ended = run("keys", "list", "--db", str(database))
    assert ended.returncode == 0, ended.stderr
    assert "rtk_" not in ended.stdout + ended.stderr
    return [line.split("\t") for line in ended.stdout.splitlines()]


def create(database: Path, *arguments: str) -> str:
    """The id of a new key."""
    before = {row[0] for row in listed(database)}
    ended = run("keys", "create", *arguments, "--db", str(database))
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(r"rtk_[\w-]{43}\n", ended.stdout)
    assert "only time" in ended.stderr
    (new,) = {row[0] for row in listed(database)} - before
    assert f"key {new}, kept as a hash in {database}: " in ended.stderr
    assert "rtk_" not in ended.stderr
    return new


def test_a_key_is_made_listed_revoked_and_listed_as_such(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    writer = create(database, "--project", "alpha", "--project", "beta", "--role", "write", "--expires", "90d")
    reader = create(database, "--project", "alpha", "--role", "read")
    first, second = listed(database)
    assert first[:3] == [writer, "write", "alpha,beta"]
    assert re.fullmatch(r"usable, expires \d{4}-\d\d-\d\dT.*Z", first[4])
    assert second[:3] == [reader, "read", "alpha"]
    assert second[4] == "usable, never expires"

    revoked = run("keys", "revoke", writer, "--db", str(database))
    assert (revoked.returncode, revoked.stdout) == (0, "")
    assert writer in revoked.stderr
    first, second = listed(database)
    assert re.fullmatch(r"revoked \d{4}-\d\d-\d\dT.*Z", first[4])
    assert second[4] == "usable, never expires"

    again = run("--db", str(database), "keys", "revoke", writer)
    assert again.returncode == 4
    assert f"{writer} is already revoked since {first[4].removeprefix('revoked ')}\n" in again.stderr
    unknown = run("keys", "--db", str(database), "revoke", NEVER)
    assert unknown.returncode == 4
    assert "keys list" in unknown.stderr


def test_a_project_before_the_command_is_not_one_that_a_new_key_opens(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    made = run("--project", "other", "--db", str(database), "keys", "create", "--project", "alpha", "--role", "read")
    assert made.returncode == 0
    assert [row[2] for row in listed(database)] == ["alpha"]


@pytest.mark.parametrize("content", [None, b""], ids=["no file", "an empty file"])
def test_where_there_is_no_database_there_are_no_keys_and_looking_makes_none(
    content: bytes | None, tmp_path: Path
) -> None:
    database = tmp_path / "folder" / "ledger.db"
    if content is not None:
        database.parent.mkdir()
        database.write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    for arguments in (("keys", "list", "--db", str(database)), ("--db", str(database), "keys", "list")):
        listing = run(*arguments)
        assert (listing.returncode, listing.stdout) == (0, "")
        assert f"no keys yet in {database}" in listing.stderr
    revoked = run("keys", "revoke", NEVER, "--db", str(database))
    assert revoked.returncode == 4
    assert NEVER in revoked.stderr
    assert str(database) in revoked.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert content is None or database.read_bytes() == content


def test_a_database_that_was_parted_from_its_log_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "ledger.db-wal").write_bytes(b"what was recorded last")
    for arguments in (["list"], ["revoke", NEVER]):
        ended = run("keys", *arguments, "--db", str(tmp_path / "ledger.db"))
        assert ended.returncode == 7
        assert "-wal" in ended.stderr


def test_keys_are_listed_while_another_process_writes(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    key_id = create(database, "--project", "alpha", "--role", "read")
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [row[0] for row in listed(database)] == [key_id]
        revoked = run("keys", "revoke", key_id, "--db", str(database), RUNTALLY_BUSY_SECONDS="1")
        assert revoked.returncode == 7
        assert "another process" in revoked.stderr


def test_listing_changes_nothing_in_the_file(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    create(database, "--project", "alpha", "--role", "read")
    before = database.read_bytes()
    listed(database)
    assert database.read_bytes() == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permission bits do not bind root")
def test_keys_are_listed_where_the_file_cannot_be_written(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    key_id = create(database, "--project", "alpha", "--role", "read")
    for path in tmp_path.iterdir():
        path.chmod(0o400)
    assert [row[0] for row in listed(database)] == [key_id]
    revoked = run("keys", "revoke", key_id, "--db", str(database))
    assert revoked.returncode == 7
    assert "cannot be written" in revoked.stderr


@pytest.mark.parametrize("content", [b"this is no database" * 9, None], ids=["not SQLite", "another program's"])
def test_keys_of_what_is_no_ledger_are_not_listed(content: bytes | None, tmp_path: Path) -> None:
    database = tmp_path / "other.db"
    if content is None:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE theirs (x)")
    else:
        database.write_bytes(content)
    before = database.read_bytes()
    ended = run("keys", "list", "--db", str(database))
    assert (ended.returncode, ended.stdout) == (7, "")
    assert "Traceback" not in ended.stderr
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("expires", "told"),
    [
        ("", "neither a time"),
        ("soon", "neither a time"),
        ("0d", "neither a time"),
        ("100000d", "neither a time"),
        ("2030-02-30T00:00:00Z", "neither a time"),
        ("9999-12-31T23:59:59-23:59", "neither a time"),
        ("2100-01-31", "offset from UTC"),
        ("2100-01-31T00:00:00", "offset from UTC"),
        ("2020-01-01T00:00:00Z", "past"),
    ],
)
def test_an_expiry_that_cannot_be_meant_makes_no_key(expires: str, told: str, tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    ended = run("keys", "create", "--project", "alpha", "--role", "read", "--expires", expires, "--db", str(database))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr
    assert listed(database) == []


@pytest.mark.parametrize("expires", ["2100-01-31T00:00:00Z", "2100-01-31T01:00:00+01:00", "9999-12-31T23:59:59Z"])
def test_an_expiry_is_a_moment_in_any_zone(expires: str, tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    create(database, "--project", "alpha", "--role", "read", "--expires", expires)
    ((*_, state),) = listed(database)
    shown = "9999-12-31T23:59:59Z" if expires.startswith("9999") else "2100-01-31T00:00:00Z"
    assert state == f"usable, expires {shown}"


def test_a_project_that_is_none_makes_no_key(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    ended = run("keys", "create", "--project", "two words", "--role", "read", "--db", str(database))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "'two words'" in ended.stderr
    assert listed(database) == []
