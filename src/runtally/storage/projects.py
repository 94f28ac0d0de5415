"""Projects as rows: what is looked at across them, all in one place."""

from collections.abc import Sequence

from runtally.domain.fields import compact_json
from runtally.storage.transaction import Transaction


class SqlProjects:
    """Fills `domain.ports.Projects` with the queries of `projects.sql`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def note_write(self, project_key: str, now: int) -> None:
        self._tx.execute("note_project_write", {"project_key": project_key, "now": now})

    def having_run(self, run_id: str, limit: int) -> Sequence[str]:
        rows = self._tx.fetch_all("find_projects_having_run", {"run_id": run_id, "limit": limit})
        return [row["project_key"] for row in rows]

    def given_having_run(self, projects: Sequence[str], run_id: str, limit: int) -> Sequence[str]:
        params = {"projects": compact_json(projects), "run_id": run_id, "limit": limit}
        return [row["project_key"] for row in self._tx.fetch_all("find_given_projects_having_run", params)]

    def list_after(self, project_key: str, limit: int) -> Sequence[str]:
        rows = self._tx.fetch_all("list_projects", {"after": project_key, "limit": limit})
        return [row["project_key"] for row in rows]
