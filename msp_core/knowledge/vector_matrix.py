"""All vectors of an index in memory: exact search, filter first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from msp_core.knowledge.index import Filter

Rows = npt.NDArray[np.intp]
Keys = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]
Number = TypeVar("Number", bound=np.generic)

DOCUMENT, AUDIENCE, CUSTOMER, CATEGORY = range(4)
"""The columns of the codes."""
NO_LABEL = 0
"""The code of a missing label; others are 1 or more."""
_ROW_SETS = 32
"""So many scopes' rows are remembered; each takes 8 bytes a row."""
_DECIMALS = 6  # equal vectors can differ in the last bits by their place in the matrix


@dataclass(frozen=True)
class VectorMatrix:
    """The vectors of one state of an index; never changes, but for what it remembers.

    Attributes:
        keys: the numbers under which the index keeps the chunks, one a row, ascending.
        codes: what a filter asks of each chunk, as numbers; shape (4, rows).
        vectors: float32, shape (rows, dimension), of unit length.
        names: the chunk's id, one a row.
        code_of: the number of each label.
    """

    keys: Keys
    codes: Codes
    vectors: npt.NDArray[np.float32]
    names: Names
    code_of: Mapping[str, int]
    _row_sets: dict[object, Rows] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.keys)

    def changed(self, removed: Collection[int], added: "VectorMatrix") -> "VectorMatrix":
        """The next state: without the removed keys, with the added rows behind the others.

        Args:
            removed: keys, of the added rows too.
            added: later keys; its labels are those of the next state.
        """
        gone = np.fromiter(removed, dtype=np.int64)
        keep, take = ~np.isin(self.keys, gone), ~np.isin(added.keys, gone)
        return VectorMatrix(
            _joined(self.keys, keep, added.keys, take),
            _joined(self.codes.T, keep, added.codes.T, take).T.copy(),
            _joined(self.vectors, keep, added.vectors, take),
            _joined(self.names, keep, added.names, take),
            added.code_of,
        )

    def visible(self, wanted: Filter) -> Rows:
        """The rows that the filter lets through, ascending."""
        # What a person may see is the same in every question of a conversation.
        scope = (wanted.customers, wanted.audiences, wanted.categories)
        rows = self._row_sets.get(scope)
        if rows is None:
            rows = self._labelled(wanted)
            if len(self._row_sets) >= _ROW_SETS:
                self._row_sets.clear()
            self._row_sets[scope] = rows
        if wanted.exclude_documents:
            rows = rows[~self._table(wanted.exclude_documents)[self.codes[DOCUMENT][rows]]]
        if wanted.only_documents is not None:
            rows = rows[self._table(wanted.only_documents)[self.codes[DOCUMENT][rows]]]
        return rows

    def _labelled(self, wanted: Filter) -> Rows:
        """The rows of these customers, audiences and categories."""
        # One label after the other, so that later ones are looked up for few rows; the customer,
        # which leaves the fewest, first.
        of_customers = self._table(wanted.customers, or_none=True)[self.codes[CUSTOMER]]
        rows: Rows = np.flatnonzero(of_customers)
        rows = rows[self._table(wanted.audiences)[self.codes[AUDIENCE][rows]]]
        if wanted.categories is not None:
            rows = rows[self._table(wanted.categories)[self.codes[CATEGORY][rows]]]
        return rows

    def rows_of(self, keys: Keys) -> Rows:
        """The rows of keys, all of which must be here."""
        return np.searchsorted(self.keys, keys)

    def cosines(self, vector: npt.NDArray[np.float32], rows: Rows) -> Scores:
        """The cosine of each of these rows, to six decimals."""
        if rows.size * 2 > len(self):  # copying most of the matrix costs more than it saves
            scores = self.vectors @ vector
            if rows.size < len(self):
                scores = scores[rows]
        else:
            scores = self.vectors[rows] @ vector
        return scores.astype(np.float64).round(_DECIMALS)

    def _table(self, wanted: Collection[str], *, or_none: bool = False) -> npt.NDArray[np.bool_]:
        """Whether each code is one of the wanted labels."""
        table = np.zeros(len(self.code_of) + 1, dtype=np.bool_)
        table[[self.code_of[value] for value in wanted if value in self.code_of]] = True
        table[NO_LABEL] = or_none
        return table


def empty_matrix(dimension: int) -> VectorMatrix:
    """The vectors of an empty index."""
    return VectorMatrix(
        np.empty(0, dtype=np.int64),
        np.empty((4, 0), dtype=np.int32),
        np.empty((0, dimension), dtype=np.float32),
        np.empty(0, dtype=np.object_),
        {},
    )


def best_rows(rows: Rows, scores: Scores, k: int) -> tuple[Rows, Scores]:
    """The k rows with the highest scores, and all that share the last one's score."""
    if rows.size <= k:
        return rows, scores
    best = scores >= np.partition(scores, rows.size - k)[rows.size - k]
    return rows[best], scores[best]


def _joined(
    mine: "npt.NDArray[Number]",
    keep: npt.NDArray[np.bool_],
    added: "npt.NDArray[Number]",
    take: npt.NDArray[np.bool_],
) -> "npt.NDArray[Number]":
    kept = mine if keep.all() else mine[keep]
    taken = added if take.all() else added[take]
    return taken if kept.shape[0] == 0 else np.concatenate([kept, taken])
