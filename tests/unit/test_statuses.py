"""How a run stands is understood in the words of other recorders, where they mean one of ours alone."""

from typing import get_args

import pytest

from runtally.domain.errors import InvalidInput
from runtally.domain.lifecycle import EndStatus, RunStatus
from runtally.domain.requests import EndRun, ListRuns
from runtally.domain.validation import parse
from tests.contract.minimal import RUN

ENDS = {
    "completed": [
        *("completed", "Completed", "complete", "ok", "OK", "success", "Succeeded", "successful", "DONE", "finished"),
        *(" done ", 0, "0"),
    ],
    "partial": ["partial", "PARTIAL", "partial_success", "partial-success", "Partial success", 1, "1"],
    "failed": ["failed", "fail", "error", "ERROR", "errored", "failure", 2, "2"],
    "interrupted": ["interrupted", "cancelled", "canceled", "aborted", "Stopped"],
}
RUNNING = ["running", "open", "active", "in_progress", "In progress", "in-progress", "ongoing"]
AMBIGUOUS = [
    "timeout",
    "timed_out",
    "ended",
    "closed",
    "killed",
    "skipped",
    "unknown",
    "partially",
    "3",
    "-1",
    "x" * 99,
]
NEVER = [True, False, 3, -1, 0.5, [], {}]


def test_every_status_of_ours_is_one_of_the_words():
    assert set(ENDS) == set(get_args(EndStatus))
    assert {*ENDS, "running"} == set(get_args(RunStatus))


@pytest.mark.parametrize(("ours", "told"), [(ours, told) for ours, words in ENDS.items() for told in words])
def test_an_end_is_recorded_in_our_word(ours, told):
    assert parse(EndRun, {"run_id": RUN, "status": told}).status == ours
    assert parse(ListRuns, {"status": told}).status == ours


@pytest.mark.parametrize("told", RUNNING)
def test_running_is_something_to_look_for_and_no_end(told):
    assert parse(ListRuns, {"status": told}).status == "running"
    with pytest.raises(InvalidInput, match="must be one of 'completed', 'partial', 'failed' or 'interrupted'"):
        parse(EndRun, {"run_id": RUN, "status": told})


@pytest.mark.parametrize("told", AMBIGUOUS + NEVER)
def test_a_word_that_could_mean_several_or_none_is_refused_with_ours(told):
    with pytest.raises(InvalidInput, match="must be one of 'completed', 'partial', 'failed' or 'interrupted'"):
        parse(EndRun, {"run_id": RUN, "status": told})
    with pytest.raises(InvalidInput, match="must be one of 'running', 'completed', 'partial', 'failed'"):
        parse(ListRuns, {"status": told})
