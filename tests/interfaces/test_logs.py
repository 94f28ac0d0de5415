"""The log of a server: as much as was asked for, where it was asked for, and nothing of what calls sent."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from runtally.cli import logs
from runtally.domain.errors import InvalidInput
from runtally.settings import Settings
from tests.journeys.processes import ERAS, HttpServer, Refused, StdioClient, environment, run

SENT = "what-a-call-sent"
REFUSED = {"list_runs refused: invalid", "list_runs refused: forbidden (field project_key)"}
NOWHERE = "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f"
LINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \d+ (ERROR|WARNING|INFO|DEBUG) [\w.]+: .+"


def exchange(client: StdioClient) -> None:
    """A call that is answered, some that are refused, and lines that are no calls."""
    client.call("core_start_run", summary=SENT, meta_json={SENT: SENT})
    for tool, arguments in (("list_runs", {SENT: SENT}), ("list_runs", {"project_key": SENT}), (SENT, {})):
        client.ask("tools/call", {"name": tool, "arguments": arguments})
    client.ask(SENT, {SENT: SENT})
    client.notify(f"notifications/{SENT}", {SENT: SENT})
    client.notify("notifications/cancelled", {SENT: SENT})
    client.close_stdin()
    assert client.wait() == 0


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("error", set()),
        ("warning", set()),
        ("info", REFUSED),
        ("debug", {*REFUSED, "core_start_run answered"}),
    ],
)
def test_a_log_holds_from_its_level_on_what_happened_and_nothing_of_what_was_sent(
    level: str, told: set[str], era: str, tmp_path: Path
) -> None:
    file = tmp_path / "runtally.log"
    settings = {"RUNTALLY_LOG_LEVEL": level, "RUNTALLY_LOG_FILE": str(file)}
    with StdioClient(tmp_path / "ledger.db", era=era, **settings) as client:
        exchange(client)
    lines = file.read_text().splitlines()
    assert all(re.fullmatch(LINE, line) for line in lines), lines
    assert {line.partition(": ")[2] for line in lines if " runtally." in line} == told
    assert SENT not in file.read_text()
    assert not [line for line in lines if re.search(r" (INFO|DEBUG) (?!runtally\.)", line)], "others stay at warning"
    assert file.stat().st_mode & 0o777 == 0o600
    for words in told:
        assert f": {words}\n" in client.stderr


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("record_run", {"agent": "a"}, "invalid (field summary)"),
        (
            "core_report_usage",
            {"run_id": NOWHERE, "token_usage": {"input_tokens": -1}},
            "invalid (field token_usage.input_tokens)",
        ),
        ("core_report_usage", {"run_id": NOWHERE, "token_usage": {SENT: 1}}, "invalid"),
        (
            "core_report_usage",
            {"run_id": NOWHERE, "token_usage": {}, "traces": [{"name": "a"}, {"name": 7}]},
            "invalid (field traces[1].name)",
        ),
        ("core_start_run", {"meta_json": {SENT: {SENT: "\0"}}}, "invalid (field meta_json)"),
        ("get_run", {"run_id": NOWHERE}, "not_found (field run_id)"),
        ("get_run", {f"run_id.{SENT}": 1}, "invalid"),
        ("list_runs", {"limit.summary": 1}, "invalid"),
    ],
)
def test_a_refusal_is_logged_with_the_field_that_is_to_blame_if_its_name_is_ours(
    tool: str, arguments: dict[str, object], told: str, tmp_path: Path
) -> None:
    with StdioClient(tmp_path / "ledger.db", RUNTALLY_LOG_LEVEL="info") as client:
        with pytest.raises(Refused):
            client.call(tool, **arguments)
        client.close_stdin()
        assert client.wait() == 0
    assert f"INFO: {tool} refused: {told}\n" in client.stderr
    assert SENT not in client.stderr


def test_many_servers_share_one_file_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "runtally.log"
    settings = {"RUNTALLY_LOG_LEVEL": "info", "RUNTALLY_LOG_FILE": str(file)}
    with ExitStack() as stack:
        clients = [stack.enter_context(StdioClient(tmp_path / f"{n}.db", **settings)) for n in range(3)]
        asked = [client.send("list_runs", wrong=1) for _ in range(50) for client in clients]
        for answer in asked:
            answer.result(60)
    lines = file.read_text().splitlines()
    assert len(lines) == 150
    assert all(re.fullmatch(LINE, line) for line in lines)
    assert len({line.split()[1] for line in lines}) == 3


def test_a_log_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "runtally.log"
    settings = {"RUNTALLY_LOG_LEVEL": "info", "RUNTALLY_LOG_FILE": str(file)}
    with StdioClient(tmp_path / "ledger.db", **settings) as client:
        for moved in ("first", "second"):
            with pytest.raises(Refused):
                client.call("list_runs", wrong=1)
            file.rename(tmp_path / moved)
            assert (tmp_path / moved).read_text().count("\n") == 1


def test_a_server_over_http_logs_to_the_file_too(tmp_path: Path) -> None:
    file = tmp_path / "runtally.log"
    with HttpServer(tmp_path / "ledger.db", RUNTALLY_LOG_FILE=str(file)) as server:
        assert "WARNING" not in server.stderr
        assert file.stat().st_size == 0
        server.process.terminate()
        server.wait()


@pytest.mark.parametrize("arguments", [[], ["serve"], ["serve", "--http", "--port", "0"]])
@pytest.mark.parametrize("place", ["no-such-folder/runtally.log", "folder"])
def test_a_log_file_that_cannot_be_written_is_refused_at_start(
    arguments: list[str], place: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    ended = run(*arguments, RUNTALLY_DB=str(tmp_path / "ledger.db"), RUNTALLY_LOG_FILE=str(tmp_path / place))
    assert ended.returncode == 2
    assert "RUNTALLY_LOG_FILE" in ended.stderr
    assert "which cannot be written; name a file in a folder that exists" in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_log_file_that_is_a_pipe_without_a_reader_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="cannot be written"):
        logs.begin(Settings(tmp_path / "ledger.db", log_file=tmp_path / "pipe"))


RAISES = """
import logging, sqlite3, sys
from pathlib import Path
from runtally.cli import logs
from runtally.settings import Settings

