"""What was left out of the index in the last ingestion of each source, and why."""

from collections.abc import Sequence
from pathlib import Path

from msp_core.database import Database
from msp_core.knowledge.article import Quarantined

MIGRATIONS = (
    """
    CREATE TABLE quarantined (
        source TEXT NOT NULL, place INTEGER NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (source, place)
    ) STRICT
    """,
)


class QuarantineList:
    """Kept in one SQLite file, for any number of threads and processes.

    Args:
        path: the file; made when missing.

    Raises (from every method):
        ConfigurationError: the file cannot be written.
        CorruptData: the file is damaged or of a newer format.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS)

    def replace(self, source: str, rows: Sequence[Quarantined]) -> None:
        """Take these for what was said of a source before."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM quarantined WHERE source = ?", (source,))
            connection.executemany(
                "INSERT INTO quarantined VALUES (?, ?, ?, ?)",
                [(source, place, row.path, row.reason) for place, row in enumerate(rows)],
            )

    def rows(self) -> dict[str, list[Quarantined]]:
        """What was left out, by source."""
        found: dict[str, list[Quarantined]] = {}
        with self._database.read() as connection:
            for row in connection.execute("SELECT * FROM quarantined ORDER BY source, place"):
                found.setdefault(row["source"], []).append(Quarantined(row["path"], row["reason"]))
        return found
