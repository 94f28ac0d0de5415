"""A ledger as an agent left it, for tests in which something then goes wrong."""

import shutil
from pathlib import Path

import pytest

from tests.journeys.processes import StdioClient


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A ledger that was closed in good order, and a run in it that is still running."""
    database = tmp_path_factory.mktemp("healthy") / "ledger.db"
    with StdioClient(database) as client:
        run_id = client.call("core_start_run", summary="before the trouble")["run_id"]
        traces = [{"name": f"step {number}", "input": "x" * 500} for number in range(200)]
        client.call("core_report_usage", run_id=run_id, token_usage={"input_tokens": 5}, traces=traces)
        client.close_stdin()
        assert client.wait() == 0
    assert [path.name for path in database.parent.iterdir()] == ["ledger.db"], "closed, and its log moved into the file"
    return database, run_id


@pytest.fixture
def database(healthy: tuple[Path, str], tmp_path: Path) -> Path:
    return Path(shutil.copy(healthy[0], tmp_path / "ledger.db"))


@pytest.fixture
def run_id(healthy: tuple[Path, str]) -> str:
    return healthy[1]
