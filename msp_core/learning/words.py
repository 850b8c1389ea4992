"""How words speak for one class rather than another: naive Bayes over words and near pairs."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from msp_core.learning.logistic import Floats

REACH = 3
"""A pair of words may have two others between them: "nobody in accounting can print"."""
LEAST_TEXTS = 4
"""A term that stands in fewer training texts tells of those texts, not of a class."""
_SMOOTHING = 0.5
_MOST_WORDS = 400
_WORD = re.compile(r"[\w'’-]+")

Terms = frozenset[str]


def terms_of(text: str) -> Terms:
    """The words of a text in lower case, and its pairs within `REACH`; 400 words are read."""
    words = _WORD.findall(text.lower())[:_MOST_WORDS]
    pairs = {
        f"{first} {second}"
        for apart in range(1, REACH + 1)
        for first, second in zip(words, words[apart:], strict=False)
    }
    return frozenset(pairs.union(words))


def common_terms(texts: Iterable[str]) -> list[Terms]:
    """Of each text the terms that stand in `LEAST_TEXTS` of all or more: the others never count."""
    found = [terms_of(text) for text in texts]
    standing: Counter[str] = Counter()
    for terms in found:
        standing.update(terms)
    shared = {term: term for term, count in standing.items() if count >= LEAST_TEXTS}
    return [frozenset(shared[term] for term in terms if term in shared) for terms in found]


@dataclass(frozen=True, eq=False)
class WordCounts:
    """In how many texts of each class a term stands.

    Attributes:
        texts: of each class; the first is the one that the others are compared with.
        terms: the same numbers of the texts in which a term stands, by term.
    """

    texts: tuple[int, ...]
    terms: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, texts: Iterable[tuple[Terms, int]], *, classes: int) -> "WordCounts":
        """Count the terms of texts with a known class, 0 to `classes` - 1."""
        count = [0] * classes
        standing: list[Counter[str]] = [Counter() for _ in range(classes)]
        for terms, number in texts:
            count[number] += 1
            standing[number].update(terms)
        rows = {
            term: tuple(counter[term] for counter in standing)
            for term in sorted(set().union(*standing))
        }
        kept = {term: row for term, row in rows.items() if sum(row) >= LEAST_TEXTS}
        return cls(tuple(count), kept)

    def log_odds(self, texts: Sequence[Collection[str]]) -> Floats:
        """How far the terms speak for each class rather than the first, shape (n, `odds_of`).

        The sum, over the known terms, of the logarithm of how much more often a term stands in
        texts of the class than in those of the first (the terms present in the multi-variate
        Bernoulli model, McCallum and Nigam 1998), over the root of their number: neighbouring
        terms are no independent witnesses.
        """
        rows = [
            self._weights[[self._row[term] for term in sorted(terms) if term in self._row]]
            for terms in texts
        ]
        sums = [row.sum(axis=0) / np.sqrt(1 + len(row)) for row in rows]
        return np.array(sums).reshape(len(texts), odds_of(len(self.texts)))

    def strongest(self, text: str, number: int, most: int) -> list[str]:
        """The terms of a text that speak most for a class, strongest first, none that does not."""
        weights = {
            term: float(self._weights[self._row[term], number - 1])
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
        """Of each term, shape (terms, `odds_of`)."""
        counts = np.array(list(self.terms.values()), dtype=np.float64)
        counts = counts.reshape(-1, len(self.texts))
        texts = np.array(self.texts, dtype=np.float64)
        others, of_others = counts[:, 1:], texts[1:]
        if len(self.texts) > 2:
            others = np.column_stack([others, others.sum(axis=1)])
            of_others = np.append(of_others, of_others.sum())
        share = (others + _SMOOTHING) / (of_others + 2 * _SMOOTHING)
        first = (counts[:, 0] + _SMOOTHING) / (texts[0] + 2 * _SMOOTHING)
        weights: Floats = np.log(share) - np.log(first)[:, None]
        return weights


def odds_of(classes: int) -> int:
    """How many odds there are: one for each class but the first, then one for any of several."""
    return classes - 1 if classes <= 2 else classes
