"""The embedded knowledge index: records and words in SQLite, vectors in an exact numpy matrix."""

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from msp_core.database import Database
from msp_core.errors import CorruptData, MspError
from msp_core.knowledge.chunking import CHUNKER
from msp_core.knowledge.embedded_blocks import read_blocks
from msp_core.knowledge.embedded_file import (
    MIGRATIONS,
    OLDEST,
    RECORD,
    RECORDS,
    State,
    current_state,
    delete_documents,
    empty,
    insert_chunks,
    is_mostly_removed,
    mark_made_with,
    removed_after,
    sound_chunk,
    structural_problems,
    tidy,
)
from msp_core.knowledge.embedded_words import lexical_scores, telling_expression
from msp_core.knowledge.embedding import VectorSpace
from msp_core.knowledge.fusion import convex
from msp_core.knowledge.index import (
    Capability,
    Chunk,
    Filter,
    Health,
    Hit,
    IndexStats,
    Record,
    Tier,
    best_hits,
    check_k,
    check_query,
    check_vectors,
)
from msp_core.knowledge.made_with import check_made_with, made_with
from msp_core.knowledge.vector_matrix import (
    Rows,
    Scores,
    VectorMatrix,
    best_rows,
    empty_matrix,
)

if TYPE_CHECKING:
    import sqlite3

REBUILD_COMMANDS: dict[Tier, str] = {"hot": "msp index rebuild", "cold": "msp ingest --rebuild"}
"""The hot index is made anew from the cold one; the cold one from the source."""
_LISTED = "(SELECT value FROM json_each(:listed))"


