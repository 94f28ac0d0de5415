"""What the model gets to see of Runtally in hosts made with the TypeScript SDK 1.x, such as Gemini CLI."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtally.mcp_server.server import INSTRUCTIONS
from runtally.mcp_server.tools.registry import BY_NAME
from tests.clients.calls import ACCEPTED, REFUSED, RUN, USAGE
from tests.clients.node import Node
from tests.journeys.ledger_file import rows
from tests.journeys.processes import HttpServer, command, environment, refusal


@pytest.fixture(params=["stdio", "http"])
def session(request: pytest.FixtureRequest, node: Node, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What the client got, over either transport, of everything that is accepted and then of everything refused."""
    database = tmp_path / "ledger.db"
    calls = [*ACCEPTED.items(), *((tool, arguments) for tool, arguments, *_ in REFUSED)]

    def played(server: dict[str, Any]) -> dict[str, Any]:
        ended = node.run("calls.mjs", stdin=json.dumps({"server": server, "calls": calls}))
        assert ended.returncode == 0, ended.stderr
        got: dict[str, Any] = json.loads(ended.stdout)
        return got

    if request.param == "http":
        with HttpServer(database, project="clients") as server:
            yield played({"url": server.url})
    else:
        program, *arguments = command("--db", str(database))
        yield played({"command": program, "args": arguments, "env": environment(RUNTALLY_PROJECT_KEY="clients")})
    assert rows(database, "SELECT status FROM runs WHERE run_id = ?", RUN) == [("completed",)]


def test_it_gets_every_answer_and_every_refusal_in_our_words(session: dict[str, Any]) -> None:
    assert [tool["name"] for tool in session["tools"]] == list(BY_NAME)
    assert session["tools"][0]["_meta"] == {"anthropic/alwaysLoad": True}
    assert session["instructions"] == INSTRUCTIONS
    answers, refusals = session["results"][: len(ACCEPTED)], session["results"][len(ACCEPTED) :]
    for tool, answer in zip(ACCEPTED, answers, strict=True):
        assert "thrown" not in answer, f"{tool}: {answer}"
        assert json.loads(answer["content"][0]["text"]) == answer["structuredContent"]
    assert answers[-1]["structuredContent"]["run"]["totals"]["input_tokens"] == USAGE["input_tokens"]
    for (tool, _, code, words), refused in zip(REFUSED, refusals, strict=True):
        assert "thrown" not in refused, f"{tool}: {refused}"
        error = refusal(refused)
        assert (error["code"], words in error["message"]) == (code, True), error
