"""Finds the passages that answer a question, within what the asker may see."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from msp_core.errors import CorruptData, DependencyFailed, UsageError
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import Chunk, Filter, Tier, ids_of_chunks
from msp_core.knowledge.joint import Question
from msp_core.knowledge.ranking import LEXICAL_WEIGHT, Mode, Ranked, Search, System
from msp_core.knowledge.tiers import Deadlines, Tiers, Unavailable, ask_statistics
from msp_core.scope import Scope

MAX_K = 100
MAX_WORDS = 2000
MAX_CHARACTERS = 20_000
# The encoder reads 256 tokens, and the previous turn stands first: more would hide the question.
MAX_PREVIOUS_WORDS = 60
MAX_CHUNKS_READ = 40
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


class Why(TypedDict):
    """Why a passage was found: matched words, raw cosine (-1 to 1) and raw BM25 (0 or more).

    The cosine is None when the search was by words alone.
    """

    terms: list[str]
    cosine: float | None
    lexical: float


@dataclass(frozen=True)
class Passage:
    """The best chunk of a document that fits a question.

    Attributes:
        text: `start:end` of the document's text, unchanged, so that quotes can be checked.
        customer_id: whose it is; None is shared by all customers.
        score: 0 to 1, relative to the best of this search; never compare across searches.
        superseded_by: document id of the successor, when this document is outdated.
        index: the index it came from; `hot` when both have it.
    """

    document_id: str
    chunk_id: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    customer_id: str | None
    score: float
    superseded_by: str | None
    index: Tier
    why: Why


@dataclass(frozen=True)
class Notice:
    """Something the asker should know about the search."""

    code: Literal[
        "index_empty",
        "query_shortened",
        "hot_unavailable",
        "cold_unavailable",
        "statistics_unavailable",
    ]
    text: str


@dataclass(frozen=True)
class Retrieval:
    """Passages, best first, one per document; and notices."""

    passages: tuple[Passage, ...]
    notices: tuple[Notice, ...]


class Retriever:
    """Searches both tiers by words and by meaning, and fuses what they find.

    Args:
        tiers: the indexes and the statistics of their corpus.
        embedder: the one the indexes were made with.
        mode: which tiers are asked.
        deadlines: how long each of them is waited for.
        lexical_weight: of the words' score in the fused one, 0 to 1; the rest is the vectors'.
        on_use: told the ids of the documents that a search returned, best first.
    """

    def __init__(
        self,
        tiers: Tiers,
        embedder: Embedder,
        *,
        mode: Mode = "both",
        deadlines: Deadlines | None = None,
        lexical_weight: float = LEXICAL_WEIGHT["fused"],
        on_use: Callable[[Sequence[str]], None] | None = None,
    ) -> None:
        self._tiers = tiers
        self._embedder = embedder
        self._mode: Mode = mode
        self._deadlines = deadlines or Deadlines()
        self._weights = {**LEXICAL_WEIGHT, "fused": lexical_weight}
        self._on_use = on_use

    def search(
        self,
        query: str,
        scope: Scope,
        *,
        k: int = 5,
        previous_turn: str | None = None,
        exclude: frozenset[str] = frozenset(),
        categories: frozenset[str] | None = None,
        system: System = "fused",
    ) -> Retrieval:
        """The passages of the k documents that fit best, from what the scope may see.

        An outdated document never stands above its successor, which takes over its score and is
        looked up when the search did not find it.

        Args:
            query: the user's message; words beyond 2,000 are not searched, with a notice.
            scope: who asks; decides which customers and audiences are seen.
            k: 1 to 100.
            previous_turn: the user's message before, searched along with this one.
            exclude: document ids not to be found.
            categories: if given, only documents of these.
            system: `bm25` and `dense` use one of the two searches alone, for comparison.

        Raises:
            UsageError: an empty query, or k out of range.
            DependencyFailed: no index answers, or a search by words alone has no statistics.
        """
        if not 1 <= k <= MAX_K:
            raise UsageError(f"The number of passages must be 1 to {MAX_K}, not {k}.")
        text, shortened = searched_text(query, previous_turn)
        if not text:
            raise UsageError("The question is empty. Ask something in words.")
        notices = []
        if shortened:
            notices.append(
                Notice("query_shortened", f"Only the first {MAX_WORDS:,} words were searched.")
            )
        wanted = Filter(
            customers=scope.visible_customers,
            audiences=scope.audiences,
            exclude_documents=exclude,
            categories=categories,
        )
        question = ask_statistics(
            lambda: Question.of(text, self._tiers.statistics), self._deadlines
        )
        if isinstance(question, Unavailable):
            if system == "bm25":
                raise DependencyFailed(question.reason)
            reason = f"{question.reason} The search went by meaning alone."
            notices.append(Notice("statistics_unavailable", reason))
            question, system, counted = Question.without_words(text), "dense", None
        else:
            counted = question.statistics.chunks
        search = Search(
            tiers=self._tiers,
            question=question,
            vector=None if system == "bm25" else self._embedder.embed([text], purpose="query")[0],
            system=system,
            mode=self._mode,
            deadlines=self._deadlines,
            lexical_weight=self._weights[system],
        )
        ranking = search.run(wanted, k)
        notices += [
            Notice("hot_unavailable" if tier == "hot" else "cold_unavailable", reason)
            for tier, reason in ranking.unavailable.items()
        ]
        if counted == 0 and not ranking.documents and not ranking.unavailable:
            notices.append(
                Notice("index_empty", "The knowledge index is empty. Run `msp ingest` to fill it.")
            )
        if self._on_use is not None and ranking.documents:
            self._on_use([item.chunk.document_id for item in ranking.documents])
        return Retrieval(tuple(map(_passage, ranking.documents)), tuple(notices))

    def read(self, document_id: str, scope: Scope, *, heading: str | None = None) -> str:
        """A document as Markdown, as far as the scope may see it; empty when it may see nothing.

        Args:
            document_id: as in its passages.
            scope: who asks.
            heading: if given, only what stands below it, wherever in the document that is; else
                the first `MAX_CHUNKS_READ` chunks.
        """
        wanted = Filter(customers=scope.visible_customers, audiences=scope.audiences)
        chunks = self._chunks_of(document_id, most=None if heading else MAX_CHUNKS_READ)
        lines: list[str] = []
        above = ""
        for chunk in chunks:
            if not wanted.allows(chunk) or heading not in (None, chunk.heading):
                continue
            if chunk.heading != above:
                above = chunk.heading
                lines.append(f"## {above}")
            lines.append(chunk.text)
        return "\n\n".join(lines)

    def _chunks_of(self, document_id: str, *, most: int | None) -> list[Chunk]:
        """The document's chunks in order, all of them or the first ones."""
        chunks: list[Chunk] = []
        while most is None or len(chunks) < most:
            ids = ids_of_chunks(document_id, len(chunks) + MAX_CHUNKS_READ)[len(chunks) :]
            try:
                found = self._tiers.cold.get(ids)
            except (DependencyFailed, CorruptData):  # what is used lies in the hot index too
                found = self._tiers.hot.get(ids)
            chunks += [found[id_].chunk for id_ in ids if id_ in found]
            if len(found) < len(ids):
                break
        return chunks


