"""What a run's end tells as its totals, weighed against what its reports came to.

What the reports did not cover is added as one report; a count below theirs changes nothing.
"""

from typing import Final

from runtally.domain.models import Adjustment, Totals
from runtally.domain.records import Spent, UsageEntry
from runtally.domain.usage import COUNTS, Counts, TokenUsage
from runtally.service.unit import Unit
from runtally.service.usage import priced_entry

_NANO: Final = 1_000_000_000


def final_entry(unit: Unit, final: TokenUsage, so_far: Totals) -> UsageEntry | None:
    """What a run's final totals add to the sum of its reports, or None if the reports cover them.

    A final cost covers the calls that had no cost of their own.
    """
    reported = _counts_of(so_far)
    missing = _missing(final.counts, reported)
    adds = final.prompt_preview is not None or any(
        more or (more is not None and known is None) for more, known in zip(missing, reported, strict=True)
    )
    cost, cost_so_far = final.reported_nano_usd, so_far.cost_nano_usd
    if cost is not None and cost >= (cost_so_far or 0):
        if not adds and cost_so_far == cost and not so_far.unpriced_calls:
            return None
        return _reported_entry(final, Spent(missing, cost - (cost_so_far or 0), -so_far.unpriced_calls))
    if not adds:
        return None
    if cost is None and missing.total_tokens == 0:
        # The reports told as many tokens: which of them were input, output or cached is no new use.
        return UsageEntry(Spent(missing), "unpriced", None, final.model, final.provider, final.prompt_preview)
    if cost is not None:
        # The reports already add up to more than the final cost: what it adds in tokens is paid for.
        return _reported_entry(final, Spent(missing, 0))
    return priced_entry(unit, final, missing, _calls_beyond(final, missing, so_far))


def _reported_entry(final: TokenUsage, spent: Spent) -> UsageEntry:
    return UsageEntry(spent, "reported", None, final.model, final.provider, final.prompt_preview)


def adjustment_of(spent: Spent) -> Adjustment:
    """What was added, as an answer states it."""
    return Adjustment(**spent.counts._asdict(), cost_nano_usd=spent.cost_nano_usd)


def warning_of(final: TokenUsage, so_far: Totals) -> str | None:
    """Where the final totals lie below the reports, what that usually means and what to do; None where they do not."""
    below = [
        f"{name} {told:,} (reports: {known:,})"
        for name, told, known in zip(COUNTS, final.counts, _counts_of(so_far), strict=True)
        if getattr(final, name) is not None and told is not None and known is not None and told < known
    ]
    cost, cost_so_far = final.reported_nano_usd, so_far.cost_nano_usd
    if cost is not None and cost_so_far is not None and cost < cost_so_far:
        below.append(f"cost_usd {cost / _NANO:g} (reports: {cost_so_far / _NANO:g})")
    if not below:
        return None
    return (
        f"these of the final totals lie below what the reports add up to, and changed nothing: {', '.join(below)}. "
        "Usually something was reported twice. If so, call core_report_usage with corrects = the report_id of the "
        "surplus report and token_usage = what it should have said, {} for nothing"
    )


def _counts_of(totals: Totals) -> Counts:
    return Counts(*(getattr(totals, name) for name in COUNTS))


def _missing(final: Counts, reported: Counts) -> Counts:
    """How much of the final totals the reports lack; unknown where the final total is.

    The total grows with its parts: input of the reports and output of the end may come to more than either total.
    """
    missing = Counts(
        *(None if told is None else max(0, told - (known or 0)) for told, known in zip(final, reported, strict=True))
    )
    if missing.total_tokens is None:
        return missing
    whole = Counts(input_tokens=missing.input_tokens, output_tokens=missing.output_tokens).plus(
        reported._replace(total_tokens=None)
    )
    needed = (whole.covered_total or 0) - (reported.total_tokens or 0)
    return missing._replace(total_tokens=max(missing.total_tokens, needed))


def _calls_beyond(final: TokenUsage, missing: Counts, totals: Totals) -> int:
    """How many calls the final totals tell of that no report stood for, and that may therefore lack a cost.

    Where the reports counted no calls, each of them stood for one.
    """
    stood_for = totals.reports if totals.llm_calls is None else totals.llm_calls
    return max((final.llm_calls or 0) - stood_for, int(bool(missing.total_tokens)))
