"""README and docs/ are true: commands are CI's, options exist, links lead somewhere, settings start a server, and what
they show is what comes.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from runtally import bootstrap
from runtally.cli.commands import serve
from runtally.cli.main import _parser
from runtally.domain.traces import Trace
from runtally.mcp_server.server import make_server
from runtally.mcp_server.tools.registry import TOOLS
from runtally.settings import Settings
from tests.guards import readme
from tests.guards.source import ROOT
from tests.journeys.processes import BOUND_SECONDS, CLIENT_INFO, ENVELOPE, LEGACY, environment

CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
EXAMPLE: dict[str, Any] = json.loads((ROOT / "mcp.json.example").read_text(encoding="utf-8"))

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"

LIST: dict[str, list[dict[str, Any]]] = {
    "2025-11-25": [
        {
            "jsonrpc": "2.0",
            "id": 0,
            "method": "initialize",
            "params": {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT_INFO},
        },
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
    ],
    "2026-07-28": [{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": ENVELOPE}}],
}
"""How a client of each protocol revision asks for the tools."""


def without_chance(text: str) -> str:
    """The text without ids, moments and measured times."""
    return re.sub(r", \d+ ms", ", N ms", re.sub(MOMENT, "MOMENT", re.sub(UUID, "ID", text)))


def commands(parser: argparse.ArgumentParser, path: str = "runtally") -> list[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser."""
    found = [(path, parser)]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                found += commands(child, f"{path} {name}")
    return found


def test_the_two_commands_are_one_line_each_and_ci_runs_them() -> None:
    lines = "".join(readme.blocks("sh", "Two commands")).splitlines()
    assert len(lines) == 2, "the two commands are one line each"
    for line in lines:
        assert CI.splitlines().count(f"    {line}") == 1, f".ci/run must run README's line to the letter: {line}"


def test_the_two_commands_ask_for_what_the_project_offers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    first, second = "".join(readme.blocks("sh", "Two commands")).splitlines()
    assert re.findall(r"\.venv/bin/(\w+)", first)[-1] in project["scripts"]
    assert re.findall(r"\.\[(\w+)\]", second) == ["test"]
    extras = project["optional-dependencies"]["test"]
    for tool in ("pytest", "ruff", "mypy", "import-linter"):
        assert any(extra.startswith(tool) for extra in extras), f"the extra `test` must bring {tool}: .ci/run uses it"


def test_every_command_and_every_option_is_told() -> None:
    rows = [told for row in readme.table("Configuration", "Command") for told in readme.names(row["Command"])]
    everywhere = {action.dest for action in _parser()._actions}
    for path, parser in commands(_parser()):
        own = [action for action in parser._actions if path == "runtally" or action.dest not in everywhere]
        options = {action.option_strings[-1] for action in own if action.option_strings}
        told = readme.section("Configuration")
        if path != "runtally":
            told = " ".join(row for row in rows if re.match(rf"{path}(?: [^a-z]|$)", row))
        missing = {option for option in options if not re.search(rf"{option}\b", told)}
        assert not missing, f"README must tell {missing} of {path}"
        if parser.get_default("run"):
            told_commands = [re.match(r"[a-z ]*[a-z]", row)[0] for row in rows]
            assert path in told_commands, f"README has no row of {path}"


def test_every_option_and_command_that_is_told_exists() -> None:
    known = dict(commands(_parser()))
    for row in readme.table("Configuration", "Command"):
        for told in readme.names(row["Command"]):
            path = re.match(r"[a-z ]*[a-z]", told)[0]
            assert path in known, f"README tells of a command that does not exist: {told}"
            unknown = set(re.findall(r"--[a-z-]+", told)) - known[path]._option_string_actions.keys()
            assert not unknown, f"README tells of options that {path} does not have: {unknown}"


@pytest.mark.parametrize("page", readme.PAGES)
def test_every_link_within_leads_somewhere(page: str) -> None:
    for target in readme.links(page):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        found = (ROOT / page).parent / file if file else ROOT / page
        assert found.exists(), f"no file for {target} of {page}"
        if anchor:
            assert anchor in readme.anchors(str(found.resolve().relative_to(ROOT))), (
                f"no section for {target} of {page}"
            )