def searched_text(query: str, previous_turn: str | None = None) -> tuple[str, bool]:
    """What a search looks for and embeds: the message before, then this one.

    Returns:
        The text, empty for an empty query, and whether the query had to be shortened.
    """
    text, shortened = _cleaned(query, MAX_WORDS)
    if text and previous_turn is not None:
        text = f"{_cleaned(previous_turn, MAX_PREVIOUS_WORDS)[0]} {text}".strip()
    return text, shortened


def _cleaned(text: str, max_words: int) -> tuple[str, bool]:
    """The text on one line without control characters, and whether it had to be shortened."""
    words = _UNPRINTABLE.sub(" ", text[: MAX_CHARACTERS + 1]).split()
    kept = " ".join(words[:max_words])[:MAX_CHARACTERS]
    return kept, len(text) > MAX_CHARACTERS or len(words) > max_words


def _passage(item: Ranked) -> Passage:
    chunk = item.chunk
    return Passage(
        document_id=chunk.document_id,
        chunk_id=chunk.chunk_id,
        title=chunk.title,
        heading=chunk.heading,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        customer_id=chunk.customer_id,
        score=min(item.score, 1.0),
        superseded_by=chunk.superseded_by,
        index=item.tier,
        why=Why(
            terms=list(item.evidence.terms),
            cosine=item.evidence.cosine,
            lexical=item.evidence.lexical,
        ),
    )
