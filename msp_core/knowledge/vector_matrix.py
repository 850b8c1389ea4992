"""All vectors of an index in memory: exact search, filter first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msp_core.knowledge.index import Filter, Hit

Rows = npt.NDArray[np.intp]
_DECIMALS = 6  # equal vectors can differ in the last bits by their place in the matrix


@dataclass(frozen=True)
class Entries:
    """What is known of some chunks for searching, a row each, in ascending order of `keys`.

    Attributes:
        keys: the numbers under which the index keeps the chunks.
        vectors: float32, shape (rows, dimension), of unit length.
    """

    keys: npt.NDArray[np.int64]
    chunk_ids: Sequence[str]
    document_ids: Sequence[str]
    audiences: Sequence[str]
    customers: Sequence[str | None]
    categories: Sequence[str | None]
    vectors: npt.NDArray[np.float32]


class VectorMatrix:
    """The vectors of one state of an index; never changes.

    Args:
        entries: all of it.
    """

    def __init__(self, entries: Entries) -> None:
        self._keys = entries.keys
        self._ids = np.array(entries.chunk_ids, dtype=object)
        self._vectors = entries.vectors
        self._documents = _Column.of(entries.document_ids)
        self._audiences = _Column.of(entries.audiences)
        self._customers = _Column.of(entries.customers)
        self._categories = _Column.of(entries.categories)

    def changed(self, removed: Collection[int], added: Entries) -> "VectorMatrix":
        """The next state: without the removed keys, with the added entries behind the others."""
        keep = ~np.isin(self._keys, np.fromiter(removed, dtype=np.int64))
        result = VectorMatrix.__new__(VectorMatrix)
        result._keys = np.concatenate([self._keys[keep], added.keys])
        added_ids = np.array(added.chunk_ids, dtype=object)
        result._ids = np.concatenate([self._ids[keep], added_ids])
        kept = self._vectors if keep.all() else self._vectors[keep]
        result._vectors = np.concatenate([kept, added.vectors])
        result._documents = self._documents.changed(keep, added.document_ids)
        result._audiences = self._audiences.changed(keep, added.audiences)
        result._customers = self._customers.changed(keep, added.customers)
        result._categories = self._categories.changed(keep, added.categories)
        return result

    def __len__(self) -> int:
        return len(self._ids)

    def visible(self, wanted: Filter) -> Rows:
        """The rows that the filter lets through, ascending."""
        seen = self._audiences.among(wanted.audiences)
        seen &= self._customers.among({*wanted.customers, None})
        if wanted.exclude_documents:
            seen &= ~self._documents.among(wanted.exclude_documents)
        if wanted.only_documents is not None:
            seen &= self._documents.among(wanted.only_documents)
        if wanted.categories is not None:
            seen &= self._categories.among(wanted.categories)
        return np.flatnonzero(seen)

    def keys(self, rows: Rows) -> list[int]:
        """The keys of rows."""
        keys: list[int] = self._keys[rows].tolist()
        return keys

    def rows_of(self, keys: npt.NDArray[np.int64]) -> Rows:
        """The rows of keys, all of which must be here."""
        return np.searchsorted(self._keys, keys)

    def nearest(self, vector: npt.NDArray[np.float32], rows: Rows, k: int) -> list[Hit]:
        """The k of these rows with the largest cosine."""
        if rows.size * 2 > len(self):  # copying most of the matrix costs more than it saves
            scores = self._vectors @ vector
            if rows.size < len(self):
                scores = scores[rows]
        else:
            scores = self._vectors[rows] @ vector
        return self.best(rows, scores.astype(np.float64).round(_DECIMALS), k)

    def best(self, rows: Rows, scores: npt.NDArray[np.float64], k: int) -> list[Hit]:
        """The k rows with the highest scores, equal ones by chunk id."""
        if rows.size > k:
            least = np.partition(scores, rows.size - k)[rows.size - k]
            best = scores >= least  # more than k when the last place is shared
            rows, scores = rows[best], scores[best]
        pairs = zip(self._ids[rows].tolist(), scores.tolist(), strict=True)
        ordered = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
        return [Hit(chunk_id, score) for chunk_id, score in ordered[:k]]


@dataclass(frozen=True)
class _Column:
    """One label of all rows as numbers, so that a set of wanted values is one table look-up."""

    code_of: dict[str | None, int]
    codes: npt.NDArray[np.int32]

    @classmethod
    def of(cls, values: Sequence[str | None]) -> "_Column":
        code_of = {value: code for code, value in enumerate(dict.fromkeys(values))}
        return cls(code_of, _coded(values, code_of))

    def changed(self, keep: npt.NDArray[np.bool_], added: Sequence[str | None]) -> "_Column":
        code_of = dict(self.code_of)
        for value in added:
            code_of.setdefault(value, len(code_of))
        return _Column(code_of, np.concatenate([self.codes[keep], _coded(added, code_of)]))

    def among(self, wanted: Collection[str | None]) -> npt.NDArray[np.bool_]:
        table = np.zeros(len(self.code_of), dtype=np.bool_)
        table[[self.code_of[value] for value in wanted if value in self.code_of]] = True
        result: npt.NDArray[np.bool_] = table[self.codes]
        return result


def _coded(
    values: Sequence[str | None], code_of: dict[str | None, int]
) -> npt.NDArray[np.int32]:
    return np.fromiter((code_of[value] for value in values), dtype=np.int32, count=len(values))
