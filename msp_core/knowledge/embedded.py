"""The embedded knowledge index: records and words in SQLite, vectors in an exact numpy matrix."""

import json
import re
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np
import numpy.typing as npt

from msp_core.database import Database
from msp_core.errors import ConfigurationError, CorruptData
from msp_core.knowledge.chunking import CHUNKER
from msp_core.knowledge.index import Chunk, Evidence, Filter, Hit, IndexStats
from msp_core.knowledge.query_terms import MAX_TERMS, query_terms
from msp_core.knowledge.vector_matrix import Labels, VectorMatrix

REBUILD_COMMAND = "msp ingest --rebuild"
COMMON_SHARE = 0.3
"""A word in more than this share of the chunks is not searched: it tells nothing, and is slow."""
COMMON_AT_LEAST = 10
"""Below this count no word is common, or a small index could find nothing."""

MIGRATIONS = (
    """
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY,
        chunk_id TEXT NOT NULL UNIQUE,
        document_id TEXT NOT NULL,
        title TEXT NOT NULL,
        heading TEXT NOT NULL,
        text TEXT NOT NULL,
        first_character INTEGER NOT NULL,
        end_character INTEGER NOT NULL,
        audience TEXT NOT NULL,
        customer_id TEXT,
        category TEXT,
        superseded_by TEXT,
        content_hash TEXT NOT NULL,
        vector BLOB NOT NULL
    ) STRICT;
    CREATE INDEX chunks_by_document ON chunks (document_id);
    CREATE VIRTUAL TABLE words USING fts5 (searchable, tokenize = 'porter unicode61')
    """,
)
# In the order of the fields of Chunk.
_FIELDS = (
    "chunk_id, document_id, title, heading, text, first_character, end_character, audience, "
    "customer_id, category, superseded_by, content_hash"
)
_LISTED = "(SELECT value FROM json_each(?))"
_MARK = "\x02"  # put before and after each matched word by SQLite's highlight()
_MARKED = re.compile(f"{_MARK}([^{_MARK}]*){_MARK}")


