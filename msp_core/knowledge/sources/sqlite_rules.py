"""Rules of the sources in a SQLite file."""

from pathlib import Path

from msp_core.database import Database
from msp_core.knowledge.sources.file_document import Defaults
from msp_core.knowledge.sources.rules import SourceRule

MIGRATIONS = (
    """
    CREATE TABLE sources (
        id_prefix TEXT PRIMARY KEY, audience TEXT NOT NULL, customer_id TEXT
    ) STRICT, WITHOUT ROWID
    """,
)


class SqliteSourceRules:
    """A `SourceRules` in one file, for any number of threads and processes.

    Args:
        path: the file; made when missing.

    Raises (from every method):
        ConfigurationError: the file cannot be written.
        CorruptData: the file is damaged or of a newer format.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS)

    def all(self) -> dict[str, Defaults]:
        """See `SourceRules.all`."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT id_prefix, audience, customer_id FROM sources")
            return {row["id_prefix"]: Defaults(row["audience"], row["customer_id"]) for row in rows}

    def fix(self, rule: SourceRule) -> None:
        """See `SourceRules.fix`."""
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM sources WHERE substr(id_prefix, 1, length(?1)) = ?1", (rule.id_prefix,)
            )
            connection.execute(
                "INSERT INTO sources VALUES (?, ?, ?)",
                (rule.id_prefix, rule.defaults.audience, rule.defaults.customer_id),
            )
