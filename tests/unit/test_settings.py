"""What cannot be meant is refused by the name of the variable or the option that says it."""

import pytest

from runtally.domain.errors import InvalidInput
from runtally.settings import read


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RUNTALLY_PROJECT_KEY", "-dash"),
        ("RUNTALLY_PROJECT_KEY", "one, two words"),
        ("RUNTALLY_PROJECT_KEY", ","),
        ("RUNTALLY_REDACT", "maybe"),
        ("RUNTALLY_STALE_AFTER_SECONDS", "0"),
        ("RUNTALLY_STALE_AFTER_SECONDS", "1e3"),
        ("RUNTALLY_BUSY_SECONDS", "ten"),
        ("RUNTALLY_BUSY_SECONDS", "-1"),
        ("RUNTALLY_BUSY_SECONDS", "\N{ARABIC-INDIC DIGIT ONE}"),
        pytest.param("RUNTALLY_BUSY_SECONDS", "9" * 5000, id="more digits than Python converts"),
        ("RUNTALLY_LOG_LEVEL", "verbose"),
        ("RUNTALLY_LOG_LEVEL", "10"),
        ("RUNTALLY_ALLOWED_HOSTS", "https://runtally.example"),
        ("RUNTALLY_ALLOWED_HOSTS", "runtally.example/mcp"),
        ("RUNTALLY_ALLOWED_HOSTS", "*"),
        ("RUNTALLY_ALLOWED_HOSTS", "::1"),
        ("RUNTALLY_ALLOWED_HOSTS", "[:::]"),
        ("RUNTALLY_ALLOWED_HOSTS", "[1.2.3.4]"),
        ("RUNTALLY_ALLOWED_HOSTS", ".example"),
        ("RUNTALLY_ALLOWED_HOSTS", "runtally.example:0"),
        ("RUNTALLY_ALLOWED_HOSTS", "runtally.example:65536"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_the_name_of_its_variable(variable: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=variable):
        read({variable: value})


@pytest.mark.parametrize("value", ["", " ", "-dash", ","])
def test_projects_of_the_command_line_are_refused_as_such(value: str) -> None:
    with pytest.raises(InvalidInput, match="--project"):
        read({"RUNTALLY_PROJECT_KEY": "alpha"}, projects=value)


def test_an_empty_database_of_the_command_line_does_not_mean_another_one() -> None:
    with pytest.raises(InvalidInput, match="--db"):
        read({"RUNTALLY_DB": "environment.db"}, database="")


@pytest.mark.parametrize(
    "value", ["runtally.example", "runtally.example:65535", "192.0.2.7", "[2001:db8::1]", "[::1]:80", "a.example, b_c"]
)
def test_hosts_are_what_a_host_header_says(value: str) -> None:
    assert ", ".join(read({"RUNTALLY_ALLOWED_HOSTS": value}).allowed_hosts) == value


@pytest.mark.parametrize(("value", "seconds"), [("1", 1), ("007", 7), ("999999999", 999_999_999)])
def test_seconds_are_whole(value: str, seconds: int) -> None:
    assert read({"RUNTALLY_BUSY_SECONDS": value}).busy_seconds == seconds


def test_a_home_that_nobody_has_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nobody's home"):
        read({"RUNTALLY_DB": "~no-such-user-here/ledger.db"})


@pytest.mark.parametrize(("value", "level"), [("", "warning"), ("DEBUG", "debug"), ("error", "error")])
def test_a_level_of_the_log_is_a_word(value: str, level: str) -> None:
    assert read({"RUNTALLY_LOG_LEVEL": value}).log_level == level


def test_a_log_file_in_nobodys_home_is_refused() -> None:
    assert read({"RUNTALLY_LOG_FILE": ""}).log_file is None
    with pytest.raises(InvalidInput, match=r"the log file .* nobody's home"):
        read({"RUNTALLY_LOG_FILE": "~no-such-user-here/runtally.log"})


SECRET_PROJECT = "ghp_" + "notarealtoken0notarealtoken0notarealtok"[:36]


@pytest.mark.parametrize("given", [SECRET_PROJECT, f"fine,{SECRET_PROJECT}"])
def test_a_project_that_is_called_like_a_secret_is_refused_without_repeating_it(given: str) -> None:
    for refused in ({"environ": {"RUNTALLY_PROJECT_KEY": given}}, {"environ": {}, "projects": given}):
        with pytest.raises(InvalidInput, match="names has the shape of a secret") as refusal:
            read(**refused)
        assert SECRET_PROJECT not in refusal.value.message
    assert SECRET_PROJECT in read({"RUNTALLY_PROJECT_KEY": given, "RUNTALLY_REDACT": "off"}).projects


@pytest.mark.parametrize("name", ["my-project", "Team.web_2", "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f", "AnOddName" * 5])
def test_an_ordinary_project_is_none(name: str) -> None:
    assert read({"RUNTALLY_PROJECT_KEY": name}).projects == (name,)


def test_a_session_that_is_far_too_long_is_none() -> None:
    assert read({"CLAUDE_CODE_SESSION_ID": "s" * 4096}).session_id == "s" * 4096
    assert read({"CLAUDE_CODE_SESSION_ID": "s" * 4097}).session_id is None


@pytest.mark.parametrize(
    "project",
    [
        "xoxb-1234-1234-Abcdefghijklmn1234",
        "sk-ant-Abcdefghijklm12",
        "rtk_ABCDEFGHabcdefghijklmno1234-ABCDEFGHabcdefghijkl-ab",
        "team.sk-ant-abcdefghijklm",
    ],
)
def test_a_secret_of_short_segments_names_no_project(project: str) -> None:
    with pytest.raises(InvalidInput, match="has the shape of a secret"):
        read({"RUNTALLY_PROJECT_KEY": project})


@pytest.mark.parametrize("variable", ["RUNTALLY_LOG_LEVEL", "RUNTALLY_REDACT", "RUNTALLY_BUSY_SECONDS"])
def test_a_long_value_in_the_wrong_variable_is_not_repeated(variable: str) -> None:
    with pytest.raises(InvalidInput, match=f"{variable} is a text of 17 characters; set it to") as refusal:
        read({variable: "ACME-QWERTZUIOP12"})
    assert "ACME" not in refusal.value.message