class EmbeddedIndex:
    """A `KnowledgeIndex` in one file, for any number of threads and processes.

    The matrix is read at the first dense search and again after anyone wrote: a mark in the file
    changes with every write.

    Args:
        path: the file; made when missing.
        model_id: of the embedder; an index made with another one is refused.
        dimension: of the embedder.

    Raises (from every method; the file is first touched by a method, not here):
        ConfigurationError: the index was made with another embedder or other chunking rules, or
            the file cannot be written.
        CorruptData: the file is damaged or of a newer format.
    """

    def __init__(self, path: Path, *, model_id: str, dimension: int) -> None:
        self._path = path
        self._dimension = dimension
        self._made_with = {
            "model_id": model_id,
            "dimension": str(dimension),
            "chunker": CHUNKER,
        }
        self._database = Database(path, MIGRATIONS, regenerate=REBUILD_COMMAND)
        self._lock = threading.Lock()
        self._matrix: tuple[str, VectorMatrix] | None = None

    def remove(self) -> None:
        """Delete the index's files, whatever state they are in; the next write makes them anew."""
        for suffix in ("", "-wal", "-shm"):
            path = self._path.with_name(self._path.name + suffix)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise ConfigurationError(
                    f"{path} cannot be deleted ({error.strerror}). Mend the permissions, or set "
                    "MSP_STATE_DIR to a folder that you may write."
                ) from error

    def upsert(self, chunks: Sequence[Chunk], vectors: npt.NDArray[np.float32]) -> None:
        """See `KnowledgeIndex.upsert`; all given documents are stored in one transaction."""
        if vectors.shape != (len(chunks), self._dimension):
            raise ValueError(
                f"vectors of shape {vectors.shape} do not fit {len(chunks)} chunks of dimension "
                f"{self._dimension}"
            )
        with self._database.write() as connection:
            self._check(connection)
            _delete(connection, {chunk.document_id for chunk in chunks})
            for chunk, vector in zip(chunks, vectors, strict=True):
                cursor = connection.execute(
                    f"INSERT INTO chunks ({_FIELDS}, vector) VALUES (?{', ?' * 12})",
                    (*astuple(chunk), vector.astype("<f4").tobytes()),
                )
                connection.execute(
                    "INSERT INTO words (rowid, searchable) VALUES (?, ?)",
                    (cursor.lastrowid, chunk.searchable),
                )
            self._changed(connection)

    def delete(self, document_ids: Collection[str]) -> None:
        """See `KnowledgeIndex.delete`."""
        with self._database.write() as connection:
            self._check(connection)
            _delete(connection, document_ids)
            self._changed(connection)

    def lexical(self, query: str, wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.lexical`."""
        where, values = _conditions(wanted)
        with self._database.read() as connection:
            self._check(connection)
            expression = _expression(connection, query)
            if expression is None:
                return []
            rows = connection.execute(
                "SELECT chunks.chunk_id, -bm25(words) AS score FROM words "
                "JOIN chunks ON chunks.id = words.rowid "
                f"WHERE words MATCH ? AND {where} ORDER BY score DESC, chunk_id LIMIT ?",
                (expression, *values, k),
            ).fetchall()
        return [Hit(row["chunk_id"], row["score"]) for row in rows]

    def dense(self, vector: npt.NDArray[np.float32], wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.dense`."""
        with self._database.read() as connection:
            self._check(connection)
            matrix = self._current_matrix(connection)
        return matrix.nearest(vector, wanted, k)

    def rescore(
        self, query: str, vector: npt.NDArray[np.float32] | None, chunk_ids: Collection[str]
    ) -> dict[str, Evidence]:
        """See `KnowledgeIndex.rescore`."""
        with self._database.read() as connection:
            self._check(connection)
            known = [
                row["chunk_id"]
                for row in connection.execute(
                    f"SELECT chunk_id FROM chunks WHERE chunk_id IN {_LISTED}", (_list(chunk_ids),)
                )
            ]
            expression = _expression(connection, query)
            matches = {} if expression is None else _matches(connection, expression, known)
            cosines = (
                {} if vector is None else self._current_matrix(connection).cosines(vector, known)
            )
        evidence = {}
        for chunk_id in known:
            bm25, terms = matches.get(chunk_id, (0.0, ()))
            evidence[chunk_id] = Evidence(bm25, cosines.get(chunk_id), terms)
        return evidence

    def chunks(self, chunk_ids: Collection[str]) -> dict[str, Chunk]:
        """See `KnowledgeIndex.chunks`."""
        with self._database.read() as connection:
            self._check(connection)
            rows = connection.execute(
                f"SELECT {_FIELDS} FROM chunks WHERE chunk_id IN {_LISTED}", (_list(chunk_ids),)
            ).fetchall()
        return {row["chunk_id"]: Chunk(*row) for row in rows}

    def document_hashes(self) -> dict[str, str]:
        """See `KnowledgeIndex.document_hashes`."""
        with self._database.read() as connection:
            self._check(connection)
            rows = connection.execute("SELECT DISTINCT document_id, content_hash FROM chunks")
            return {row["document_id"]: row["content_hash"] for row in rows}

    def stats(self) -> IndexStats:
        """See `KnowledgeIndex.stats`."""
        with self._database.read() as connection:
            self._check(connection)
            documents, chunks = connection.execute(
                "SELECT count(DISTINCT document_id), count(*) FROM chunks"
            ).fetchone()
        return IndexStats(documents, chunks, self._made_with["model_id"], self._dimension, CHUNKER)

    def _check(self, connection: sqlite3.Connection) -> None:
        """Pass when the index was made with what is used now, or holds nothing yet."""
        stored = dict(connection.execute("SELECT name, value FROM about WHERE name <> 'change'"))
        different = [
            f"{name} was {value}, and now is {self._made_with.get(name)}"
            for name, value in sorted(stored.items())
            if self._made_with.get(name) != value
        ]
        if different:
            raise ConfigurationError(
                f"The knowledge index {self._path} does not fit the settings: "
                f"{'; '.join(different)}. Run `{REBUILD_COMMAND}` to make it anew."
            )

    def _changed(self, connection: sqlite3.Connection) -> None:
        """Record what the index is made with, and a mark by which others see that it changed."""
        connection.executemany(
            "INSERT OR REPLACE INTO about VALUES (?, ?)",
            [*self._made_with.items(), ("change", secrets.token_hex(8))],
        )

    def _current_matrix(self, connection: sqlite3.Connection) -> VectorMatrix:
        row = connection.execute("SELECT value FROM about WHERE name = 'change'").fetchone()
        change = "" if row is None else row["value"]
        with self._lock:
            if self._matrix is None or self._matrix[0] != change:
                self._matrix = (change, self._read_matrix(connection))
            return self._matrix[1]

    def _read_matrix(self, connection: sqlite3.Connection) -> VectorMatrix:
        rows = connection.execute(
            "SELECT chunk_id, document_id, audience, customer_id, category, vector FROM chunks "
            "ORDER BY chunk_id"
        ).fetchall()
        if any(len(row["vector"]) != 4 * self._dimension for row in rows):
            raise CorruptData(
                f"{self._path} holds a vector of a wrong length. Run `{REBUILD_COMMAND}` to make "
                "the index anew."
            )
        joined = np.frombuffer(b"".join(row["vector"] for row in rows), dtype="<f4")
        return VectorMatrix(
            [Labels(*tuple(row)[:5]) for row in rows],
            joined.astype(np.float32, copy=False).reshape(len(rows), self._dimension),
        )


def _delete(connection: sqlite3.Connection, document_ids: Collection[str]) -> None:
    listed = (_list(document_ids),)
    connection.execute(
        "DELETE FROM words WHERE rowid IN "
        f"(SELECT id FROM chunks WHERE document_id IN {_LISTED})",
        listed,
    )
    connection.execute(f"DELETE FROM chunks WHERE document_id IN {_LISTED}", listed)


def _conditions(wanted: Filter) -> tuple[str, list[str]]:
    """The filter as SQL on `chunks`; the same rule as `Filter.allows`."""
    parts = [
        (f"audience IN {_LISTED}", wanted.audiences),
        (f"(customer_id IS NULL OR customer_id IN {_LISTED})", wanted.customers),
        (f"document_id NOT IN {_LISTED}", wanted.exclude_documents),
    ]
    if wanted.only_documents is not None:
        parts.append((f"document_id IN {_LISTED}", wanted.only_documents))
    if wanted.categories is not None:
        parts.append((f"category IN {_LISTED}", wanted.categories))
    return " AND ".join(sql for sql, _ in parts), [_list(values) for _, values in parts]


def _expression(connection: sqlite3.Connection, query: str) -> str | None:
    """The query as an FTS5 expression: its rarer words, any of which may match; None if none do."""
    found: dict[str, int] = {}
    for term in query_terms(query):
        (count,) = connection.execute(
            "SELECT count(*) FROM words WHERE words MATCH ?", (f'"{term}"',)
        ).fetchone()
        if count:
            found[term] = count
    (total,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
    common = max(COMMON_SHARE * total, COMMON_AT_LEAST)
    telling = {term: count for term, count in found.items() if count <= common} or found
    rarest = sorted(telling, key=lambda term: telling[term])[:MAX_TERMS]
    return " OR ".join(f'"{term}"' for term in rarest) or None


def _matches(
    connection: sqlite3.Connection, expression: str, chunk_ids: Iterable[str]
) -> dict[str, tuple[float, tuple[str, ...]]]:
    """BM25 and matched words of those chunks that match."""
    rows = connection.execute(
        "SELECT chunks.chunk_id, -bm25(words) AS score, "
        "highlight(words, 0, ?, ?) AS marked FROM words "
        "JOIN chunks ON chunks.id = words.rowid "
        f"WHERE words MATCH ? AND chunk_id IN {_LISTED}",
        (_MARK, _MARK, expression, _list(chunk_ids)),
    )
    return {
        row["chunk_id"]: (
            row["score"],
            tuple(dict.fromkeys(word.lower() for word in _MARKED.findall(row["marked"]))),
        )
        for row in rows
    }


def _list(values: Iterable[str]) -> str:
    return json.dumps(sorted(values))
