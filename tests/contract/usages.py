"""Any usage that can be reported, and what the ledger of it must add up to."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from runtally.domain.usage import COUNTS
from tests.door import Answer, Door, LedgerDatabase

NANO = 1_000_000_000

# Each example is a run of its own, so the one ledger of the test serves them all.
each_a_run = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sum_of_ledger(database: LedgerDatabase, run_id: str, basis: str = "reported") -> Answer:
    """What a run's standing entries in the usage ledger add up to, shown as totals are."""
    rows = [row for row in database.rows().get("usage_reports", []) if row["run_id"] == run_id]
    corrected = {row["corrects"] for row in rows}
    said = (*COUNTS, "cost_nano_usd", "model", "provider", "prompt_preview")
    reports = [
        row
        for row in rows
        if row["report_id"] not in corrected
        and row["basis"] == basis
        and (row["unpriced_calls"] or any(row[name] is not None for name in said))
    ]
    known = {
        field: sum(values)
        for field in (*COUNTS, "cost_nano_usd")
        if (values := [row[field] for row in reports if row[field] is not None])
    }
    if "cost_nano_usd" in known:
        known["cost_usd"] = known.pop("cost_nano_usd") / NANO
    calls = {row["report_id"] for row in reports}
    return as_shown({"reports": len(calls), "unpriced_calls": sum(row["unpriced_calls"] for row in reports)} | known)


def as_shown(totals: Answer) -> Answer:
    """The totals as an answer shows them: what Runtally counted is left out where it is zero."""
    return {name: count for name, count in totals.items() if count or name not in ("reports", "unpriced_calls")}


async def report(door: Door, run_id: str, usage: Answer, **arguments: object) -> Answer:
    return await door("core_report_usage", run_id=run_id, token_usage=usage, **arguments)


COUNT = st.none() | st.integers(0, 10_000)


@st.composite
def usages(draw: st.DrawFn) -> Answer:
    """Any report whose parts fit their whole."""
    input_tokens, output_tokens = draw(COUNT), draw(COUNT)
    cached = 10_000 if input_tokens is None else input_tokens // 2
    part = st.none() | st.integers(0, cached)
    usage = {
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "total_tokens": draw(COUNT),
        "cache_read_tokens": draw(part),
        "cache_write_tokens": (written := draw(part)),
        "cache_write_1h_tokens": None if written is None else draw(st.none() | st.integers(0, written)),
        "reasoning_tokens": draw(st.none() | st.integers(0, 10_000 if output_tokens is None else output_tokens)),
        "llm_calls": draw(COUNT),
        "cost_usd": draw(st.none() | st.integers(0, 10**15).map(lambda nano_usd: nano_usd / NANO)),
    }
    return {name: value for name, value in usage.items() if value is not None}


def told(usage: Answer) -> Answer:
    """A report with the total that covers its parts."""
    counted = [usage[name] for name in ("total_tokens", "input_tokens", "output_tokens") if name in usage]
    if not counted:
        return usage
    parts = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
    return usage | {"total_tokens": max(usage.get("total_tokens", 0), parts)}


def known_sum(told: list[Answer]) -> Answer:
    """Field by field sums of what is known, shown as totals are."""
    fields = {name for usage in told for name in usage}
    sums = {name: sum(round(usage[name] * NANO) for usage in told if name in usage) for name in fields}
    return {name: value / NANO if name == "cost_usd" else value // NANO for name, value in sums.items()}


def without_bookkeeping(totals: Answer) -> Answer:
    """Totals as a report would say them."""
    return {name: value for name, value in totals.items() if name not in ("reports", "unpriced_calls")}
