"""Usage told beside `run_id` instead of within `token_usage`, as OpRelay documents it."""

from typing import Any

from runtally.domain.dialects import usage
from runtally.domain.dialects.spelling import folded, refuse
from runtally.domain.dialects.usage_names import BESIDE_COUNTS


def gathered(sent: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The call with what it says of usage in `token_usage`, and without the `run_id` that its steps repeat."""
    traces = sent.get("traces")
    if isinstance(traces, list) and any(isinstance(trace, dict) and "run_id" in trace for trace in traces):
        sent = sent | {"traces": [_without_run(trace, sent.get("run_id")) for trace in traces]}
    if known.issuperset(sent):
        return sent
    told = sent.get("token_usage") or {}
    flat = {name: value for name, value in sent.items() if name not in known and usage.is_known(name)}
    if not flat or not isinstance(told, dict):
        return sent
    for name in flat.keys() & told.keys():
        if flat[name] != told[name]:
            refuse((name,), "has one value beside token_usage and another in it; send it once", "consistency")
    flat |= {name: value for name, value in sent.items() if folded(name) in BESIDE_COUNTS and name not in known}
    others = {name: value for name, value in sent.items() if name not in flat}
    return others | {"token_usage": flat | told}


def _without_run(trace: Any, run_id: Any) -> Any:
    if isinstance(trace, dict) and run_id is not None and trace.get("run_id") == run_id:
        return {name: value for name, value in trace.items() if name != "run_id"}
    return trace
