"""`runtally redact` shows what is hidden and never what it hides, and a user's file counts in every process."""

import json
import subprocess
from pathlib import Path

import pytest

from runtally.redaction import Redactor
from tests.journeys.processes import BOUND_SECONDS, StdioClient, command, environment, run

TOKEN = "ghp_" + "a1B2" * 9
NUMBER, KEY = "4711-ab", "ACME-QWERTZUIOP12"
EXTRA = '[[name]]\nname = "customer_number"\n[[pattern]]\npattern = "ACME-[A-Z0-9]{12,40}"\nkind = "acme_key"\n'


@pytest.fixture
def extra(tmp_path: Path) -> Path:
    file = tmp_path / "redact.toml"
    file.write_text(EXTRA)
    return file


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "agent.log"
    file.write_text(f"started\r\nuse {TOKEN} \x1b[2J\npassword=hunter2x, then {KEY}\n")
    return file


def test_a_check_tells_each_place_and_shows_no_secret(log: Path) -> None:
    ended = run("redact", "--check", str(log))
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.splitlines() == [
        f"{log}:2:5: github_token: use [REDACTED:github_token] \\x1b[2J",
        f"{log}:3:10: password: password=[REDACTED:password], then {KEY}",
        f"{log}: 2 would be hidden: 1 github_token, 1 password",
    ]


def test_the_file_of_the_user_counts(log: Path, extra: Path) -> None:
    ended = run("redact", "--check", str(log), RUNTALLY_REDACT_EXTRA=str(extra))
    assert f"{log}:3:25: acme_key: password=[REDACTED:password], then [REDACTED:acme_key]\n" in ended.stdout
    assert ended.stdout.endswith(": 3 would be hidden: 1 acme_key, 1 github_token, 1 password\n")


def test_without_check_the_file_is_printed_with_marks_and_what_comes_is_found_clean(log: Path) -> None:
    ended = read(log.read_bytes())
    assert ended.returncode == 0
    assert ended.stdout == log.read_bytes().replace(TOKEN.encode(), b"[REDACTED:github_token]").replace(
        b"hunter2x", b"[REDACTED:password]"
    )
    again = read(ended.stdout, "--check")
    assert (again.returncode, again.stdout) == (0, b"-: nothing would be hidden\n")


