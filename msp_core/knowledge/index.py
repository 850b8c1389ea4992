"""The port of a knowledge index, and the records that go through it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from msp_core.knowledge.article import Audience

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from msp_core.knowledge.embedding import Vectors

    Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Chunk:
    """A searchable stretch of a document.

    Attributes:
        chunk_id: `<document id>#<number>`.
        text: `start:end` of the document's text, unchanged.
        content_hash: of the whole document.
        customer_id: None is shared by all customers.
        superseded_by: document id of the document's successor.
    """

    chunk_id: str
    document_id: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    audience: Audience
    customer_id: str | None
    category: str | None
    superseded_by: str | None
    content_hash: str

    @property
    def searchable(self) -> str:
        """What is embedded and matched: the text below a line `title - heading`."""
        prefix = f"{self.title} - {self.heading}" if self.heading else self.title
        return f"{prefix}\n{self.text}"


@dataclass(frozen=True)
class Filter:
    """Which chunks a search may see; made from a scope, applied before anything is scored.

    Attributes:
        customers: whose chunks are seen besides the shared ones, which always are.
        audiences: the audiences that are seen.
        exclude_documents: document ids that are not seen; unknown ones do no harm.
        only_documents: if given, nothing else is seen.
        categories: if given, nothing else is seen, chunks without a category included.
    """

    customers: frozenset[str]
    audiences: frozenset[str]
    exclude_documents: frozenset[str] = frozenset()
    only_documents: frozenset[str] | None = None
    categories: frozenset[str] | None = None

    def allows(self, chunk: Chunk) -> bool:
        """Whether the chunk may be seen: the rule that every index implements in its own way."""
        return (
            (chunk.customer_id is None or chunk.customer_id in self.customers)
            and chunk.audience in self.audiences
            and chunk.document_id not in self.exclude_documents
            and (self.only_documents is None or chunk.document_id in self.only_documents)
            and (self.categories is None or chunk.category in self.categories)
        )


@dataclass(frozen=True)
class Hit:
    """A chunk found by one of the two searches, with that search's score."""

    chunk_id: str
    score: float


@dataclass(frozen=True)
class Evidence:
    """Why a chunk fits a question.

    Attributes:
        lexical: BM25, 0 or more; 0 without a common term.
        cosine: -1 to 1; None when no vector was given.
        terms: the words of the chunk that matched, lower case, in order, each once.
    """

    lexical: float
    cosine: float | None
    terms: tuple[str, ...]


@dataclass(frozen=True)
class IndexStats:
    """What an index holds."""

    documents: int
    chunks: int
    model_id: str
    dimension: int
    chunker: str


class KnowledgeIndex(Protocol):
    """Chunks with their vectors, found by words and by meaning.

    What implementations agree on:

    - Scores: higher is better; lexical ones are 0 or more without an upper end, dense ones
      cosines. Lexical statistics are of the whole index, whatever the filter.
    - Order: by score, best first; equal scores by chunk id, ascending.
    - Unknown document and chunk ids are passed over in silence.
    - Any thread may call.

    What they disagree on: when a write is seen. The embedded one shows it at once, to other
    processes too; OpenSearch Serverless and S3 Vectors within seconds.
    """

    def upsert(self, chunks: Sequence[Chunk], vectors: "Vectors") -> None:
        """Store every chunk of one or more documents in place of all their earlier ones.

        Per document it happens wholly or not at all.

        Args:
            chunks: complete documents.
            vectors: a row per chunk, shape (len(chunks), dimension).

        Raises:
            ValueError: the vectors do not have that shape.
        """

    def remove(self) -> None:
        """Drop the index with all it holds; the next write makes it anew."""

    def delete(self, document_ids: Collection[str]) -> None:
        """Remove documents with all their chunks."""

    def lexical(self, query: str, wanted: Filter, k: int) -> list[Hit]:
        """The k best chunks that share a telling word with the query, by BM25.

        Empty when the query has no word that tells. Quotes and operators in it mean nothing.
        """

    def dense(self, vector: "Vector", wanted: Filter, k: int) -> list[Hit]:
        """The k chunks whose vectors are nearest, by cosine."""

    def rescore(
        self, query: str, vector: "Vector | None", chunk_ids: Collection[str]
    ) -> dict[str, Evidence]:
        """Both raw scores of the given chunks, so that candidates of any search compare.

        Without a vector only the lexical ones.
        """

    def chunks(self, chunk_ids: Collection[str]) -> dict[str, Chunk]:
        """The chunks by id."""

    def document_hashes(self) -> dict[str, str]:
        """The content hash of each document by its id."""

    def stats(self) -> IndexStats:
        """Counts, and what the index was made with."""
