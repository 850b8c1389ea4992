"""All vectors of an index in memory: exact search, filter first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msp_core.knowledge.index import Filter, Hit

Rows = npt.NDArray[np.intp]
_DECIMALS = 6  # equal vectors can differ in the last bits by their place in the matrix


@dataclass(frozen=True)
class Labels:
    """What a filter asks of one chunk."""

    chunk_id: str
    document_id: str
    audience: str
    customer_id: str | None
    category: str | None


class VectorMatrix:
    """The vectors of one state of an index; never changes.

    Args:
        labels: a row each, sorted by chunk id.
        vectors: float32, shape (len(labels), dimension), of unit length.
    """

    def __init__(self, labels: Sequence[Labels], vectors: npt.NDArray[np.float32]) -> None:
        self._ids = [label.chunk_id for label in labels]
        self._row_of = {chunk_id: row for row, chunk_id in enumerate(self._ids)}
        self._vectors = vectors
        self._documents = _Column([label.document_id for label in labels])
        self._audiences = _Column([label.audience for label in labels])
        self._customers = _Column([label.customer_id for label in labels])
        self._categories = _Column([label.category for label in labels])

    def nearest(self, vector: npt.NDArray[np.float32], wanted: Filter, k: int) -> list[Hit]:
        """The k rows with the largest cosine among those the filter lets through."""
        rows = self._visible(wanted)
        if rows.size * 2 > len(self._ids):  # copying most of the matrix costs more than it saves
            scores = (self._vectors @ vector)[rows]
        else:
            scores = self._vectors[rows] @ vector
        scores = scores.astype(np.float64).round(_DECIMALS)
        if rows.size > k:
            least = np.partition(scores, rows.size - k)[rows.size - k]
            best = scores >= least  # more than k when the last place is shared
            rows, scores = rows[best], scores[best]
        order = np.argsort(-scores, kind="stable")[:k]  # rows are in the order of chunk ids
        return [Hit(self._ids[rows[i]], float(scores[i])) for i in order]

    def cosines(
        self, vector: npt.NDArray[np.float32], chunk_ids: Collection[str]
    ) -> dict[str, float]:
        """The cosine of each given chunk; unknown ids are left out."""
        known = [chunk_id for chunk_id in chunk_ids if chunk_id in self._row_of]
        if not known:
            return {}
        scores = self._vectors[[self._row_of[chunk_id] for chunk_id in known]] @ vector
        rounded = scores.astype(np.float64).round(_DECIMALS)
        return dict(zip(known, rounded.tolist(), strict=True))

    def _visible(self, wanted: Filter) -> Rows:
        seen = self._audiences.among(wanted.audiences)
        seen &= self._customers.among({*wanted.customers, None})
        if wanted.exclude_documents:
            seen &= ~self._documents.among(wanted.exclude_documents)
        if wanted.only_documents is not None:
            seen &= self._documents.among(wanted.only_documents)
        if wanted.categories is not None:
            seen &= self._categories.among(wanted.categories)
        return np.flatnonzero(seen)


class _Column:
    """One label of all rows as numbers, so that a set of wanted values is one table look-up."""

    def __init__(self, values: Sequence[str | None]) -> None:
        self._code_of = {value: code for code, value in enumerate(dict.fromkeys(values))}
        self._codes = np.array([self._code_of[value] for value in values], dtype=np.intp)

    def among(self, wanted: Collection[str | None]) -> npt.NDArray[np.bool_]:
        table = np.zeros(len(self._code_of), dtype=np.bool_)
        table[[self._code_of[value] for value in wanted if value in self._code_of]] = True
        result: npt.NDArray[np.bool_] = table[self._codes]
        return result