def read(content: bytes, *options: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    """What the command makes of stdin."""
    return subprocess.run(
        command("redact", *options, "-"),
        input=content,
        env=environment(**settings),
        capture_output=True,
        timeout=BOUND_SECONDS,
        check=False,
    )


def test_a_long_line_is_shown_around_what_would_be_hidden() -> None:
    ended = read(b"x " * 500 + TOKEN.encode() + b" y" * 500, "--check")
    (line, _) = ended.stdout.decode().splitlines()
    assert line.startswith("-:1:1001: github_token: …x x ")
    assert line.endswith(" y y…")
    assert len(line) < 250


def test_a_key_is_whole_wherever_a_large_file_is_divided() -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7abc\n" * 40
    filling = "0123456 89\n" * (8 * 1024 * 1024 // 11)
    content = f"{filling[: -11 * 20]}{key}-----END PRIVATE KEY-----\nafter\n{TOKEN}\n"
    assert content.index("-----BEGIN") < 8 * 1024 * 1024 < content.index("-----END")
    lines = read(content.encode(), "--check").stdout.decode().splitlines()
    at = content[: content.index("-----BEGIN")].count("\n") + 1
    assert lines[0] == f"-:{at}:1: private_key: [REDACTED:private_key]"
    assert lines[1] == f"-:{at + 43}:1: github_token: [REDACTED:github_token]"
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfea\x00", "- is not UTF-8 text; convert it first"),
        (b"text\0text", "- holds NUL characters, as no text does"),
        (b"fine\n" * 100_000 + b"\xe4", "- is not UTF-8 text"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, told: str) -> None:
    ended = read(content, "--check")
    assert ended.returncode == 2
    assert ended.stderr.decode().startswith(f"runtally: error: {told}")


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for file, told in ((tmp_path / "absent", "there is no file"), (tmp_path, "cannot be read")):
        ended = run("redact", "--check", str(file))
        assert (ended.returncode, ended.stdout) == (2, "")
        assert told in ended.stderr


def test_no_database_is_made_and_redaction_that_is_off_is_told(log: Path, tmp_path: Path) -> None:
    ended = run("redact", "--check", str(log), RUNTALLY_DB=str(tmp_path / "ledger.db"), RUNTALLY_REDACT="off")
    assert ended.returncode == 1
    assert ended.stderr == "runtally: RUNTALLY_REDACT is off in this shell: a server started so hides nothing of this\n"
    assert not (tmp_path / "ledger.db").exists()


@pytest.mark.parametrize("is_given", [True, False])
def test_a_server_hides_what_the_file_says_and_one_without_it_does_not(
    is_given: bool, extra: Path, tmp_path: Path
) -> None:
    given = {"RUNTALLY_REDACT_EXTRA": str(extra)} if is_given else {}
    database = tmp_path / "ledger.db"
    for _ in range(2):
        with StdioClient(database, **given) as client:
            told = {"customerNumber": NUMBER, "note": f"with {KEY}"}
            answer = client.call("core_start_run", summary=f"customer_number={NUMBER} and {KEY}", input=told)
            client.call("core_end_run", run_id=answer["run_id"], status="completed")
            client.close_stdin()
            assert client.wait() == 0
    kept = b"".join(file.read_bytes() for file in sorted(tmp_path.glob("ledger.db*")))
    assert [secret.encode() in kept for secret in (NUMBER, KEY)] == [not is_given] * 2
    assert [mark in kept for mark in (b"[REDACTED:extra]", b"[REDACTED:acme_key]")] == [is_given] * 2


@pytest.mark.parametrize("arguments", [[], ["serve", "--http", "--port", "0"], ["demo"], ["redact", "-"]])
def test_a_bad_file_ends_a_process_at_its_start(arguments: list[str], extra: Path, tmp_path: Path) -> None:
    extra.write_text(EXTRA + '[[pattern]]\npattern = "(a|b)"\n')
    ended = run(*arguments, RUNTALLY_DB=str(tmp_path / "ledger.db"), RUNTALLY_REDACT_EXTRA=str(extra))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].startswith(
        f"runtally: error: {extra}, [[pattern]] 2: pattern has '(' as its character 1, which is not understood"
    )
    assert not (tmp_path / "ledger.db").exists()


def test_doctor_tells_of_the_file(extra: Path, tmp_path: Path) -> None:
    _, lines = doctor(tmp_path)
    assert "  ok   redaction: what is known; RUNTALLY_REDACT_EXTRA " in lines
    _, lines = doctor(tmp_path, RUNTALLY_REDACT_EXTRA=str(extra))
    assert f"  ok   redaction: what is known, and of {extra} (in this shell) 1 name and 1 pattern\n" in lines
    code, lines = doctor(tmp_path, RUNTALLY_REDACT="off")
    assert (code, "  note redaction: off (in this shell); " in lines) == (0, True)
    code, lines = doctor(tmp_path, RUNTALLY_REDACT_EXTRA=str(tmp_path / "absent.toml"))
    assert (code, "  FAIL redaction: " in lines) == (7, True)


def doctor(folder: Path, **settings: str) -> tuple[int, str]:
    ended = run("doctor", RUNTALLY_DB=str(folder / "ledger.db"), **settings)
    return ended.returncode, ended.stdout


def test_a_file_of_json_is_looked_at_as_a_value(tmp_path: Path) -> None:
    file = tmp_path / "call.json"
    file.write_text(json.dumps({"headers": [{"name": "X-Api-Key", "value": "plain words"}]}, indent=2))
    ended = run("redact", "--check", str(file))
    assert ended.stdout.splitlines()[0] == f'{file}:5:17: api_key: "value": "[REDACTED:api_key]"'


@pytest.mark.parametrize("arguments", [[], ["serve", "--http", "--port", "0"]])
def test_a_project_that_a_pattern_finds_is_refused(arguments: list[str], extra: Path, tmp_path: Path) -> None:
    given = {"RUNTALLY_DB": str(tmp_path / "ledger.db"), "RUNTALLY_REDACT_EXTRA": str(extra)}
    for ended in (
        run(*arguments, RUNTALLY_PROJECT_KEY=KEY, **given),
        run("keys", "create", "--project", KEY, "--role", "read", **given),
    ):
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "has the shape of a secret" in ended.stderr
        assert KEY not in ended.stderr
    assert not (tmp_path / "ledger.db").exists()


def test_a_line_that_is_longer_than_a_piece_is_refused() -> None:
    ended = read(b"x " * (4 * 1024 * 1024 - 10) + TOKEN.encode() + b" end")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"- has a line of more than 8,388,608 characters; break it" in ended.stderr


def test_a_closed_stdin_is_told() -> None:
    ended = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *command("redact", "-")],
        env=environment(),
        capture_output=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr == b"runtally: error: stdin is closed; name a file, or send one to stdin\n"


def test_what_a_terminal_would_obey_in_the_name_of_a_file_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[2J\n.log"
    file.write_text("fine\n")
    ended = run("redact", "--check", str(file))
    assert ended.stdout == f"{tmp_path}/a\\x1b[2J\\n.log: nothing would be hidden\n"
    assert "\x1b" not in run("redact", f"{file}.absent").stderr


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_what_is_printed_is_utf_8_whatever_the_terminal_says(options: list[str]) -> None:
    ended = read(f"😀 password={KEY}\n".encode(), *options, PYTHONIOENCODING="latin-1")
    assert "😀 password=[REDACTED:password]\n" in ended.stdout.decode()


@pytest.mark.parametrize(
    "text",
    [
        '{"secret":{"x":"hunter2Zq"},"a":1,"a":2}',
        '{"password":"hunter2Zq","password":null}',
        '{"a":{"password":{"x":"hunter2Zq"},"password":{"x":1}}}',
    ],
)
def test_a_key_that_stands_twice_hides_nothing_from_redaction(text: str) -> None:
    for shown in (read(text.encode()).stdout.decode(), Redactor().text(text)):
        assert "hunter2Zq" not in shown
        assert "[REDACTED:" in shown
