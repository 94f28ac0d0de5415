"""The server that the tests of HTTP share."""

from collections.abc import Iterator

import pytest

from tests.interfaces.keyed_door import Door, new_key, serving


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    database = tmp_path_factory.mktemp("keyed") / "ledger.db"
    keys = {
        "writer": new_key(database, "--project", "alpha", "--role", "write"),
        "reader": new_key(database, "--project", "alpha", "--role", "read"),
        "stranger": new_key(database, "--project", "beta", "--role", "admin"),
        "both": new_key(database, "--project", "alpha", "--project", "beta", "--role", "write"),
    }
    with serving(database, keys) as door:
        yield door
