"""How an embedded index keeps its vectors: in blocks, so that all of them are read quickly."""

import itertools
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from msp_core.knowledge.vector_matrix import NO_LABEL, VectorMatrix

BLOCK = 64
"""Vectors in a block at most: large enough to be read fast, small enough to find one within."""
TABLES = """
    CREATE TABLE labels (code INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE blocks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        keys BLOB NOT NULL,
        names BLOB NOT NULL,
        codes BLOB NOT NULL,
        vectors BLOB NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT
"""
"""The filter's labels as numbers; and blocks of rows, none of which is ever changed."""


@dataclass(frozen=True)
class BlockRow:
    """A chunk in a block.

    Attributes:
        key: the number under which the index keeps it.
        name: its id.
        codes: of its labels.
        vector: little-endian float32.
    """

    key: int
    name: str
    codes: tuple[int, int, int, int]
    vector: bytes


class Labels:
    """The numbers of labels, for one write; new labels get the next numbers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str | None, int] = {None: NO_LABEL}

    def code(self, value: str | None) -> int:
        """The number of a label."""
        if value not in self._known:
            found = self._connection.execute(
                "SELECT code FROM labels WHERE value = ?", (value,)
            ).fetchone()
            self._known[value] = (
                found[0]
                if found
                else self._connection.execute(
                    "INSERT INTO labels (value) VALUES (?) RETURNING code", (value,)
                ).fetchone()[0]
            )
        return self._known[value]


def write_blocks(connection: sqlite3.Connection, rows: Iterable[BlockRow]) -> None:
    """Add rows in blocks, and note in `entries` where the vector of each lies."""
    waiting = iter(rows)
    while part := list(itertools.islice(waiting, BLOCK)):
        keys = np.array([row.key for row in part], dtype="<i8").tobytes()
        names = json.dumps([row.name for row in part]).encode()
        codes = np.array([row.codes for row in part], dtype="<i4").tobytes()
        vectors = b"".join(row.vector for row in part)
        block = connection.execute(
            "INSERT INTO blocks (keys, names, codes, vectors, checksum) VALUES (?, ?, ?, ?, ?)",
            (keys, names, codes, vectors, _checksum(keys, names, codes, vectors)),
        ).lastrowid
        connection.executemany(
            "UPDATE entries SET block = ?, place = ? WHERE id = ?",
            [(block, place, row.key) for place, row in enumerate(part)],
        )


def read_blocks(
    connection: sqlite3.Connection, after: int, *, dimension: int
) -> VectorMatrix | None:
    """The rows of all blocks after the one numbered `after`, removed ones included.

    Returns:
        None when a block does not have its checksum or size.
    """
    size = 4 * dimension
    (count,) = connection.execute(
        "SELECT coalesce(sum(length(vectors)), 0) / ? FROM blocks WHERE id > ?", (size, after)
    ).fetchone()
    keys = np.empty(count, dtype=np.int64)
    codes = np.empty((4, count), dtype=np.int32)
    vectors = np.empty((count, dimension), dtype=np.float32)
    names = np.empty(count, dtype=np.object_)
    at = 0
    for row in connection.execute(
        "SELECT keys, names, codes, vectors, checksum FROM blocks WHERE id > ? ORDER BY id",
        (after,),
    ):
        parts = (row["keys"], row["names"], row["codes"], row["vectors"])
        own = len(row["keys"]) // 8
        sizes = (len(row["keys"]), len(row["codes"]), len(row["vectors"]))
        if sizes != (8 * own, 16 * own, size * own) or _checksum(*parts) != row["checksum"]:
            return None
        keys[at : at + own] = np.frombuffer(row["keys"], dtype="<i8")
        names[at : at + own] = json.loads(row["names"])
        codes[:, at : at + own] = np.frombuffer(row["codes"], dtype="<i4").reshape(own, 4).T
        vectors[at : at + own] = np.frombuffer(row["vectors"], dtype="<f4").reshape(own, dimension)
        at += own
    labels = connection.execute("SELECT value, code FROM labels").fetchall()
    return VectorMatrix(keys, codes, vectors, names, dict(map(tuple, labels)))


def rewrite_blocks(connection: sqlite3.Connection) -> None:
    """Write the rows that `entries` still has into full blocks, in the order of their keys."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM blocks").fetchone()
    write_blocks(connection, _living(connection))
    connection.execute("DELETE FROM blocks WHERE id <= ?", (last,))


def _living(connection: sqlite3.Connection) -> Iterator[BlockRow]:
    # By key in slices, since the table is written meanwhile.
    last = 0
    while rows := connection.execute(
        "SELECT entries.id, chunk_id, substr(codes, 16 * place + 1, 16) AS codes, "
        "substr(vectors, length(vectors) / (length(keys) / 8) * place + 1, "
        "length(vectors) / (length(keys) / 8)) AS vector "
        "FROM entries JOIN blocks ON blocks.id = block WHERE entries.id > ? "
        "ORDER BY entries.id LIMIT ?",
        (last, BLOCK),
    ).fetchall():
        for row in rows:
            codes: Sequence[int] = np.frombuffer(row["codes"], dtype="<i4").tolist()
            four = (codes[0], codes[1], codes[2], codes[3])
            yield BlockRow(row["id"], row["chunk_id"], four, row["vector"])
        last = rows[-1]["id"]


def _checksum(*parts: bytes) -> int:
    total = 0
    for part in parts:
        total = zlib.crc32(part, total)
    return total
