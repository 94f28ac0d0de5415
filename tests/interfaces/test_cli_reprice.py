"""reprice as a person runs it: while servers write, ended at any moment, and told what to do about the rest."""

import subprocess
import threading
from pathlib import Path

import pytest

from tests.journeys.ledger_file import rows, value
from tests.journeys.processes import BOUND_SECONDS, Process, StdioClient, run

PRICES = '[[price]]\nmodel = "mine"\ninput_usd_per_million = 1\noutput_usd_per_million = 2\n'
CALL = {"model": "mine", "provider": "vllm", "input_tokens": 1_000, "output_tokens": 100}
STOPS_AFTER_A_BATCH = """
import sys, anyio
from runtally.cli.main import main
sleep = anyio.sleep
async def stop(_):
    print("a batch is stored", file=sys.stderr, flush=True)
    await sleep(3600)
anyio.sleep = stop
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(PRICES)
    return file


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def fill(database: Path, reports: int = 1, **usage: object) -> str:
    """A run with so many reports without a cost, of project `alpha`."""
    with StdioClient(database, project="alpha") as client:
        run_id: str = client.call("core_start_run", summary="filled")["run_id"]
        sent = [client.send("core_report_usage", run_id=run_id, token_usage=CALL | usage) for _ in range(reports)]
        for one in sent:
            one.result(BOUND_SECONDS)
        client.close_stdin()
        assert client.wait() == 0
    return run_id


def reprice(database: Path, *arguments: str, prices: Path | None = None) -> list[str]:
    settings = {} if prices is None else {"RUNTALLY_PRICES": str(prices)}
    ended = run("--db", str(database), "reprice", *arguments, **settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def assert_totals_are_the_sum_of_the_reports(database: Path) -> None:
    told = run("--db", str(database), "doctor")
    assert "  ok   totals: " in told.stdout, told.stdout


def test_it_says_what_lacks_a_price_and_prices_it_once_there_is_one(database: Path, prices: Path) -> None:
    fill(database, 2)
    fill(database, model="e\x1b[31mvil", llm_calls=3)
    lacking = [
        "priced: 0 reports, $0.00",
        "still without a cost: 5 calls",
        r"  3 calls of 'e\x1b[31mvil' at 'vllm': no price",
        "  2 calls of 'mine' at 'vllm': no price",
        "put a price of each model that has no price into the file that RUNTALLY_PRICES names, then repeat this",
    ]
    before = rows(database, "SELECT * FROM usage_reports")
    assert reprice(database) == lacking
    rest = ["still without a cost: 3 calls", lacking[2], lacking[4]]
    assert reprice(database, "--dry-run", prices=prices) == ["would be priced: 2 reports, $0.0024", *rest]
    assert rows(database, "SELECT * FROM usage_reports") == before
    assert reprice(database, "--since", "2020-01-01", prices=prices) == ["priced: 2 reports, $0.0024", *rest]
    assert reprice(database, "--since", "7d", "--project", "beta", prices=prices) == [
        "priced: 0 reports, $0.00",
        "still without a cost: nothing",
    ]
    assert reprice(database, prices=prices) == ["priced: 0 reports, $0.00", *rest]
    assert_totals_are_the_sum_of_the_reports(database)


def test_why_a_call_has_no_cost_is_told_and_a_price_asked_for_only_where_one_is_lacking(
    database: Path, prices: Path
) -> None:
    with StdioClient(database, project="alpha") as client:
        run_id = client.call("core_start_run", summary="filled")["run_id"]
        client.call("core_report_usage", run_id=run_id, token_usage={"input_tokens": 5})
        client.call("core_report_usage", run_id=run_id, token_usage={"input_tokens": 5, "model": "mine"})
        client.close_stdin()
        assert client.wait() == 0
    assert sorted(reprice(database, prices=prices)) == [
        "  1 call of 'mine': its price needs input_tokens and output_tokens, which were not both told",
        "  1 call of no model: nothing can price what names no model",
        "priced: 0 reports, $0.00",
        "still without a cost: 2 calls",
    ]


NO_TIME = "is not a time; send one like 2026-01-31T09:30:00Z, a date like 2026-01-31, or how long ago, like 24h or 7d"


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("yesterday", NO_TIME),
        ("0.5d", NO_TIME),
        ("2026-02-30", "is not an RFC 3339 time; send one like 2026-01-31T09:30:00Z"),
        ("2026-01-01T09:30:00", "has no offset from UTC; end it in Z or, say, +02:00"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(since: str, told: str, database: Path) -> None:
    ended = run("--db", str(database), "reprice", "--since", since)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"runtally: error: --since {since!r} {told}\n"


def test_without_a_database_or_with_bad_prices_there_is_nothing_to_do(database: Path, prices: Path) -> None:
    ended = run("--db", str(database), "reprice")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert ended.stderr.startswith(f"runtally: error: nothing to price: there is no database {database} yet; ")
    assert not database.exists()
    prices.write_text("[[price]]")
    ended = run("--db", str(database), "reprice", RUNTALLY_PRICES=str(prices))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"{prices}, [[price]] 1: model is missing" in ended.stderr


def test_killed_between_two_batches_it_leaves_a_ledger_that_it_can_go_on_with(database: Path, prices: Path) -> None:
    fill(database, 150)
    arguments = ("--db", str(database), "reprice")
    with Process(*arguments, program=("-c", STOPS_AFTER_A_BATCH), RUNTALLY_PRICES=str(prices)) as process:
        process.wait_for("a batch is stored")
        process.kill()
    assert value(database, "SELECT count(*) FROM usage_reports WHERE corrects IS NOT NULL") == 100
    assert_totals_are_the_sum_of_the_reports(database)
    assert reprice(database, prices=prices)[0] == "priced: 50 reports, $0.06"
    assert value(database, "SELECT cost_nano_usd FROM runs") == 150 * 1_200_000


def test_servers_go_on_writing_meanwhile(database: Path, prices: Path) -> None:
    filled = fill(database, 300)
    ended: list[subprocess.CompletedProcess[str]] = []

    def reprice_once() -> None:
        ended.append(run("--db", str(database), "reprice", RUNTALLY_PRICES=str(prices)))

    with StdioClient(database, project="alpha") as client:
        other = client.call("core_start_run", summary="meanwhile")["run_id"]
        commands = [threading.Thread(target=reprice_once) for _ in range(2)]
        for command in commands:
            command.start()
        written = 0
        while any(command.is_alive() for command in commands):
            for run_id in (filled, other):
                client.call("core_report_usage", run_id=run_id, token_usage=CALL)
                written += 1
        client.close_stdin()
        assert client.wait() == 0
    assert [one.returncode for one in ended] == [0, 0], [one.stderr for one in ended]
    reprice(database, prices=prices)
    assert value(database, "SELECT sum(cost_nano_usd) FROM runs") == (300 + written) * 1_200_000
    assert value(database, "SELECT sum(unpriced_calls) FROM runs") == 0
    assert_totals_are_the_sum_of_the_reports(database)