class EmbeddedIndex:
    """A `KnowledgeIndex` in one file, for any number of threads and processes.

    The vectors are read at the first search; a search after anyone's write reads what that write
    changed.

    Args:
        path: the file; made when missing.
        tier: a file made as the other tier is refused; it says which command makes one anew.
        space: the embedder's; an index made for another one is refused.

    Raises (from every method; the file is first touched by a method, not here):
        ConfigurationError: the index was made with another embedder or other chunking rules, or
            the file cannot be written.
        CorruptData: the file is damaged or of a newer format.
        DependencyFailed: the disk is full, or another process held the file for too long.
    """

    def __init__(self, path: Path, *, tier: Tier, space: VectorSpace) -> None:
        self.path = path
        self._rebuild = REBUILD_COMMANDS[tier]
        self._dimension = space.dimension
        self._vector_bytes = 4 * space.dimension
        self._made_with = {"tier": tier, **made_with(space)}
        # Held, since a search opens the file much faster while somebody else has it open.
        self._database = Database(
            path, MIGRATIONS, oldest=OLDEST, held=True, regenerate=self._rebuild
        )
        self._lock = threading.Lock()
        self._cached: tuple[State, VectorMatrix] | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `KnowledgeIndex.capabilities`."""
        return frozenset({"lexical", "hybrid", "read_your_writes"})

    def create(self) -> None:
        """See `KnowledgeIndex.create`."""
        with self._database.write() as connection:
            self._check(connection)
            mark_made_with(connection, self._made_with)

    def remove(self) -> None:
        """See `KnowledgeIndex.remove`; a file that cannot be read any more is deleted."""
        try:
            with self._database.write() as connection:
                empty(connection)
            self._database.vacuum()
        except CorruptData:
            self._database.delete_files()

    def upsert(self, chunks: Sequence[Chunk], vectors: npt.NDArray[np.float32]) -> None:
        """See `KnowledgeIndex.upsert`; all given documents are stored in one transaction."""
        check_vectors(vectors, count=len(chunks), dimension=self._dimension)
        with self._database.write() as connection:
            self._check(connection)
            documents = _list({chunk.document_id for chunk in chunks})
            replaced = delete_documents(connection, documents)
            contents = [vector.astype("<f4").tobytes() for vector in vectors]
            insert_chunks(connection, chunks, contents)
            if is_mostly_removed(connection):
                tidy(connection)
            mark_made_with(connection, self._made_with)
        if replaced:
            self._database.empty_log()

    def delete(self, document_ids: Collection[str]) -> None:
        """See `KnowledgeIndex.delete`."""
        with self._database.write() as connection:
            self._check(connection)
            deleted = delete_documents(connection, _list(document_ids))
            if is_mostly_removed(connection):
                tidy(connection)
            mark_made_with(connection, self._made_with)
        if deleted:
            self._database.empty_log()

    def dense(self, vector: npt.NDArray[np.float32], wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.dense`."""
        check_query(vector, k, dimension=self._dimension)
        with self._database.read() as connection:
            self._check(connection)
            matrix = self._current_matrix(connection)
            rows = matrix.visible(wanted)
            return _ordered(matrix, rows, matrix.cosines(vector, rows), k)

    def lexical(self, query: str, wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.lexical`."""
        check_k(k)
        with self._database.read() as connection:
            self._check(connection)
            matrix = self._current_matrix(connection)
            expression = telling_expression(connection, query, len(matrix))
            if expression is None:
                return []
            visible = matrix.visible(wanted)
            rows, scores = lexical_scores(connection, expression, matrix, visible, k)
            return _ordered(matrix, rows, scores, k)

    def hybrid(
        self, query: str, vector: npt.NDArray[np.float32], wanted: Filter, k: int
    ) -> list[Hit]:
        """See `KnowledgeIndex.hybrid`; a chunk that one search did not find counts 0 there."""
        by_words = {hit.chunk_id: hit.score for hit in self.lexical(query, wanted, k)}
        by_meaning = {hit.chunk_id: hit.score for hit in self.dense(vector, wanted, k)}
        fused = convex(by_words, by_meaning)
        ordered = sorted(fused.items(), key=lambda item: (-item[1], item[0]))
        return [Hit(chunk_id, score) for chunk_id, score in ordered[:k]]

    def get(self, chunk_ids: Collection[str]) -> dict[str, Record]:
        """See `KnowledgeIndex.get`.

        Raises:
            CorruptData: a record does not have the checksum it was stored with.
        """
        with self._database.read() as connection:
            self._check(connection)
            rows = connection.execute(
                f"SELECT {RECORD} FROM {RECORDS} WHERE chunk_id IN {_LISTED}",
                {"listed": _list(chunk_ids), "size": self._vector_bytes},
            )
            return {row["chunk_id"]: self._record(row) for row in rows}

    def export(self) -> Iterator[Record]:
        """See `KnowledgeIndex.export`; one state, held while it is read."""
        with self._database.read() as connection:
            self._check(connection)
            for row in self._all_records(connection):
                yield self._record(row)

    def document_hashes(self) -> dict[str, str]:
        """See `KnowledgeIndex.document_hashes`."""
        with self._database.read() as connection:
            self._check(connection)
            rows = connection.execute(
                "SELECT DISTINCT document_id, content_hash FROM entries JOIN chunks USING (id)"
            )
            return {row["document_id"]: row["content_hash"] for row in rows}

    def stats(self) -> IndexStats:
        """See `KnowledgeIndex.stats`."""
        with self._database.read() as connection:
            self._check(connection)
            documents, chunks = connection.execute(
                "SELECT count(DISTINCT document_id), count(*) FROM entries"
            ).fetchone()
        return IndexStats(documents, chunks, self._made_with["model_id"], self._dimension, CHUNKER)

    def is_empty(self) -> bool:
        """See `KnowledgeIndex.is_empty`."""
        with self._database.read() as connection:
            return connection.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is None

    def health(self) -> Health:
        """See `KnowledgeIndex.health`."""
        try:
            stats = self.stats()
        except MspError as error:
            return Health(False, str(error))
        return Health(True, f"{stats.documents} documents, {stats.chunks} chunks")

    def verify(self) -> list[str]:
        """See `KnowledgeIndex.verify`: SQLite's own check, then every record's checksum."""
        try:
            with self._database.read() as connection:
                self._check(connection)
                problems = structural_problems(connection)
                if read_blocks(connection, 0, dimension=self._dimension) is None:
                    problems.append("a block of vectors does not have its checksum")
                problems += [
                    f"the record of {row['chunk_id']!r} does not have its checksum"
                    for row in self._all_records(connection)
                    if sound_chunk(row) is None
                ]
        except CorruptData as error:
            return [str(error)]
        return problems

    def compact(self) -> None:
        """See `KnowledgeIndex.compact`; other processes read all vectors again afterwards."""
        with self._database.write() as connection:
            self._check(connection)
            tidy(connection)
            mark_made_with(connection, self._made_with)
        self._database.vacuum()

    def _check(self, connection: "sqlite3.Connection") -> None:
        """Pass when the index was made with what is used now, or holds nothing yet."""
        stored = dict(connection.execute("SELECT name, value FROM about").fetchall())
        check_made_with(stored, self._made_with, index=str(self.path))

    def _record(self, row: "sqlite3.Row") -> Record:
        chunk = sound_chunk(row)
        if chunk is None:
            raise self._damaged(f"the record of {row['chunk_id']!r}")
        return Record(chunk, np.frombuffer(row["vector"], dtype="<f4"))

    def _current_matrix(self, connection: "sqlite3.Connection") -> VectorMatrix:
        """The vectors as this connection sees them."""
        state = current_state(connection)
        with self._lock:
            if self._cached is None or self._cached[0] != state:
                self._cached = (state, self._read_matrix(connection, state))
            return self._cached[1]

    def _read_matrix(self, connection: "sqlite3.Connection", state: State) -> VectorMatrix:
        known, matrix = self._cached or (("", 0, 0), None)
        # Of two threads, the one whose transaction began first may come here last.
        is_later = state[0] == known[0] and state[1] >= known[1] and state[2] >= known[2]
        if matrix is None or not is_later:
            known, matrix = ("", 0, 0), empty_matrix(self._dimension)
        added = read_blocks(connection, known[1], dimension=self._dimension)
        if added is None:
            raise self._damaged("a block of vectors")
        return matrix.changed(removed_after(connection, known[2]), added)

    def _all_records(self, connection: "sqlite3.Connection") -> "Iterator[sqlite3.Row]":
        return connection.execute(
            f"SELECT {RECORD} FROM {RECORDS} ORDER BY entries.id", {"size": self._vector_bytes}
        )

    def _damaged(self, what: str) -> CorruptData:
        return CorruptData(
            f"{self.path} is damaged: {what} does not have its checksum. Run `{self._rebuild}` to "
            "make the index anew."
        )


def _ordered(matrix: VectorMatrix, rows: Rows, scores: Scores, k: int) -> list[Hit]:
    """The k best rows as hits, equal ones by chunk id."""
    rows, scores = best_rows(rows, scores, k)
    hits = map(Hit, matrix.names[rows].tolist(), scores.tolist())
    return best_hits(hits, k)


def _list(values: Iterable[str]) -> str:
    return json.dumps(sorted(values), ensure_ascii=False)
