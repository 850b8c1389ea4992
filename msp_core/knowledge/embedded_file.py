"""The file of an embedded index: its tables, checksums, and how what changed is told apart."""

import secrets
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from dataclasses import astuple

import numpy as np

from msp_core.knowledge.index import Chunk
from msp_core.knowledge.vector_matrix import Entries

MIGRATIONS = (
    """
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chunk_id TEXT NOT NULL UNIQUE,
        document_id TEXT NOT NULL,
        audience TEXT NOT NULL,
        customer_id TEXT,
        category TEXT,
        vector BLOB NOT NULL,
        vector_checksum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX entries_by_document ON entries (document_id);
    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL,
        heading TEXT NOT NULL,
        text TEXT NOT NULL,
        first_character INTEGER NOT NULL,
        end_character INTEGER NOT NULL,
        superseded_by TEXT,
        content_hash TEXT NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE removals (place INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL) STRICT;
    CREATE VIRTUAL TABLE words USING fts5 (
        searchable, tokenize = 'porter unicode61', content = ''
    )
    """,
)
"""`entries` is what a search reads at the start, `chunks` what it reads of its hits; both have one
row per chunk under one id, which is never used again. The lexical index keeps no text."""

_OF_DOCUMENTS = "SELECT id FROM entries WHERE document_id IN (SELECT value FROM json_each(?))"
State = tuple[str, int, int]
"""Epoch, last id given, last removal: equal ones mean equal contents, and within one epoch the
later state is reached by reading what has later numbers."""


def current_state(connection: sqlite3.Connection) -> State:
    """The state that this connection sees."""
    epoch = connection.execute("SELECT value FROM about WHERE name = 'epoch'").fetchone()
    last = dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    return (epoch[0] if epoch else "", last.get("entries", 0), last.get("removals", 0))


def mark_made_with(connection: sqlite3.Connection, made_with: Mapping[str, str]) -> None:
    """Record what the index is made with; starts an epoch if there is none."""
    connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", made_with.items())
    connection.execute(
        "INSERT OR IGNORE INTO about VALUES ('epoch', ?)", (secrets.token_hex(8),)
    )


def empty(connection: sqlite3.Connection) -> None:
    """Remove every record, and what the index was made with."""
    for table in ("about", "entries", "chunks", "removals"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')")


def tidy(connection: sqlite3.Connection) -> None:
    """Forget past removals and merge the lexical index; starts a new epoch."""
    connection.execute("DELETE FROM removals")
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.execute("DELETE FROM about WHERE name = 'epoch'")


def delete_documents(connection: sqlite3.Connection, listed: str, *, words: bool) -> None:
    """Remove the documents of a JSON list of ids.

    Args:
        connection: in a write transaction.
        listed: the ids.
        words: whether the chunks stand in the lexical index.
    """
    if words:
        # A lexical index without texts has to be told what it is to forget.
        connection.execute(
            "INSERT INTO words (words, rowid, searchable) SELECT 'delete', id, title || CASE "
            "heading WHEN '' THEN '' ELSE ' - ' || heading END || char(10) || text FROM chunks "
            f"WHERE id IN ({_OF_DOCUMENTS})",
            (listed,),
        )
    connection.execute(f"INSERT INTO removals (id) {_OF_DOCUMENTS}", (listed,))
    connection.execute(f"DELETE FROM chunks WHERE id IN ({_OF_DOCUMENTS})", (listed,))
    connection.execute(f"DELETE FROM entries WHERE id IN ({_OF_DOCUMENTS})", (listed,))


def insert_chunk(
    connection: sqlite3.Connection, chunk: Chunk, vector: bytes, *, words: bool
) -> None:
    """Add a chunk; the arguments are those of `delete_documents`."""
    cursor = connection.execute(
        "INSERT INTO entries (chunk_id, document_id, audience, customer_id, category, vector, "
        "vector_checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            chunk.chunk_id,
            chunk.document_id,
            chunk.audience,
            chunk.customer_id,
            chunk.category,
            vector,
            zlib.crc32(vector),
        ),
    )
    connection.execute(
        "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            cursor.lastrowid,
            chunk.title,
            chunk.heading,
            chunk.text,
            chunk.start,
            chunk.end,
            chunk.superseded_by,
            chunk.content_hash,
            _checksum(astuple(chunk)),
        ),
    )
    if words:
        connection.execute(
            "INSERT INTO words (rowid, searchable) VALUES (?, ?)",
            (cursor.lastrowid, chunk.searchable),
        )


