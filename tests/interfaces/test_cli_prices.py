"""A file of own prices reaches every process that prices, and a bad one is refused before anything is served."""

from pathlib import Path

import pytest

from tests.journeys.processes import StdioClient, run

LLAMA = '[[price]]\nmodel = "llama-3.3-70b"\ninput_usd_per_million = 0.2\noutput_usd_per_million = 0.6\n'
USAGE = {"model": "llama-3.3-70b", "provider": "vllm", "input_tokens": 1_000_000, "output_tokens": 1_000_000}


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(LLAMA)
    return file


def test_a_server_prices_by_the_file_and_doctor_tells_of_it(prices: Path, tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database, RUNTALLY_PRICES=str(prices)) as client:
        run_id = client.call("core_start_run", summary="own")["run_id"]
        answer = client.call("core_report_usage", run_id=run_id, token_usage=USAGE)
        client.close_stdin()
        assert client.wait() == 0
    assert (answer["cost_source"], answer["totals"]["cost_usd"]) == ("computed", 0.8)
    told = run("--db", str(database), "doctor", RUNTALLY_PRICES=str(prices))
    assert told.returncode == 0
    assert f"  ok   prices: 1 of your own in {prices} (in this shell), before those of genai-prices\n" in told.stdout
    assert "  note prices: those of genai-prices alone; " in run("--db", str(database), "doctor").stdout


def test_the_demo_does_not_begin_with_a_bad_file(tmp_path: Path) -> None:
    ended = run("demo", RUNTALLY_PRICES=str(tmp_path / "absent.toml"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"runtally: error: {tmp_path / 'absent.toml'} is no file; ")


@pytest.mark.parametrize("arguments", [[], ["serve", "--http", "--port", "0"]], ids=["stdio", "http"])
def test_a_bad_file_ends_a_server_at_its_start(arguments: list[str], prices: Path, tmp_path: Path) -> None:
    prices.write_text(LLAMA + "inputs = 1\n")
    ended = run(*arguments, "--db", str(tmp_path / "ledger.db"), RUNTALLY_PRICES=str(prices))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].startswith(
        f"runtally: error: {prices}, [[price]] 1: inputs is no key of it; the keys are model, "
    )
    assert not (tmp_path / "ledger.db").exists()


def test_doctor_goes_on_after_a_bad_file_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    absent = tmp_path / "absent.toml"
    ended = run("--db", str(tmp_path / "ledger.db"), "doctor", RUNTALLY_PRICES=str(absent))
    assert ended.returncode == 7, ended.stderr
    assert f"  FAIL prices: {absent} is no file; let RUNTALLY_PRICES name a file of prices" in ended.stdout
    assert "recent problems" in ended.stdout
