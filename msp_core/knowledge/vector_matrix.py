"""All vectors of an index in memory: exact search, filter first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from msp_core.knowledge.index import Filter

Rows = npt.NDArray[np.intp]
Keys = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float64]
Number = TypeVar("Number", bound=np.generic)

DOCUMENT, AUDIENCE, CUSTOMER, CATEGORY = range(4)
"""The columns of the codes."""
NO_LABEL = 0
"""The code of a missing label; others are 1 or more."""
_DECIMALS = 6  # equal vectors can differ in the last bits by their place in the matrix


@dataclass(frozen=True)
class VectorMatrix:
    """The vectors of one state of an index; never changes.

    Attributes:
        keys: the numbers under which the index keeps the chunks, one a row, ascending.
        codes: what a filter asks of each chunk, as numbers; shape (4, rows).
        vectors: float32, shape (rows, dimension), of unit length.
        code_of: the number of each label.
    """

    keys: Keys
    codes: Codes
    vectors: npt.NDArray[np.float32]
    code_of: Mapping[str, int]

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
            added.code_of,
        )

    def visible(self, wanted: Filter) -> Rows:
        """The rows that the filter lets through, ascending."""
        # One label after the other, so that later ones are looked up for few rows; the customer,
        # which leaves the fewest, first.
        rows = np.flatnonzero(self._table(wanted.customers, or_none=True)[self.codes[CUSTOMER]])
        tests = [(AUDIENCE, self._table(wanted.audiences))]
        if wanted.exclude_documents:
            tests.append((DOCUMENT, ~self._table(wanted.exclude_documents)))
        if wanted.only_documents is not None:
            tests.append((DOCUMENT, self._table(wanted.only_documents)))
        if wanted.categories is not None:
            tests.append((CATEGORY, self._table(wanted.categories)))
        for column, table in tests:
            rows = rows[table[self.codes[column][rows]]]
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
