"""The file of an embedded index: its tables, checksums, and how what changed is told apart."""

import secrets
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple

from msp_core.knowledge.embedded_blocks import (
    TABLES,
    BlockRow,
    Labels,
    rewrite_blocks,
    write_blocks,
)
from msp_core.knowledge.index import Chunk

OLDEST = 2
"""Files of format 1 had no chunk ids in their blocks: they are refused, and made anew."""
MIGRATIONS = (
    "",
    f"""
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    {TABLES};
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chunk_id TEXT NOT NULL UNIQUE,
        document_id TEXT NOT NULL,
        block INTEGER,
        place INTEGER,
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
        audience TEXT NOT NULL,
        customer_id TEXT,
        category TEXT,
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
"""`entries` and `chunks` have one row per chunk under one id, which is never used again; the
lexical index keeps no text. `removals` lists ids that stand in a block and are gone."""

_OF_DOCUMENTS = "SELECT id FROM entries WHERE document_id IN (SELECT value FROM json_each(?))"
TIDIED_FROM = 1000
"""Fewer removed vectors than this are not worth rewriting the others."""
State = tuple[str, int, int]
"""Epoch, last block, last removal: equal ones mean equal contents, and within one epoch the later
state is reached by reading what has later numbers."""


def current_state(connection: sqlite3.Connection) -> State:
    """The state that this connection sees."""
    epoch = connection.execute("SELECT value FROM about WHERE name = 'epoch'").fetchone()
    last = dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    return (epoch[0] if epoch else "", last.get("blocks", 0), last.get("removals", 0))


NEW_EPOCH = "UPDATE about SET value = lower(hex(randomblob(8))) WHERE name = 'epoch'"
"""For a file whose contents were replaced under those who read it, as a restore does."""


def mark_made_with(connection: sqlite3.Connection, made_with: Mapping[str, str]) -> None:
    """Record what the index is made with; starts an epoch if there is none."""
    connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", made_with.items())
    connection.execute("INSERT OR IGNORE INTO about VALUES ('epoch', ?)", (secrets.token_hex(8),))


def empty(connection: sqlite3.Connection) -> None:
    """Remove every record, and what the index was made with."""
    for table in ("about", "labels", "blocks", "entries", "chunks", "removals"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')")


def is_mostly_removed(connection: sqlite3.Connection) -> bool:
    """Whether removed vectors take more room than those that are there."""
    removed = connection.execute("SELECT count(*) FROM removals").fetchone()[0]
    if removed < TIDIED_FROM:
        return False
    return bool(removed > connection.execute("SELECT count(*) FROM entries").fetchone()[0])


def tidy(connection: sqlite3.Connection) -> None:
    """Drop removed vectors and merge the lexical index; starts a new epoch."""
    rewrite_blocks(connection)
    connection.execute("DELETE FROM removals")
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.execute("DELETE FROM about WHERE name = 'epoch'")


def delete_documents(connection: sqlite3.Connection, listed: str) -> int:
    """Remove the documents of a JSON list of ids, in a write transaction; how many chunks."""
    # A lexical index without texts has to be told what it is to forget.
    connection.execute(
        "INSERT INTO words (words, rowid, searchable) SELECT 'delete', id, title || CASE "
        "heading WHEN '' THEN '' ELSE ' - ' || heading END || char(10) || text FROM chunks "
        f"WHERE id IN ({_OF_DOCUMENTS})",
        (listed,),
    )
    connection.execute(f"INSERT INTO removals (id) {_OF_DOCUMENTS}", (listed,))
    connection.execute(f"DELETE FROM chunks WHERE id IN ({_OF_DOCUMENTS})", (listed,))
    gone = connection.execute(f"DELETE FROM entries WHERE id IN ({_OF_DOCUMENTS})", (listed,))
    return gone.rowcount


def insert_chunks(
    connection: sqlite3.Connection, chunks: Sequence[Chunk], vectors: Sequence[bytes]
) -> None:
    """Add chunks with their vectors, in a write transaction."""
    labels = Labels(connection)
    rows = []
    for chunk, vector in zip(chunks, vectors, strict=True):
        key = connection.execute(
            "INSERT INTO entries (chunk_id, document_id, vector_checksum) VALUES (?, ?, ?)",
            (chunk.chunk_id, chunk.document_id, zlib.crc32(vector)),
        ).lastrowid
        assert key is not None
        fields = astuple(chunk)
        connection.execute(
            f"INSERT INTO chunks VALUES (?{', ?' * 11})", (key, *fields[2:], _checksum(fields))
        )
        connection.execute(
            "INSERT INTO words (rowid, searchable) VALUES (?, ?)", (key, chunk.searchable)
        )
        codes = (
            labels.code(chunk.document_id),
            labels.code(chunk.audience),
            labels.code(chunk.customer_id),
            labels.code(chunk.category),
        )
        rows.append(BlockRow(key, chunk.chunk_id, codes, vector))
    write_blocks(connection, rows)


RECORD = (
    "chunk_id, document_id, title, heading, text, first_character, end_character, audience, "
    "customer_id, category, superseded_by, content_hash, vector_checksum, chunks.checksum, "
    "substr(vectors, :size * place + 1, :size) AS vector"
)
"""The columns of a record, `:size` being that of a vector in bytes: the fields of Chunk in their
order, then checksums and the vector."""
RECORDS = (
    "entries JOIN chunks ON chunks.id = entries.id LEFT JOIN blocks ON blocks.id = entries.block"
)
_CHUNK_FIELDS = 12


def sound_chunk(row: sqlite3.Row) -> Chunk | None:
    """The chunk of a row of `RECORD`; None if row or vector does not have its checksum."""
    fields = tuple(row)[:_CHUNK_FIELDS]
    vector = row["vector"]
    if vector is None or zlib.crc32(vector) != row["vector_checksum"]:
        return None
    return Chunk(*fields) if _checksum(fields) == row["checksum"] else None


def removed_after(connection: sqlite3.Connection, last_place: int) -> list[int]:
    """The keys of the chunks that were removed after the removal at `last_place`."""
    rows = connection.execute("SELECT id FROM removals WHERE place > ?", (last_place,))
    return [row["id"] for row in rows]


def structural_problems(connection: sqlite3.Connection) -> list[str]:
    """What SQLite's own check finds, and rows that stand in one table only."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    problems = [f"SQLite: {line}" for line in found if line != "ok"]
    lone = connection.execute(
        "SELECT count(*) FROM (SELECT id FROM entries EXCEPT SELECT id FROM chunks "
        "UNION ALL SELECT id FROM (SELECT id FROM chunks EXCEPT SELECT id FROM entries))"
    ).fetchone()[0]
    if lone:
        problems.append(f"{lone} chunks have a text without vector, or a vector without text")
    unlisted = connection.execute(
        "SELECT count(*) FROM entries WHERE id NOT IN (SELECT id FROM words_docsize)"
    ).fetchone()[0]
    if unlisted:
        problems.append(f"{unlisted} chunks are missing in the lexical index")
    return problems


def _checksum(fields: tuple[object, ...]) -> int:
    """CRC-32 of the fields of a chunk; repr tells None and "" apart."""
    return zlib.crc32(repr(fields).encode("utf-8", "surrogatepass"))
