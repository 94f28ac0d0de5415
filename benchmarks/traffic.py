"""Calls as agents make them, in any order: runs with reports, traces and failures, reading, mistakes and hang-ups."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, Final

from benchmarks.calls import END, START, usage_of
from benchmarks.clients import Client
from benchmarks.processes import BenchmarkError, Refused

_INTERNAL: Final = frozenset({"internal", "-32603", "500"})
_UNKNOWN_RUN: Final = "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f"
_MISTAKES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("core_start_run", {"sumary": "Deploying rate limiter to staging"}),
    ("core_start_run", {"project_key": "somebody-else"}),
    ("core_report_usage", {"run_id": _UNKNOWN_RUN, "token_usage": usage_of(0)}),
    ("core_report_usage", {"run_id": _UNKNOWN_RUN, "token_usage": {"input_tokens": -1}}),
    ("core_record_failure", {"error": "no summary"}),
    ("core_end_run", {"run_id": _UNKNOWN_RUN, "status": "finished"}),
    ("track_mcp", {"tool": "a NUL \0"}),
    ("get_run", {"run_id": "the last one"}),
    ("list_runs", {"cursor": "nonsense"}),
    ("no_such_tool", {}),
)
"""Each must be refused."""
_LONG_TEXT: Final = "The quick brown fox jumps over the lazy dog. " * 50


class Traffic:
    """Mixed calls to one server, and how they were answered."""

    def __init__(self, random: Random) -> None:
        self.calls = 0
        self.internal_errors = 0
        self.refused = 0
        """Calls that were right and refused nevertheless."""
        self._random = random

    async def flow(self, client: Client, until: float) -> None:
        """Make run after run until that moment of the loop's clock."""
        clock: Callable[[], float] = asyncio.get_running_loop().time
        while clock() < until:
            with suppress(Refused):
                await self._run(client)

    async def _run(self, client: Client) -> None:
        run_id = (await self._call(client, "core_start_run", START))["run_id"]
        for number in range(self._random.randint(1, 6)):
            await self._call(client, "core_report_usage", self._report(run_id, number))
            await self._perhaps_misbehave(client, run_id)
        if self._happens(0.3):
            failure = {"run_id": run_id, "summary": "Tests fail", "error": f"E: {self._random.randrange(50)}"}
            await self._call(client, "core_record_failure", failure)
        if self._happens(0.5):
            await self._call(client, "get_run", {"run_id": run_id, "detail": "spans"})
            await self._call(client, "list_runs", {"limit": 20})
        if self._happens(0.9):
            await self._call(client, "core_end_run", {"run_id": run_id, **END})

    def _report(self, run_id: str, number: int) -> dict[str, Any]:
        usage = usage_of(number, with_cost=self._happens(0.5))
        traces = [
            {"name": f"step {step}", "kind": "tool", "duration_ms": 12, "output": _LONG_TEXT}
            for step in range(self._random.randint(0, 4))
        ]
        return {"run_id": run_id, "token_usage": usage, "traces": traces}

    async def _perhaps_misbehave(self, client: Client, run_id: str) -> None:
        if self._happens(0.1):
            self.calls += 1
            await self._make_a_mistake(client)
        if self._happens(0.02):
            await client.garble()
        if self._happens(0.02):
            await client.hang_up("core_report_usage", self._report(run_id, 0))

    async def _make_a_mistake(self, client: Client) -> None:
        tool, arguments = self._random.choice(_MISTAKES)
        try:
            answer = await client.call(tool, arguments)
        except Refused as refusal:
            self.internal_errors += refusal.code in _INTERNAL
        else:
            raise BenchmarkError(f"{tool} took {arguments} and answered {answer}")

    async def _call(self, client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        try:
            return await client.call(tool, arguments)
        except Refused as refusal:
            self.internal_errors += refusal.code in _INTERNAL
            self.refused += 1
            raise

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability
