"""Named queries: where a block begins and ends, which lines are optional, and that no two share a name."""

from pathlib import Path

import pytest

from runtally.storage import queries

TWO_BLOCKS = """\
-- Whatever stands before the first block is for people.

-- name: find_run
-- One run.
-- In two lines of comment.
SELECT * FROM runs
WHERE project_key = :project_key
    AND status = :status -- if :status
    AND label = :label    -- if :label
ORDER BY run_id;

-- name: count_runs
-- How many there are.
SELECT count(*) FROM runs; -- all of them
"""


def test_a_file_is_read_block_by_block() -> None:
    found = queries.parse(TWO_BLOCKS)
    assert [query.name for query in found] == ["find_run", "count_runs"]
    assert found[1].sql({}).startswith("SELECT count(*) FROM runs")
    assert "find_run" not in found[0].sql({"status": 1, "label": 1})
    assert "for people" not in "".join(query.sql({"status": 1, "label": 1}) for query in found)


@pytest.mark.parametrize(
    ("status", "label", "kept"),
    [
        (None, None, []),
        ("running", None, ["    AND status = :status"]),
        (None, "x", ["    AND label = :label"]),
        ("running", "", ["    AND status = :status", "    AND label = :label"]),
        (0, False, ["    AND status = :status", "    AND label = :label"]),
    ],
)
def test_an_optional_line_belongs_to_the_statement_only_where_its_parameter_is_given(
    status: object, label: object, kept: list[str]
) -> None:
    sql = queries.parse(TWO_BLOCKS)[0].sql({"status": status, "label": label, "project_key": "alpha"})
    assert sql.splitlines() == [
        "SELECT * FROM runs",
        "WHERE project_key = :project_key",
        *kept,
        "ORDER BY run_id",
    ]


def test_the_parameter_of_an_optional_line_must_be_among_those_given_even_if_it_is_none() -> None:
    with pytest.raises(KeyError, match="label"):
        queries.parse(TWO_BLOCKS)[0].sql({"status": None})


def test_a_statement_without_optional_lines_is_the_same_for_all_parameters() -> None:
    query = queries.parse(TWO_BLOCKS)[1]
    assert query.sql({}) is query.sql({"status": 1})


def test_two_queries_of_one_name_are_refused_with_the_name(tmp_path: Path) -> None:
    (tmp_path / "first.sql").write_text(TWO_BLOCKS)
    assert sorted(queries.read(tmp_path)) == ["count_runs", "find_run"]
    (tmp_path / "second.sql").write_text("-- name: count_runs\n-- Again.\nSELECT 1;\n")
    with pytest.raises(ValueError, match=r"count_runs.*second\.sql"):
        queries.read(tmp_path)


@pytest.mark.parametrize(
    "head", ["-- name: two words\n-- What.\n", "-- name: undescribed\n", "-- name:glued\n-- What.\n"]
)
def test_a_block_that_begins_otherwise_is_refused_and_not_taken_for_a_part_of_its_neighbour(head: str) -> None:
    with pytest.raises(ValueError, match="-- name: "):
        queries.parse(f"{TWO_BLOCKS}\n{head}SELECT 1;\n")