logs.begin(Settings(Path("ledger.db"), log_file=Path(sys.argv[1])))
logger = logging.getLogger("runtally")
try:
    try:
        {}[sys.argv[2]]
    except KeyError as error:
        raise ValueError(f"not {sys.argv[2]}") from error
except ValueError as error:
    logger.error("internal error 1234", exc_info=error)
try:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (x CONSTRAINT x_is_small CHECK (x < 1))")
    connection.execute("INSERT INTO t VALUES (7)")
except sqlite3.Error as error:
    logger.error("internal error 5678", exc_info=error)
"""


def test_a_trace_tells_kinds_and_places_and_not_what_an_exception_says(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", RAISES, str(tmp_path / "runtally.log"), SENT]
    ended = subprocess.run(arguments, env=environment(), capture_output=True, text=True, check=True)
    for text in (ended.stderr, (tmp_path / "runtally.log").read_text()):
        assert SENT not in text
        assert re.search(r"internal error 1234\nValueError\n  File .*\nafter KeyError\n  File ", text, re.DOTALL)
        assert "internal error 5678\nIntegrityError: CHECK constraint failed: x_is_small\n  File " in text


def test_what_a_library_says_is_logged_without_secrets(tmp_path: Path) -> None:
    file = tmp_path / "runtally.log"
    secret = "ghp_" + "notarealtoken0notarealtoken0notarealtok"[:36]
    said = f"import logging; logging.getLogger('elsewhere').warning('it sent %s', '{secret}')"
    begun = "from runtally.cli import logs; from runtally import settings; logs.begin(settings.read())"
    ended = subprocess.run(
        [sys.executable, "-c", f"{begun}; {said}"],
        env=environment(RUNTALLY_LOG_FILE=str(file)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == "runtally: WARNING: it sent [REDACTED:github_token]\n"
    assert file.read_text().endswith(" WARNING elsewhere: it sent [REDACTED:github_token]\n")