RECORD = (
    "chunk_id, document_id, title, heading, text, first_character, end_character, audience, "
    "customer_id, category, superseded_by, content_hash, vector, vector_checksum, checksum"
)
"""The columns of a record: the fields of Chunk in their order, then the vector and checksums."""
RECORDS = "entries JOIN chunks USING (id)"
_CHUNK_FIELDS = 12


def sound_chunk(row: sqlite3.Row) -> Chunk | None:
    """The chunk of a row of `RECORD`; None if row or vector does not have its checksum."""
    fields = tuple(row)[:_CHUNK_FIELDS]
    sound = _checksum(fields) == row["checksum"]
    return Chunk(*fields) if sound and zlib.crc32(row["vector"]) == row["vector_checksum"] else None


def entries_after(
    connection: sqlite3.Connection,
    last_key: int,
    *,
    dimension: int,
    damaged: Callable[[str], Exception],
) -> Entries:
    """What was added after the chunk with the key `last_key`, in ascending order of keys.

    Args:
        connection: in a transaction.
        last_key: 0 for all.
        dimension: of the vectors.
        damaged: makes the error for a chunk whose vector does not have its checksum.
    """
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: this may read a hundred thousand rows
    rows = cursor.execute(
        "SELECT id, chunk_id, document_id, audience, customer_id, category, vector, "
        "vector_checksum FROM entries WHERE id > ? ORDER BY id",
        (last_key,),
    ).fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * 8
    for chunk_id, vector, check in zip(columns[1], columns[6], columns[7], strict=True):
        if len(vector) != 4 * dimension or zlib.crc32(vector) != check:
            raise damaged(chunk_id)
    joined = np.frombuffer(b"".join(columns[6]), dtype="<f4")
    return Entries(
        keys=np.array(columns[0], dtype=np.int64),
        chunk_ids=columns[1],
        document_ids=columns[2],
        audiences=columns[3],
        customers=columns[4],
        categories=columns[5],
        vectors=joined.astype(np.float32, copy=False).reshape(len(rows), dimension),
    )


def removed_after(connection: sqlite3.Connection, last_place: int) -> list[int]:
    """The keys of the chunks that were removed after the removal at `last_place`."""
    rows = connection.execute("SELECT id FROM removals WHERE place > ?", (last_place,))
    return [row["id"] for row in rows]


def structural_problems(connection: sqlite3.Connection, *, words: bool) -> list[str]:
    """What SQLite's own check finds, and rows that stand in one table only."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    problems = [f"SQLite: {line}" for line in found if line != "ok"]
    lone = connection.execute(
        "SELECT count(*) FROM (SELECT id FROM entries EXCEPT SELECT id FROM chunks "
        "UNION ALL SELECT id FROM (SELECT id FROM chunks EXCEPT SELECT id FROM entries))"
    ).fetchone()[0]
    if lone:
        problems.append(f"{lone} chunks have a text without vector, or a vector without text")
    if words:
        unlisted = connection.execute(
            "SELECT count(*) FROM entries WHERE id NOT IN (SELECT id FROM words_docsize)"
        ).fetchone()[0]
        if unlisted:
            problems.append(f"{unlisted} chunks are missing in the lexical index")
    return problems


def _checksum(fields: tuple[object, ...]) -> int:
    """CRC-32 of the fields of a chunk; repr tells None and "" apart."""
    return zlib.crc32(repr(fields).encode("utf-8", "surrogatepass"))
