"""What docs/operating.md says of backups holds: they are made beside a running server, and put back without one."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.guards.source import ROOT
from tests.journeys.ledger_file import assert_sound, value
from tests.journeys.processes import StdioClient, run

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def with_python(file: Path, copy: Path) -> None:
    """The command of the page that needs nothing but Python."""
    (program,) = re.findall(r'^python3 -c "(.+)"$', PAGE, re.MULTILINE)
    program = program.replace("FILE", str(file)).replace("COPY", str(copy))
    subprocess.run([sys.executable, "-c", program], check=True)


def with_vacuum(file: Path, copy: Path) -> None:
    (statement,) = re.findall(r'^sqlite3 FILE "(VACUUM .+)"$', PAGE, re.MULTILINE)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement.replace("COPY", str(copy)))


def with_sqlite3(file: Path, copy: Path) -> None:
    (line,) = re.findall(r"^\(umask 077; sqlite3 FILE .+backup.+$", PAGE, re.MULTILINE)
    in_shell(line, FILE=file, COPY=copy)
    assert copy.stat().st_mode & 0o777 == 0o600


def in_shell(line: str, **paths: Path) -> None:
    """A line of the page as a person types it."""
    for name, path in paths.items():
        line = line.replace(name, str(path))
    subprocess.run(["sh", "-e", "-c", line], check=True, cwd=next(iter(paths.values())).parent)


NEEDS_SQLITE3 = pytest.mark.skipif(shutil.which("sqlite3") is None, reason="needs the sqlite3 command")


@pytest.mark.parametrize("back_up", [with_python, with_vacuum, pytest.param(with_sqlite3, marks=NEEDS_SQLITE3)])
def test_a_backup_made_beside_a_running_server_can_be_put_back(back_up, tmp_path: Path) -> None:
    file, copy = tmp_path / "ledger.db", tmp_path / "copy.db"
    with StdioClient(file) as client:
        before = client.call("core_start_run", summary="before the backup")["run_id"]
        assert file.with_name("ledger.db-wal").stat().st_size
        back_up(file, copy)
        after = client.call("core_start_run", summary="after the backup")["run_id"]
        client.close_stdin()
        assert client.wait() == 0
    copy.chmod(0o600)
    assert_sound(copy)
    checked = run("--db", str(copy), "doctor")
    assert checked.returncode == 0
    told = checked.stdout
    assert "ok   integrity: ok\n" in told
    assert "ok   totals: every run is the sum of its reports\n" in told

    (move,) = re.findall(r"^ *(mkdir .+ old/; fi; done)$", PAGE, re.MULTILINE)
    assert not file.with_name("ledger.db-wal").exists(), "there need not be any"
    in_shell(move, FILE=file)
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["ledger.db"]
    (put_back,) = re.findall(r"`(\(umask 077; cp COPY FILE\))`", PAGE)
    in_shell(put_back, FILE=file, COPY=copy)
    assert file.stat().st_mode & 0o777 == 0o600
    with StdioClient(file) as client:
        found = [run["run_id"] for run in client.call("list_runs")["runs"]]
        assert found == [before]
        client.call("core_end_run", run_id=before, status="completed")
        client.close_stdin()
        assert client.wait() == 0
    assert_sound(file)
    assert value(tmp_path / "old" / "ledger.db", "SELECT count(*) FROM runs WHERE run_id = ?", after) == 1
    assert run("--db", str(file), "doctor").returncode == 0
