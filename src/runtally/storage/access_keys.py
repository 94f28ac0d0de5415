"""Bearer keys as rows."""

import json
from collections.abc import Sequence

from runtally.domain.caller import AccessKey
from runtally.domain.fields import compact_json
from runtally.storage.transaction import Row, Transaction


class SqlKnownKeys:
    """Fills `domain.ports.KnownKeys` with named queries over a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def find(self, key_hash: str, now: int) -> AccessKey | None:
        row = self._tx.fetch_one("find_access_key", {"key_hash": key_hash, "now": now})
        return None if row is None else _access_key(row)

    def was_any_made(self) -> bool:
        return self._tx.fetch_one("has_access_key", {}) is not None


class SqlAccessKeys(SqlKnownKeys):
    """Fills `domain.ports.AccessKeys`: what looks at keys, and what changes them."""

    def insert(self, key: AccessKey, key_hash: str) -> None:
        params = {
            "key_hash": key_hash,
            "key_id": key.key_id,
            "role": key.role,
            "projects": compact_json(key.projects),
            "created_at": key.created_at,
            "expires_at": key.expires_at,
        }
        self._tx.execute("insert_access_key", params)

    def list_all(self) -> Sequence[AccessKey]:
        return [_access_key(row) for row in self._tx.fetch_all("list_access_keys", {})]

    def revoke(self, key_id: str, now: int) -> bool:
        return self._tx.fetch_one("revoke_access_key", {"key_id": key_id, "now": now}) is not None


def _access_key(row: Row) -> AccessKey:
    projects = json.loads(row["projects"])
    if not isinstance(projects, list) or not projects or not all(isinstance(project, str) for project in projects):
        raise ValueError("a bearer key opens projects, by their names")
    return AccessKey(**{**row, "projects": tuple(projects)})
