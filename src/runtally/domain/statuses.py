"""Other recorders' words for how a run stands, in Runtally's."""

from collections.abc import Mapping
from typing import Any, Final

_ENDED: Final[Mapping[str, tuple[str, ...]]] = {
    "completed": ("complete", "ok", "okay", "success", "successful", "succeeded", "done", "finished", "passed"),
    "partial": ("partial_success", "partially_completed", "partially_succeeded"),
    "failed": ("fail", "failure", "error", "errored"),
    "interrupted": ("cancelled", "canceled", "aborted", "stopped"),
}
"""Without words that could mean two of ours: a `timeout` may have failed the run or have interrupted it."""
_RUNNING: Final = ("open", "active", "in_progress", "ongoing")
_CODES: Final = {0: "completed", 1: "partial", 2: "failed"}
"""As The Context Company documents them."""

_END_WORDS: Final = {other: ours for ours, others in _ENDED.items() for other in (ours, *others)} | {
    str(code): ours for code, ours in _CODES.items()
}
_STATUS_WORDS: Final = _END_WORDS | dict.fromkeys(("running", *_RUNNING), "running")
_CHARS_MAX: Final = 32


def end_status(told: Any) -> Any:
    """How a run ended, in our word; what is not known is given back as it is."""
    return _in_our_word(told, _END_WORDS)


def run_status(told: Any) -> Any:
    """How a run stands, in our word; what is not known is given back as it is."""
    return _in_our_word(told, _STATUS_WORDS)


def _in_our_word(told: Any, words: Mapping[str, str]) -> Any:
    if isinstance(told, str) and len(told) <= _CHARS_MAX:
        return words.get(told.strip().lower().replace("-", "_").replace(" ", "_"), told)
    if isinstance(told, int) and not isinstance(told, bool):
        return _CODES.get(told, told)
    return told
