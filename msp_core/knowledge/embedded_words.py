"""Searching the lexical index of an embedded index (SQLite FTS5), filter first."""

import json
import sqlite3

import numpy as np

from msp_core.knowledge.statistics.query_terms import query_terms, telling_terms
from msp_core.knowledge.vector_matrix import Rows, Scores, VectorMatrix

MAX_POSTINGS = 20_000
"""So many occurrences of a question's words are scored at most: the rarest words decide who is a
candidate, and in a large index the commoner ones would cost most and change little."""
_FEW = 0.05
"""Up to this share of visible rows only those are scored; else all, and the rest dropped."""


def telling_expression(connection: sqlite3.Connection, query: str, chunks: int) -> str | None:
    """The query as an FTS5 expression: its telling words, any of which may match.

    None if no chunk has any of its words.
    """
    counts = {}
    for term in query_terms(query):
        counts[term] = connection.execute(
            "SELECT count(*) FROM words WHERE words MATCH ?", (f'"{term}"',)
        ).fetchone()[0]
    searched: list[str] = []
    postings = 0
    for term in telling_terms(counts, chunks):
        postings += counts[term]
        if searched and postings > MAX_POSTINGS:
            break
        searched.append(term)
    return " OR ".join(f'"{term}"' for term in searched) or None


def lexical_scores(
    connection: sqlite3.Connection, expression: str, matrix: VectorMatrix, rows: Rows, k: int
) -> tuple[Rows, Scores]:
    """BM25 (FTS5's, positive) of matching rows: at least the k best of those given.

    Rows whose score equals that of the k-th are all among them.
    """
    if rows.size <= _FEW * len(matrix):
        # The plus keeps SQLite from starting the search anew for each row.
        found = connection.execute(
            "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? AND +rowid IN "
            "(SELECT value FROM json_each(?))",
            (expression, json.dumps(matrix.keys[rows].tolist())),
        ).fetchall()
        return _arrays(found, matrix)
    visible = np.zeros(len(matrix), dtype=np.bool_)
    visible[rows] = True
    # So many of the best that k visible ones should be among them; else four times as many.
    limit = int(2 * k * len(matrix) / rows.size)
    while True:
        found = connection.execute(
            "SELECT rowid, -rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?",
            (expression, limit),
        ).fetchall()
        matching, scores = _arrays(found, matrix)
        seen = visible[matching]
        enough = np.count_nonzero(seen) >= k and scores[seen][k - 1] > scores[-1]
        if enough or len(found) < limit:
            return matching[seen], scores[seen]
        limit *= 4


def _arrays(found: list[tuple[int, float]], matrix: VectorMatrix) -> tuple[Rows, Scores]:
    keys = np.array([key for key, _ in found], dtype=np.int64)
    return matrix.rows_of(keys), np.array([score for _, score in found], dtype=np.float64)