def test_every_section_and_page_is_linked_from_the_top() -> None:
    linked = readme.links("README.md")
    titles = re.findall(r"^## (.+)$", readme.text(), re.MULTILINE)
    unlinked = [title for title in titles[1:] if "#" + title.lower().replace(" ", "-") not in linked]
    assert not unlinked, f"the list of sections lacks {unlinked}"
    assert set(readme.PAGES[1:]) <= set(linked), "README leads to every page"


@pytest.mark.parametrize("block", readme.host_settings("json"))
def test_every_block_of_json_parses_and_names_the_command_or_the_address(block: str) -> None:
    settings = json.loads(block)
    servers = settings.get("mcpServers") or settings.get("servers") or settings["mcp"]
    (server,) = servers.get("servers", servers).values()
    assert leads_to_the_server(server)


@pytest.mark.parametrize("block", readme.host_settings("toml"))
def test_every_block_of_toml_parses_and_names_the_command_or_the_address(block: str) -> None:
    assert leads_to_the_server(tomllib.loads(block)["mcp_servers"]["runtally"])


def leads_to_the_server(server: dict[str, Any]) -> bool:
    """Whether a host's entry names our command with a project, or our address."""
    if "command" in server:
        env = server.get("env") or server["environment"]
        return server["command"] in ("runtally", ["runtally"]) and env == {"RUNTALLY_PROJECT_KEY": "my-project"}
    (address,) = {server[name] for name in ("url", "serverUrl", "httpUrl") if name in server}
    return address == EXAMPLE["mcpServers"]["runtally-http"]["url"]


def test_what_agents_are_told_names_tools_arguments_and_statuses_that_exist() -> None:
    (told,) = readme.blocks("markdown", "Put your agent to work")
    statuses = {"running", "completed", "partial", "failed"}
    known = {tool.name for tool in TOOLS} | {name for tool in TOOLS for name in tool.request.model_fields} | statuses
    steps, named = [], set()
    for name in readme.names(told):
        steps.append(Trace.model_validate_json(name)) if name.startswith("{") else named.add(name)
    assert [step.model_extra for step in steps] == [{}], "each key of a step has a place of its own"
    assert named <= known, f"no tool takes {named - known}"
    assert {"core_start_run", "core_report_usage", "core_record_failure", "core_end_run"} <= named


def test_the_example_holds_no_secret_and_nobody_s_paths() -> None:
    stdio, http = EXAMPLE["mcpServers"].values()
    assert stdio["command"] == "runtally"
    assert http["headers"] == {"Authorization": "Bearer ${RUNTALLY_KEY}"}
    assert not re.search(r"/(?:home|Users|root|tmp)/|rtk_", json.dumps(EXAMPLE))
    assert http["url"] == f"http://{serve.HOST}:{serve.PORT}/mcp"


@pytest.mark.parametrize("revision", LIST)
def test_the_server_that_the_example_names_starts_and_lists_the_tools(revision: str, tmp_path: Path) -> None:
    server = EXAMPLE["mcpServers"]["runtally"]
    database = tmp_path / "ledger.db"
    ended = subprocess.run(
        [*installed(server["command"]), *server["args"]],
        input="".join(json.dumps(line) + "\n" for line in LIST[revision]),
        env=environment(**server["env"], RUNTALLY_DB=str(database)),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answers = {answer["id"]: answer["result"] for answer in map(json.loads, ended.stdout.splitlines())}
    assert [tool["name"] for tool in answers[1]["tools"]] == [tool.name for tool in TOOLS]
    assert len(answers[1]["tools"]) == 8
    assert str(database) in ended.stderr
    assert server["env"]["RUNTALLY_PROJECT_KEY"] in ended.stderr


def installed(command: str) -> list[str]:
    """The command next to this Python, or on PATH; else what it would run, where the package is not installed."""
    beside = Path(sys.executable).with_name(command)
    found = str(beside) if beside.exists() else shutil.which(command)
    return [found] if found else [sys.executable, "-m", "runtally"]


def test_the_demo_prints_what_the_tour_shows() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "runtally", "demo"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=True,
    )
    assert ended.stderr == ""
    shown = without_chance(readme.blocks("text", "A 60-second tour")[0])
    assert without_chance(ended.stdout)[: len(shown)] == shown
    sentence = ended.stdout.splitlines()[-1].removeprefix("Then say to the agent: ")
    assert f"\n> {sentence}\n" in readme.section("Put your agent to work")


