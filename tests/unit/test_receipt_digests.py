"""What a receipt is made of: it outlives an upgrade, so what a call hashes to never changes."""

from typing import Any

import pytest

from runtally.domain.validation import parse
from runtally.mcp_server.tools.registry import BY_NAME
from runtally.service.receipts import digests_of

CALLS: dict[str, dict[str, Any]] = {
    "core_start_run": {
        "project_key": "alpha",
        "agent_id": "coder",
        "run_id": "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f",
        "summary": "Find it",
        "meta_json": {"b": [1, 2.5, None], "a": "é"},
        "label": "bugfix",
        "parent_run_id": "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e60",
        "conversation_id": "c-1",
        "user_id": "u-1",
        "follows_act_id": "act-1",
        "input": {"q": "x", "n": [1]},
        "idempotency_key": "k",
    },
    "core_report_usage": {
        "run_id": "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f",
        "token_usage": {
            "input_tokens": 8400,
            "output_tokens": 1200.0,
            "total_tokens": 9600,
            "cache_read_tokens": 6000,
            "cost_usd": 0.028,
            "model": "claude-opus-4",
            "provider": "anthropic",
            "llm_calls": 3,
            "prompt_preview": "Do it",
        },
        "traces": [
            {
                "span_id": "s1",
                "name": "grep",
                "kind": "tool",
                "depth": 2,
                "started_at": "2026-01-01T00:00:00Z",
                "ended_at": "2026-01-01T02:00:01+02:00",
                "duration_ms": 12.5,
                "status": "ok",
                "tool_name": "grep",
                "input": {"a": 1},
                "output": "text",
                "attributes": {"z": 1},
            },
            {"model": "m", "input_tokens": 1, "error": "boom", "cost_usd": 1},
        ],
        "corrects": "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e60",
        "idempotency_key": "k",
    },
    "core_end_run": {
        "run_id": "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f",
        "status": "completed",
        "summary": "Done",
        "meta_json": {"pr": 9},
        "token_usage": {"input_tokens": 12400, "output_tokens": 3200, "cost_usd": 0.042, "llm_calls": 7},
        "traces": [{"name": "end"}],
        "output": ["x", {"y": 1}],
    },
    "core_record_failure": {
        "run_id": "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f",
        "agent_id": "coder",
        "summary": "It broke",
        "task_id": "t-1",
        "error": "Error: boom",
        "context": {"step": {"no": 1}},
        "meta": {"m": True},
        "error_type": "ValueError",
        "idempotency_key": "k",
    },
    "record_run": {
        "agent": "coder",
        "summary": "Fixed it",
        "ticket": "RT-1",
        "meta_json": {"pr": 9},
        "idempotency_key": "k",
    },
    "track_mcp": {
        "tool": "search",
        "server": "docs",
        "input": {"q": 1},
        "output": None,
        "error": "nope",
        "duration_ms": 13,
        "started_at": "2026-01-01T00:00:00Z",
        "distinct_id": "u",
        "session_id": "s",
        "client_label": "ide",
        "attributes": {"a": 1},
        "span_id": "sp",
        "agent_name": "MCP",
        "ended_at": "2026-01-01T00:00:01Z",
    },
}

