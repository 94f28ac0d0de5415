"""Figures of an installation: what `pip install` adds to an empty environment."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final
from venv import EnvBuilder

from benchmarks.processes import BenchmarkError
from benchmarks.scale import Scale
from benchmarks.table import Goal, Row

_REPOSITORY: Final = Path(__file__).resolve().parent.parent


def size(_: Scale, scratch: Path) -> list[Row]:
    """Size with bytecode, and packages, next to what the SDK and uvicorn take."""
    our_mib, our_packages = _installed(scratch / "ours", str(_REPOSITORY))
    floor_mib, floor_packages = _installed(scratch / "floor", "mcp", "uvicorn")
    return [
        Row("install: size", our_mib, "MiB", floor_mib, Goal("≤", 1.3)),
        Row("install: packages", our_packages, "packages", floor_packages, Goal("≤", 1.3)),
    ]


def _installed(environment: Path, *requirements: str) -> tuple[float, int]:
    """Size in MiB and number of packages. The environment has no pip of its own, so all it holds was asked for."""
    EnvBuilder(with_pip=False, symlinks=True).create(environment)
    before = _bytes_in(environment)
    pip = [sys.executable, "-m", "pip", "--python", str(environment)]
    command = [*pip, "install", "--quiet", "--compile", *requirements]
    # What is on the path of this process is not in that environment.
    isolated = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, env=isolated, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"pip install {' '.join(requirements)} failed:\n{done.stderr[-2_000:]}")
    packages = sum(1 for _ in environment.rglob("site-packages/*.dist-info"))
    return (_bytes_in(environment) - before) / 2**20, packages


def _bytes_in(folder: Path) -> int:
    """On disk, where a small file takes a whole block."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