def test_every_tool_answers_what_the_tour_shows(tmp_path: Path) -> None:
    shown = re.findall(r"^(\w+) ({.*})\n-> ({.*})$", readme.blocks("text", "A 60-second tour")[1], re.MULTILINE)
    assert len(shown) == readme.blocks("text", "A 60-second tour")[1].count("->")
    calls = [(tool, json.loads(sent)) for tool, sent, _ in shown]
    for (tool, sent, told), answer in zip(shown, play(tmp_path, calls), strict=True):
        assert shows(json.loads(without_chance(told)), answer), f"{tool} {sent} answers {answer}"


YESTERDAY: list[tuple[str, dict[str, Any]]] = [
    ("core_start_run", {"agent_id": "builder", "label": "Deploy", "summary": "Deploy the rate limiter to staging"}),
    (
        "core_report_usage",
        {
            "run_id": "",
            "token_usage": {
                "input_tokens": 8400,
                "output_tokens": 1200,
                "cache_read_tokens": 6000,
                "model": "claude-opus-4",
                "provider": "anthropic",
            },
            "traces": [
                {"name": "plan the change", "kind": "llm", "duration_ms": 3200},
                {"tool_name": "migrate", "duration_ms": 30004, "error": "connect ETIMEDOUT 10.0.0.5:5432"},
            ],
        },
    ),
    ("core_end_run", {"run_id": "", "status": "failed", "summary": "Stopped at migration 0042"}),
]
"""What was recorded before the exchange that README begins with."""


def test_the_exchange_that_readme_begins_with_is_what_comes(tmp_path: Path) -> None:
    line = r"^Agent +(\w+) ({.*?})\nRuntally +({.*?})\n(?=Agent )"
    exchange = re.findall(line, readme.opening(), re.MULTILINE | re.DOTALL)
    assert len(exchange) == readme.opening().count("\nRuntally  {")
    answers = play(tmp_path, YESTERDAY + [(tool, json.loads(sent)) for tool, sent, _ in exchange])
    for (tool, sent, told), answer in zip(exchange, answers[len(YESTERDAY) :], strict=True):
        assert shows(json.loads(without_chance(told)), answer), f"{tool} {sent} answers {answer}"


def play(folder: Path, calls: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """What a server answers to the calls, without chance; a `run_id` is the one of the first run."""
    settings = Settings(database=folder / "ledger.db", projects=("shop",))
    answers: list[dict[str, Any]] = []

    async def replay() -> None:
        ledger = bootstrap.open_ledger(settings)
        server = make_server(ledger, lambda: bootstrap.caller_of(settings), bootstrap.origin_of(settings))
        run_id = ""
        async with Client(server) as client:
            for tool, arguments in calls:
                result = await client.call_tool(tool, arguments | ({"run_id": run_id} if "run_id" in arguments else {}))
                run_id = run_id or json.loads(result.content[0].text)["run_id"]
                answers.append(json.loads(without_chance(result.content[0].text)))
        await ledger.close()

    anyio.run(replay)
    return answers


def shows(told: Any, answered: Any) -> bool:
    """Whether the answer has what is told of it; fields may be left out in the telling."""
    if isinstance(told, dict) and isinstance(answered, dict):
        return all(name in answered and shows(value, answered[name]) for name, value in told.items())
    if isinstance(told, list) and isinstance(answered, list):
        return len(told) == len(answered) and all(map(shows, told, answered))
    return bool(told == answered)
