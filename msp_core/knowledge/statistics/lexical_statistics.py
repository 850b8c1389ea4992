"""Corpus-wide lexical statistics, and BM25 by them: scores of any two indexes compare."""

import itertools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msp_core.knowledge.index import Chunk
from msp_core.knowledge.statistics.analysis import term_counts

K1 = 1.2
B = 0.75
_LEAST_IDF = 1e-6  # a term in more than half of the chunks still counts a little


@dataclass(frozen=True)
class DocumentTerms:
    """What a document adds to the statistics.

    Attributes:
        chunks: how many it has.
        tokens: how many terms they have together, repeated ones included.
        frequencies: in how many of its chunks each term stands.
    """

    document_id: str
    content_hash: str
    chunks: int
    tokens: int
    frequencies: Mapping[str, int]


@dataclass(frozen=True)
class Counted:
    """A document that is counted, in the version with this content hash."""

    content_hash: str
    chunks: int


@dataclass(frozen=True)
class CorpusStatistics:
    """The statistics of the whole corpus, as far as some terms need them.

    Attributes:
        frequencies: in how many chunks each of the terms stands; a missing one counts 0.
    """

    chunks: int
    tokens: int
    frequencies: Mapping[str, int]

    def idf(self, term: str) -> float:
        """How much a term tells, above 0."""
        count = min(self.frequencies.get(term, 0), self.chunks)
        return max(math.log((self.chunks - count + 0.5) / (count + 0.5)), _LEAST_IDF)

    def bm25(self, counts: Mapping[str, int], length: int, terms: Collection[str]) -> float:
        """BM25 of a chunk (Robertson and Zaragoza 2009, doi:10.1561/1500000019), as in FTS5.

        Args:
            counts: how often each term stands in the chunk.
            length: its terms, repeated ones included.
            terms: those of the question, each once.

        Returns:
            0 or more; 0 without a common term.
        """
        average = self.tokens / self.chunks if self.chunks else 1.0
        norm = K1 * (1 - B + B * length / average) if average else K1
        return sum(
            self.idf(term) * count * (K1 + 1) / (count + norm)
            for term in terms
            if (count := counts.get(term, 0))
        )


def count_terms(chunks: Iterable[Chunk]) -> list[DocumentTerms]:
    """What each document of these chunks adds to the statistics; chunks of one stand together."""
    by_document = {
        document_id: list(own)
        for document_id, own in itertools.groupby(chunks, key=lambda chunk: chunk.document_id)
    }
    counts = iter(term_counts([chunk.searchable for own in by_document.values() for chunk in own]))
    result = []
    for document_id, own in by_document.items():
        of_chunks = [next(counts) for _ in own]
        frequencies = Counter(term for count in of_chunks for term in count)
        tokens = sum(count.total() for count in of_chunks)
        result.append(
            DocumentTerms(document_id, own[0].content_hash, len(own), tokens, frequencies)
        )
    return result


class StatisticsStore(Protocol):
    """Keeps the statistics of the corpus, document by document.

    Ingestion writes it after the cold index and compares content hashes, so whatever a killed run
    left out is made good by the next. On AWS it is one versioned object beside the cold index.
    """

    def documents(self) -> dict[str, Counted]:
        """Each counted document by its id."""

    def replace(self, documents: Sequence[DocumentTerms]) -> None:
        """Count these in place of what was counted for their ids; all of them or none."""

    def delete(self, document_ids: Collection[str]) -> None:
        """Count these no more; unknown ids are passed over in silence."""

    def look_up(self, terms: Collection[str]) -> CorpusStatistics:
        """The statistics for these terms, as of now."""

    def remove(self) -> None:
        """Forget everything."""

    def verify(self) -> list[str]:
        """What is wrong with it, a line each: totals that are not the sum of the documents."""
