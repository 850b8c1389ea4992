"""The joint score: one rule for candidates of any index, from their records alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msp_core.knowledge.index import Record
from msp_core.knowledge.statistics.analysis import Analysis, stems
from msp_core.knowledge.statistics.lexical_statistics import CorpusStatistics, StatisticsStore
from msp_core.knowledge.statistics.query_terms import query_terms, telling_terms

if TYPE_CHECKING:
    from msp_core.knowledge.index import Vector

_DECIMALS = 6  # sums of equal products can differ in the last bits


@dataclass(frozen=True)
class Evidence:
    """Why a chunk fits a question.

    Attributes:
        lexical: BM25 by the statistics of the whole corpus, 0 or more; 0 without a common term.
        cosine: -1 to 1; None when no vector was given.
        terms: the words of the chunk that matched, lower case, in order, each once.
    """

    lexical: float
    cosine: float | None
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question with its telling words and what the corpus knows of them.

    Attributes:
        words: the telling words by their term.
    """

    text: str
    words: Mapping[str, str]
    statistics: CorpusStatistics

    @classmethod
    def of(cls, text: str, store: StatisticsStore) -> "Question":
        """The question, with the statistics as they are now."""
        asked = query_terms(text)
        words = {term: word for term, word in zip(stems(asked), asked, strict=True) if term}
        statistics = store.look_up(words)
        telling = telling_terms(
            {term: statistics.frequencies.get(term, 0) for term in words}, statistics.chunks
        )
        return cls(text, {term: words[term] for term in telling}, statistics)

    @classmethod
    def without_words(cls, text: str) -> "Question":
        """The question for a search by meaning alone, while there are no statistics."""
        return cls(text, {}, CorpusStatistics(0, 0, {}))

    def evidence(
        self, records: Mapping[str, Record], vector: "Vector | None"
    ) -> dict[str, Evidence]:
        """Both raw scores of each record, and the words that matched."""
        terms = tuple(self.words)
        texts = {chunk_id: record.chunk.searchable for chunk_id, record in records.items()}
        analysis = Analysis(texts, terms, tuple(self.words.values()))
        return {
            chunk_id: Evidence(
                self.statistics.bm25(analysis.counts[chunk_id], analysis.lengths[chunk_id], terms),
                None if vector is None else round(float(record.vector @ vector), _DECIMALS),
                analysis.matched.get(chunk_id, ()),
            )
            for chunk_id, record in records.items()
        }
