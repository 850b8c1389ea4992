"""How the words of a message speak for a floor: naive Bayes over words and pairs of near words."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from msp_core.learning.logistic import Floats
from msp_core.routing.floor_patterns import FLOORS, Floor

REACH = 3
"""A pair of words may have two others between them: "nobody in accounting can print"."""
LEAST_TURNS = 4
"""A term that stands in fewer training turns tells of those turns, not of floors."""
COLUMNS = len(FLOORS) + 1
_SMOOTHING = 0.5
_MOST_WORDS = 400
_WORD = re.compile(r"[\w'’-]+")


def terms_of(text: str) -> set[str]:
    """The words of a text in lower case, and its pairs within `REACH`; 400 words are read."""
    words = _WORD.findall(text.lower())[:_MOST_WORDS]
    pairs = {
        f"{first} {second}"
        for apart in range(1, REACH + 1)
        for first, second in zip(words, words[apart:], strict=False)
    }
    return pairs.union(words)


@dataclass(frozen=True, eq=False)
class FloorWords:
    """In how many training turns each term stands.

    Attributes:
        turns: the ordinary training turns, then those of each floor, in the order of `FLOORS`.
        terms: the same numbers of the turns in which a term stands, by term.
    """

    turns: tuple[int, ...]
    terms: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, turns: Iterable[tuple[set[str], Floor | None]]) -> "FloorWords":
        """Count the terms of turns with a known floor."""
        count = [0] * COLUMNS
        standing: list[Counter[str]] = [Counter() for _ in range(COLUMNS)]
        for terms, floor in turns:
            column = 0 if floor is None else 1 + FLOORS.index(floor)
            count[column] += 1
            standing[column].update(terms)
        rows = {
            term: tuple(counter[term] for counter in standing)
            for term in sorted(set().union(*standing))
        }
        kept = {term: row for term, row in rows.items() if sum(row) >= LEAST_TURNS}
        return cls(tuple(count), kept)

    def log_odds(self, turns: Sequence[set[str]]) -> Floats:
        """How far the terms speak for each floor, then for any, rather than none; shape (n, 5).

        The sum, over the known terms, of the logarithm of how much more often a term stands in
        turns of the floor than in ordinary ones (the terms present in the multi-variate Bernoulli
        model, McCallum and Nigam 1998), over the root of their number: neighbouring terms are no
        independent witnesses.
        """
        rows = [
            self._weights[[self._row[term] for term in sorted(terms) if term in self._row]]
            for terms in turns
        ]
        sums = [row.sum(axis=0) / np.sqrt(1 + len(row)) for row in rows]
        return np.array(sums).reshape(len(turns), COLUMNS)

    def strongest(self, text: str, floor: Floor, most: int) -> list[str]:
        """The terms of a text that speak most for a floor, strongest first, none that does not."""
        column = FLOORS.index(floor)
        weights = {
            term: float(self._weights[self._row[term], column])
            for term in terms_of(text)
            if term in self._row
        }
        ordered = sorted(weights, key=lambda term: (-weights[term], term))
        return [term for term in ordered[:most] if weights[term] > 0]

    @cached_property
    def _row(self) -> dict[str, int]:
        return {term: row for row, term in enumerate(self.terms)}

    @cached_property
    def _weights(self) -> Floats:
        """Of each term for each floor and for any, shape (terms, 5)."""
        counts = np.array(list(self.terms.values()), dtype=np.float64).reshape(-1, COLUMNS)
        turns = np.array(self.turns, dtype=np.float64)
        floors = np.column_stack([counts[:, 1:], counts[:, 1:].sum(axis=1)])
        share = (floors + _SMOOTHING) / (np.append(turns[1:], turns[1:].sum()) + 2 * _SMOOTHING)
        ordinary = (counts[:, 0] + _SMOOTHING) / (turns[0] + 2 * _SMOOTHING)
        weights: Floats = np.log(share) - np.log(ordinary)[:, None]
        return weights
