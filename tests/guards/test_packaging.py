"""What is installed is all that is needed: the SQL, the marker of types, the command, and every package it imports."""

import ast
import re
import sys
import tomllib
from importlib import metadata, resources
from typing import Any

from runtally.version import __version__
from tests.guards.source import PACKAGE, ROOT, modules

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def distribution(requirement: str) -> str:
    """The normalized name of what a requirement asks for."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def test_the_package_brings_its_sql_its_migrations_its_data_and_its_types() -> None:
    installed = resources.files("runtally")
    for file in (file for file in PACKAGE.rglob("*") if file.suffix in (".sql", ".json", ".txt", ".typed")):
        assert installed.joinpath(*file.relative_to(PACKAGE).parts).is_file(), f"{file.name} must be installed"
    kinds = {file.suffix for file in PACKAGE.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    assert kinds == {".py", ".sql", ".typed", ".json", ".txt"}, (
        "hatch packs the whole folder; keep what is not needed out of it"
    )


def test_the_wheel_is_the_package_folder_and_the_source_archive_is_complete() -> None:
    targets = PROJECT["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"] == {"packages": ["src/runtally"]}
    for name in targets["sdist"]["include"]:
        assert (ROOT / name.lstrip("/")).exists(), f"the source archive promises {name}"


def test_the_version_is_in_one_place() -> None:
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert (ROOT / PROJECT["tool"]["hatch"]["version"]["path"]).read_text().count(f'"{__version__}"') == 1
    assert f"\n## {__version__} - " in (ROOT / "CHANGELOG.md").read_text(), "the changelog tells of this version"


def test_the_command_is_the_one_of_python_m_runtally() -> None:
    assert PROJECT["project"]["scripts"] == {"runtally": "runtally.cli.main:main"}
    assert "from runtally.cli.main import main" in (PACKAGE / "__main__.py").read_text()


def test_every_package_that_is_imported_is_asked_for() -> None:
    """Directly, or by a package that is: the SDK brings its own web server, pydantic its own core."""
    asked = {distribution(requirement) for requirement in PROJECT["project"]["dependencies"]}
    brought = {distribution(more) for name in asked for more in metadata.requires(name) or [] if "extra ==" not in more}
    owners = metadata.packages_distributions()
    for module in modules():
        for name in _imported(module.tree):
            if name == "runtally" or name in sys.stdlib_module_names:
                continue
            found = {distribution(owner) for owner in owners[name]}
            assert found & (asked | brought), f"{module.name} imports {name}: add {found} to dependencies"


def _imported(tree: ast.Module) -> set[str]:
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in found}
