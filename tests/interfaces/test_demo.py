"""`runtally demo` as a newcomer meets it: on any terminal, with nothing on stderr, from a folder of any name."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.processes import BOUND_SECONDS, command, environment, run

TREE = ["├─", "│  ├─", "└─"]
TREE_IN_ASCII = ["|-", "|  |-", "`-"]

TERMINALS: dict[str, dict[str, str]] = {
    "of Windows": {"PYTHONIOENCODING": "cp1252"},
    "of ASCII": {"PYTHONIOENCODING": "ascii"},
    "of the C locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


@pytest.mark.parametrize("settings", TERMINALS.values(), ids=TERMINALS)
def test_a_terminal_without_the_letters_of_a_tree_shows_one_all_the_same(settings: dict[str, str]) -> None:
    ended = run("demo", **settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.isascii()
    assert "\\u" not in ended.stdout
    for branch in TREE_IN_ASCII:
        assert f"\n  {branch} " in ended.stdout


def test_a_terminal_of_unicode_shows_the_tree_and_stderr_stays_empty() -> None:
    ended = run("demo", PYTHONIOENCODING="utf-8", PYTHONUTF8="1")
    assert (ended.returncode, ended.stderr) == (0, "")
    for branch in TREE:
        assert f"\n  {branch} " in ended.stdout


@pytest.mark.skipif(os.name != "posix", reason="the command has another name and other quotes on Windows")
def test_the_settings_name_the_command_in_a_folder_with_blanks(tmp_path: Path) -> None:
    folder = tmp_path / "my tools" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    (folder / "runtally").touch()
    ended = subprocess.run(
        [str(folder / "python"), "-m", "runtally", "demo"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=True,
    )
    (line,) = [line for line in ended.stdout.splitlines() if "claude mcp add" in line]
    assert shlex.split(line)[-2:] == ["--", str(folder / "runtally")]
    printed = ended.stdout[ended.stdout.index("{\n") : ended.stdout.index("\n}\n") + 2]
    settings: dict[str, Any] = json.loads(printed)
    assert settings["mcpServers"]["runtally"]["command"] == str(folder / "runtally")


def test_a_log_that_cannot_be_written_is_told_as_the_server_would(tmp_path: Path) -> None:
    ended = run("demo", RUNTALLY_LOG_FILE=str(tmp_path / "missing" / "log"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("runtally: error: RUNTALLY_LOG_FILE is ")
    assert "Traceback" not in ended.stderr


def test_a_server_that_ends_is_heard(tmp_path: Path) -> None:
    ends = "import os, sys\nif '--db' in sys.orig_argv:\n    os.write(2, b'no more today\\n')\n    os._exit(3)\n"
    (tmp_path / "sitecustomize.py").write_text(ends)
    ended = run("demo", PYTHONPATH=os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]]))
    assert (ended.returncode, ended.stdout) == (7, "")
    assert ended.stderr == (
        "no more today\nruntally: error: the server of the demo ended before it answered; what it said is above\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_stdout_that_is_full_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command("demo"),
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=BOUND_SECONDS,
            check=False,
        )
    told = "runtally: error: the answer cannot be written to stdout; check the disk or the file it is sent to\n"
    assert (ended.returncode, ended.stderr) == (1, told)
