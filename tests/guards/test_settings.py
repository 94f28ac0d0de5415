"""The environment is read in one place, and every setting does what README's table says."""

import ast
import dataclasses
from pathlib import Path

import pytest

from runtally.settings import Settings, read
from tests.guards import readme
from tests.guards.source import modules

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
SAMPLES = {
    "database": ("RUNTALLY_DB", "elsewhere/other.db", Path.cwd() / "elsewhere/other.db"),
    "projects": ("RUNTALLY_PROJECT_KEY", "one, two", ("one", "two")),
    "redact": ("RUNTALLY_REDACT", "off", False),
    "redact_extra": ("RUNTALLY_REDACT_EXTRA", "elsewhere/redact.toml", Path.cwd() / "elsewhere/redact.toml"),
    "stale_after_seconds": ("RUNTALLY_STALE_AFTER_SECONDS", "5", 5),
    "busy_seconds": ("RUNTALLY_BUSY_SECONDS", "6", 6),
    "allowed_hosts": ("RUNTALLY_ALLOWED_HOSTS", "one.example, two.example", ("one.example", "two.example")),
    "log_level": ("RUNTALLY_LOG_LEVEL", "debug", "debug"),
    "log_file": ("RUNTALLY_LOG_FILE", "elsewhere/runtally.log", Path("elsewhere/runtally.log")),
    "session_id": ("CLAUDE_CODE_SESSION_ID", "a-session", "a-session"),
    "prices": ("RUNTALLY_PRICES", "elsewhere/prices.toml", Path.cwd() / "elsewhere/prices.toml"),
}
"""Of each setting: its variable, a value other than the default, and what that becomes."""


def shown(field: dataclasses.Field[object]) -> str:
    """The default as README shows it."""
    if field.name == "database":
        return "the user's data folder"
    if isinstance(field.default, bool):
        return "`on`" if field.default else "`off`"
    return f"`{field.default}`" if field.default else "none"


def test_the_environment_is_read_in_settings_alone() -> None:
    readers = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT)
        or (isinstance(node, ast.ImportFrom) and ENVIRONMENT & {alias.name for alias in node.names})
    }
    assert readers == {"settings.py"}, "read it in settings.read, as a field of Settings"


def test_every_setting_is_in_the_readme_with_its_variable_and_default() -> None:
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    assert fields.keys() == SAMPLES.keys(), "give each setting of Settings a sample in this test, and README a row"
    told = {readme.names(row["Variable"])[0]: row for row in readme.table("Configuration", "Variable")}
    assert told.keys() == {variable for variable, *_ in SAMPLES.values()}, "README has one row for each variable"
    for name, (variable, *_) in SAMPLES.items():
        assert told[variable]["Default"] == shown(fields[name]), f"README has another default for {variable}"
        assert told[variable]["Meaning"]


@pytest.mark.parametrize("name", SAMPLES)
def test_each_variable_sets_its_field_and_no_other(name: str) -> None:
    variable, text, value = SAMPLES[name]
    before, after = dataclasses.asdict(read({})), dataclasses.asdict(read({variable: text}))
    assert before[name] != after[name]
    assert after == before | {name: value}


def test_the_defaults_are_those_of_the_class() -> None:
    assert read({}) == Settings(database=read({}).database)


def test_the_command_line_goes_before_the_environment() -> None:
    environ = {"RUNTALLY_DB": "environment.db", "RUNTALLY_PROJECT_KEY": "environment"}
    settings = read(environ, database="argument.db", projects="argument")
    assert (settings.database, settings.projects) == (Path.cwd() / "argument.db", ("argument",))
