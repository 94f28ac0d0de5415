"""The command as a person types it: options on either side, exit codes, and refusals one can act on."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from runtally.version import __version__
from tests.journeys.processes import BOUND_SECONDS, Process, StdioClient, command, environment, run

AS_ROOT = os.name != "posix" or os.geteuid() == 0


def refusal(ended: subprocess.CompletedProcess[str], exit_code: int) -> str:
    """What a command that was refused said; one line, and nothing that looks like an answer."""
    assert ended.returncode == exit_code, ended.stderr
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith("runtally: error: ")
    return ended.stderr.removeprefix("runtally: error: ").rstrip()


def test_version_and_help_say_what_this_is() -> None:
    version = run("--version")
    assert (version.returncode, version.stdout) == (0, f"runtally {__version__}\n")
    for arguments in ([], ["serve"], ["doctor"], ["reprice"], ["keys"], ["keys", "create"], ["keys", "list"]):
        told = run(*arguments, "--help")
        assert (told.returncode, told.stderr) == (0, "")
        assert "--db FILE" in told.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--db", "{db}", "--project", "alpha,beta", "doctor"],
        ["doctor", "--db", "{db}", "--project", "alpha,beta"],
        ["--db", "{db}", "doctor", "--project", "alpha,beta"],
        ["--project", "alpha,beta", "doctor", "--db={db}"],
        ["--db", "other.db", "--project", "other", "doctor", "--db", "{db}", "--project", "alpha,beta"],
        ["doctor", "--db", "other.db", "--db", "{db}", "--project", "other", "--project", "alpha,beta"],
    ],
)
def test_the_database_and_the_projects_stand_on_either_side_and_the_later_one_counts(
    arguments: list[str], tmp_path: Path
) -> None:
    database = str(tmp_path / "ledger.db")
    assert run("keys", "create", "--project", "alpha", "--role", "read", "--db", database).returncode == 0
    ended = run(*(argument.format(db=database) for argument in arguments), RUNTALLY_DB="x.db", RUNTALLY_PROJECT_KEY="x")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[0] == f"database {database}"
    assert "binding: alpha, beta (in this shell)\n" in ended.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--db", "{db}", "--project", "alpha"],
        ["serve", "--db", "{db}", "--project", "alpha"],
        ["--db", "{db}", "serve", "--project", "alpha"],
        ["--db", "other.db", "--project", "other", "serve", "--project", "alpha", "--db", "{db}"],
    ],
)
def test_a_server_takes_them_on_either_side(arguments: list[str], tmp_path: Path) -> None:
    database = str(tmp_path / "ledger.db")
    ended = run(*(argument.format(db=database) for argument in arguments))
    assert (ended.returncode, ended.stdout) == (0, "")
    assert f"database {database}; bound to alpha\n" in ended.stderr


@pytest.mark.parametrize("arguments", [[], ["serve"], ["doctor"], ["keys", "list"]])
def test_what_is_not_given_is_as_the_environment_says(arguments: list[str], tmp_path: Path) -> None:
    ended = run(*arguments, RUNTALLY_DB=str(tmp_path / "environment.db"))
    assert ended.returncode == 0
    assert str(tmp_path / "environment.db") in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["srve"], "'srve', did you mean 'serve'\\?.*doctor.*`runtally --help`"),
        (["keys", "creat"], "'creat', did you mean 'create'\\?.*`runtally keys --help`"),
        (["x"], r"'x' \(choose from 'serve', "),
        (["doctor", "now"], "now.*`runtally --help`"),
        (["--verbose"], "--verbose"),
        (["--db"], "--db.*`runtally --help`"),
        (["doctor", "--db"], "--db.*`runtally doctor --help`"),
        (["--db", "", "doctor"], "--db is empty"),
        (["doctor", "--project", ""], "--project is empty"),
        (["doctor", "--project", "two words"], "--project names 'two words'"),
        (["keys"], "COMMAND.*`runtally keys --help`"),
        (["keys", "create", "--role", "read"], "--project.*`runtally keys create --help`"),
        (["--project", "alpha", "keys", "create", "--role", "read"], "--project"),
        (["keys", "create", "--project", "alpha"], "--role"),
        (["keys", "create", "--project", "alpha", "--role", "owner"], "'owner'.*read.*write.*admin"),
        (["keys", "revoke"], "KEY_ID"),
        (["serve", "--http", "--port", "http"], "'http' is not a port from 0 to 65535"),
        (["serve", "--http", "--port", "65536"], "'65536' is not a port"),
        (["serve", "--http", "--port", "-1"], "'-1' is not a port"),
        (["serve", "--port", "0"], "--port is for HTTP alone; add --http"),
        (["serve", "--host", "localhost"], "--host is for HTTP alone; add --http"),
        (["serve", "--without-keys"], "--without-keys is for HTTP alone; add --http"),
        (["demo", "--db", "ledger.db"], "--db.*`runtally --help`"),
        (["--db", "ledger.db", "demo"], "leave out --db and --project"),
        (["--project", "alpha", "demo"], "leave out --db and --project"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused_in_a_sentence(arguments: list[str], told: str) -> None:
    assert re.search(told, refusal(run(*arguments), 2))


@pytest.mark.parametrize("arguments", [[], ["serve", "--http"], ["demo"], ["doctor"], ["keys", "list"]])
@pytest.mark.parametrize(
    ("variable", "value"), [("RUNTALLY_REDACT", "maybe"), ("RUNTALLY_BUSY_SECONDS", "9" * 5000)], ids=["redact", "busy"]
)
def test_a_variable_that_cannot_be_meant_is_refused_by_every_command(
    arguments: list[str], variable: str, value: str
) -> None:
    assert variable in refusal(run(*arguments, **{variable: value}), 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--http", "--port", "0"],
        ["doctor"],
        ["keys", "list"],
        ["keys", "revoke", "some"],
        ["keys", "create", "--project", "alpha", "--role", "read"],
    ],
)
def test_a_database_that_cannot_be_one_is_refused_by_every_command_that_needs_it_at_once(
    arguments: list[str], tmp_path: Path
) -> None:
    assert "is a folder; name a file in it" in refusal(run(*arguments, "--db", str(tmp_path)), 2)
    assert "nobody's home" in refusal(run(*arguments, "--db", "~no-such-user-here/ledger.db"), 2)
    assert "too long" in refusal(run(*arguments, "--db", str(tmp_path / ("x" * 300))), 7)
    if not AS_ROOT:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0)
        assert "may not enter" in refusal(run(*arguments, "--db", str(closed / "folder" / "ledger.db")), 7)
    assert [path.name for path in tmp_path.iterdir()] == ([] if AS_ROOT else ["closed"])


@pytest.mark.skipif(AS_ROOT, reason="permission bits do not bind root")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    database = str(tmp_path / "ledger.db")
    try:
        created = run("keys", "create", "--project", "alpha", "--role", "read", "--db", database)
        assert "may write there" in refusal(created, 7)
        assert "may write there" in run("serve", "--http", "--port", "0", "--db", database).stderr
        examined = run("doctor", "--db", database)
        assert (examined.returncode, examined.stderr) == (7, "")
        assert "its folder cannot be written" in examined.stdout
    finally:
        tmp_path.chmod(0o700)


def test_a_port_in_use_is_told_with_a_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("serve", "--http", "--port", port, "--db", str(tmp_path / "ledger.db"))
    assert (
        refusal(ended, 2)
        == f"port {port} of 127.0.0.1 is in use; choose another with --port, or 0 for any that is free"
    )


@pytest.mark.parametrize("host", ["192.0.2.7", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_told(host: str, tmp_path: Path) -> None:
    database = str(tmp_path / "ledger.db")
    assert run("keys", "create", "--project", "alpha", "--role", "read", "--db", database).returncode == 0
    ended = run("serve", "--http", "--host", host, "--port", "0", "--db", database)
    assert "no address of this machine" in refusal(ended, 2)


def test_a_server_over_http_takes_its_options_after_the_command(tmp_path: Path) -> None:
    database = str(tmp_path / "ledger.db")
    with Process("serve", "--http", "--port", "0", "--db", database, "--project", "alpha") as server:
        server.wait_for(
            rf"http://127\.0\.0\.1:\d+/mcp; database {re.escape(database)}; bound to alpha; no keys yet; .*\n"
        )
        server.process.terminate()
        server.process.wait(BOUND_SECONDS)
        assert "Traceback" not in server.stderr


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            command("doctor"),
            stdout=writing,
            stderr=subprocess.PIPE,
            env=environment(RUNTALLY_DB=str(tmp_path / "ledger.db")),
            timeout=BOUND_SECONDS,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_answer_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command("keys", "create", "--project", "alpha", "--role", "read", "--db", str(tmp_path / "ledger.db")),
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=BOUND_SECONDS,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"runtally: error: the answer cannot be written to stdout")
    assert b"Traceback" not in ended.stderr


def test_an_answer_goes_to_any_terminal(tmp_path: Path) -> None:
    database = tmp_path / "l\N{LATIN SMALL LETTER E WITH ACUTE}dger.db"
    ended = run("doctor", RUNTALLY_DB=str(database), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ended.returncode == 0
    assert r"l\xe9dger.db" in ended.stdout


def test_a_request_whose_id_cannot_be_sent_back_does_not_end_the_server(tmp_path: Path) -> None:
    with StdioClient(tmp_path / "ledger.db") as client:
        client.write(b'{"jsonrpc":"2.0","id":"\\ud800","method":7}')
        assert client.ask("tools/list")["result"]["tools"]
        (refused,) = client.unsolicited
        assert b'"id":null' in refused
        client.unsolicited.clear()


@pytest.mark.parametrize(
    "arguments",
    [
        ["{key}"],
        ["doctor", "{key}"],
        ["keys", "revoke", "{key}"],
        ["keys", "create", "--role", "read", "--project", "{key} "],
        ["keys", "create", "--project", "alpha", "--role", "{key}"],
        ["keys", "create", "--project", "alpha", "--role", "read", "--expires", "{key}"],
        ["--project", "{key} x", "doctor"],
    ],
)
def test_a_key_that_is_given_in_the_wrong_place_is_not_repeated(arguments: list[str], tmp_path: Path) -> None:
    database = str(tmp_path / "ledger.db")
    key = run("keys", "create", "--project", "alpha", "--role", "read", "--db", database).stdout.strip()
    ended = run(*(argument.format(key=key) for argument in arguments), RUNTALLY_DB=database)
    assert refusal(ended, 2)
    assert key[4:] not in ended.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
def test_a_person_who_starts_a_server_at_a_terminal_is_told_what_it_waits_for(tmp_path: Path) -> None:
    terminal, stdin = os.openpty()
    with os.fdopen(terminal, "wb", buffering=0) as keyboard:
        server = subprocess.Popen(
            command("--db", str(tmp_path / "ledger.db")),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        os.close(stdin)
        keyboard.write(b"\x04")
        said, told = server.communicate(timeout=BOUND_SECONDS)
    assert (server.returncode, said) == (0, b"")
    assert len(told.splitlines()) == 2
    assert b"waits for an MCP host on stdin; Ctrl-C ends it. `runtally demo` shows" in told


def test_a_host_that_starts_a_server_is_told_nothing_of_the_sort(tmp_path: Path) -> None:
    ended = run("--db", str(tmp_path / "ledger.db"))
    assert (ended.returncode, ended.stdout) == (0, "")
    assert len(ended.stderr.splitlines()) == 1