DIGESTS = {
    "core_start_run": {
        "agent_id": "22aadd80cfd09bd9d6de1460175f6ef8",
        "run_id": "afd4c5d3cea7dfe36d118df31e8b8898",
        "summary": "3dca2d79a7d757d5cec65f157268c8bd",
        "meta_json": "175e897ed0a2ebd0b12f45abffea0d54",
        "label": "2a1b41496a642a823047e75c93195543",
        "parent_run_id": "3d3672d98e76200ab79799899cb692df",
        "conversation_id": "a83c4ad1aff6a46a47a0ff263d7b83fa",
        "user_id": "9e5215caed6693d2983f24fb4488429e",
        "follows_act_id": "c5955fc3c992e0421e60c68c4070ac45",
        "input": "1429ff15f4dd477177447495a29e1fcd",
    },
    "core_report_usage": {
        "run_id": "afd4c5d3cea7dfe36d118df31e8b8898",
        "token_usage.input_tokens": "664210b05688163767459577a586a100",
        "token_usage.output_tokens": "ae03062da3e020cedc6ae3486dfb8d47",
        "token_usage.total_tokens": "fd320147e7f3a47534b4f0efc7dd89ce",
        "token_usage.cache_read_tokens": "5970f468a6836038abfdec44d4d8c6dd",
        "token_usage.cost_usd": "e38b90d977d4b4337264620b6bd4c0a9",
        "token_usage.model": "d56b22f2d7a485f84cd0ca725a514b94",
        "token_usage.provider": "ac74eaa3947e917980f0d5acb95952ed",
        "token_usage.llm_calls": "c3585b60b755fb13e6e65a16d20f1230",
        "token_usage.prompt_preview": "d905ea897dc00cafd6ffc5f45b437ecf",
        "traces": "159d9e8fa1a6d9cb16cb0ef1655962d3",
        "corrects": "3d3672d98e76200ab79799899cb692df",
    },
    "core_end_run": {
        "run_id": "afd4c5d3cea7dfe36d118df31e8b8898",
        "status": "b4c6ac467bf4876e85e90b87f8ea4312",
        "summary": "fbb476f93ef20b07619177793c8943e4",
        "meta_json": "155492ffc3d4d8f593c91693f1910f5e",
        "token_usage.input_tokens": "794f2f524e2a9a21999ace3ed4494a38",
        "token_usage.output_tokens": "3134a8fe6782cb0d7cdfd6f36873f1eb",
        "token_usage.cost_usd": "27f721e751a1b3409bcc379723fe6bce",
        "token_usage.llm_calls": "9e287f590d2dcbbf387bfb70928e621d",
        "traces": "aa0964384ec06d3250b0cb18051cba93",
        "output": "d988f4a2700a4a33d93b12a1c8e801a5",
    },
    "core_record_failure": {
        "run_id": "afd4c5d3cea7dfe36d118df31e8b8898",
        "agent_id": "22aadd80cfd09bd9d6de1460175f6ef8",
        "summary": "df9f6033d5b16965b9a6b359fddb0f1f",
        "task_id": "9c14f36cc3e37e892d796b38a9dd5df4",
        "error": "1f2c8e57f5d4bdbdd74347166a396d58",
        "context": "49c9a5de51a40aa7e64136d10b91cbe5",
        "meta": "ddcb750db5625f92c42559c0ff174e3b",
        "error_type": "7823c4da9bfc75fe06ffbc3dfba042ff",
    },
    "record_run": {
        "agent": "22aadd80cfd09bd9d6de1460175f6ef8",
        "summary": "97ad3faff5cbf8e99936c3e3246f8bb3",
        "ticket": "521a154fb076fb3256cd8c9143cdf826",
        "meta_json": "155492ffc3d4d8f593c91693f1910f5e",
    },
    "track_mcp": {
        "tool": "da68145aee6cb426d51c8060437f6580",
        "server": "925ad1c75620785e4a6bbb857093db36",
        "input": "fba9ff7ef7676ce56ad04e17a99c4364",
        "error": "a02404bdd20ceeab1430f37786f9a0e7",
        "duration_ms": "b116fb80ba37be518541699f88f59552",
        "started_at": "b75b49ec9f45a81285ca5c74efabdc00",
        "user_id": "7e137c0c1c4feb5835d4b415aeec7908",
        "session_id": "1257fefe1d9f2cad4408e3923ab65aa8",
        "client": "31b070a96bf7bd0b20992e2edcce16da",
        "attributes": "6903fb303cd60ccb0a2b9c2592fa773b",
        "span_id": "8d990f021f0c09bbf89b045d858b8b19",
        "agent_name": "cb24b90e89c35b4d620bc1ffa3a85209",
        "ended_at": "63ccb3966d02634d654bd6b2dfd4738f",
    },
}
"""Of these calls, as the receipts of version 0.2.0 have them."""


@pytest.mark.parametrize("tool", CALLS)
def test_a_call_hashes_to_what_it_always_did(tool: str) -> None:
    found = digests_of(parse(BY_NAME[tool].request, CALLS[tool]))
    assert {name: digest.hex() for name, digest in found.items()} == DIGESTS[tool]
