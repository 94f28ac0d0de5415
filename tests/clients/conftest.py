"""Clients that others wrote, installed once for all tests."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.clients.node import Missing, Node, install


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("node")
    try:
        yield install(folder)
    except Missing as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(f"these clients must be tried in CI: {reason}")
        pytest.skip(str(reason))
    finally:
        # A hundred megabytes, which pytest would keep.
        shutil.rmtree(folder)
