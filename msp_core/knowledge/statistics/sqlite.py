"""Lexical statistics in a SQLite file."""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from msp_core.database import Database
from msp_core.errors import CorruptData
from msp_core.knowledge.statistics.lexical_statistics import (
    CorpusStatistics,
    Counted,
    DocumentTerms,
)

MIGRATIONS = (
    """
    CREATE TABLE documents (
        document_id TEXT PRIMARY KEY,
        content_hash TEXT NOT NULL,
        chunks INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        frequencies TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE terms (term TEXT PRIMARY KEY, chunks INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE totals (chunks INTEGER NOT NULL, tokens INTEGER NOT NULL) STRICT;
    INSERT INTO totals VALUES (0, 0)
    """,
)
_LISTED = "(SELECT value FROM json_each(?))"


class SqliteStatistics:
    """A `StatisticsStore` in one file, for any number of threads and processes.

    Args:
        path: the file; made when missing.

    Raises (from every method):
        ConfigurationError: the file cannot be written.
        CorruptData: the file is damaged or of a newer format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path, MIGRATIONS, regenerate="msp index rebuild")

    def documents(self) -> dict[str, Counted]:
        """See `StatisticsStore.documents`."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT document_id, content_hash, chunks FROM documents")
            return {row["document_id"]: Counted(row["content_hash"], row["chunks"]) for row in rows}

    def replace(self, documents: Sequence[DocumentTerms]) -> None:
        """See `StatisticsStore.replace`."""
        with self._database.write() as connection:
            _subtract(connection, [document.document_id for document in documents])
            connection.executemany(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?)",
                [
                    (
                        document.document_id,
                        document.content_hash,
                        document.chunks,
                        document.tokens,
                        json.dumps(dict(sorted(document.frequencies.items())), ensure_ascii=False),
                    )
                    for document in documents
                ],
            )
            added: Counter[str] = Counter()
            for document in documents:
                added.update(document.frequencies)
            _add(
                connection,
                added,
                sum(document.chunks for document in documents),
                sum(document.tokens for document in documents),
            )

    def delete(self, document_ids: Collection[str]) -> None:
        """See `StatisticsStore.delete`."""
        with self._database.write() as connection:
            _subtract(connection, document_ids)

    def look_up(self, terms: Collection[str]) -> CorpusStatistics:
        """See `StatisticsStore.look_up`."""
        with self._database.read() as connection:
            chunks, tokens = connection.execute("SELECT chunks, tokens FROM totals").fetchone()
            found = connection.execute(
                f"SELECT term, chunks FROM terms WHERE term IN {_LISTED}", (_list(terms),)
            )
            return CorpusStatistics(chunks, tokens, dict(found.fetchall()))

    def remove(self) -> None:
        """See `StatisticsStore.remove`; a file that cannot be read any more is deleted."""
        try:
            with self._database.write() as connection:
                for table in ("documents", "terms"):
                    connection.execute(f"DELETE FROM {table}")
                connection.execute("UPDATE totals SET chunks = 0, tokens = 0")
        except CorruptData:
            self._database.delete_files()

    def verify(self) -> list[str]:
        """See `StatisticsStore.verify`."""
        try:
            with self._database.read() as connection:
                found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
                sums: Counter[str] = Counter()
                chunks = tokens = 0
                for row in connection.execute("SELECT chunks, tokens, frequencies FROM documents"):
                    sums.update(json.loads(row["frequencies"]))
                    chunks, tokens = chunks + row["chunks"], tokens + row["tokens"]
                stored = dict(connection.execute("SELECT term, chunks FROM terms").fetchall())
                totals = tuple(connection.execute("SELECT chunks, tokens FROM totals").fetchone())
        except CorruptData as error:
            return [str(error)]
        problems = [f"SQLite: {line}" for line in found if line != "ok"]
        if stored != sums or totals != (chunks, tokens):
            problems.append("the lexical statistics are not the sum of their documents")
        return problems


def _subtract(connection: sqlite3.Connection, document_ids: Collection[str]) -> None:
    listed = (_list(document_ids),)
    gone: Counter[str] = Counter()
    chunks = tokens = 0
    for row in connection.execute(
        f"SELECT chunks, tokens, frequencies FROM documents WHERE document_id IN {_LISTED}", listed
    ):
        gone.subtract(json.loads(row["frequencies"]))
        chunks, tokens = chunks - row["chunks"], tokens - row["tokens"]
    connection.execute(f"DELETE FROM documents WHERE document_id IN {_LISTED}", listed)
    _add(connection, gone, chunks, tokens)
    connection.execute("DELETE FROM terms WHERE chunks = 0")


def _add(connection: sqlite3.Connection, terms: Counter[str], chunks: int, tokens: int) -> None:
    connection.executemany(
        "INSERT INTO terms VALUES (?, ?) ON CONFLICT (term) DO UPDATE SET "
        "chunks = chunks + excluded.chunks",
        terms.items(),
    )
    connection.execute(
        "UPDATE totals SET chunks = chunks + ?, tokens = tokens + ?", (chunks, tokens)
    )


def _list(values: Collection[str]) -> str:
    return json.dumps(sorted(values), ensure_ascii=False)
