"""The port of a knowledge index, and the records that go through it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from msp_core.errors import InvalidInput, UsageError
from msp_core.knowledge.article import Audience

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from msp_core.knowledge.embedding import Vectors

    Vector = npt.NDArray[np.float32]

Tier = Literal["hot", "cold"]
Capability = Literal["lexical", "hybrid", "read_your_writes"]
"""`lexical`: searches by words; `hybrid`: by words and meaning in one call, fused by the backend;
`read_your_writes`: a write is seen by the next call of anyone, here or in another process."""

MAX_K = 10_000


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


@dataclass(frozen=True, eq=False)
class Record:
    """A chunk as an index keeps it, with its vector (float32, of unit length)."""

    chunk: Chunk
    vector: "Vector"


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
    """A chunk found by one search, with that search's score."""

    chunk_id: str
    score: float


def best_hits(hits: Iterable[Hit], k: int) -> list[Hit]:
    """The k best, equal ones by chunk id."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:k]


@dataclass(frozen=True)
class IndexStats:
    """What an index holds, and what it was made with."""

    documents: int
    chunks: int
    model_id: str
    dimension: int
    chunker: str


@dataclass(frozen=True)
class Health:
    """Whether an index answers now; `detail` is one line for a person."""

    ok: bool
    detail: str


class KnowledgeIndex(Protocol):
    """Chunks with their vectors, found by meaning and, where it is able, by words.

    A search only names candidates. What decides between them is computed above the port from
    their records (`get`) and corpus-wide statistics, so that the hits of any two indexes compare.

    What implementations agree on:

    - Scores: higher is better. Dense ones are cosines, -1 to 1. Equal scores go by chunk id,
      ascending.
    - The filter is applied before anything is scored: k is never used up by what it forbids.
    - A question's vector is checked by `check_query`, stored ones by `check_vectors`.
    - Unknown document and chunk ids are passed over in silence; ids are any text without control
      characters, compared code point by code point.
    - An index made with another embedder or other chunking rules is refused with a
      `ConfigurationError` that names the command which makes it anew.
    - Any thread may call. A service that does not answer, or answers in part, is a
      `DependencyFailed`, never a shorter list.

    What they disagree on:

    - `capabilities`. A method that the index is not able to do raises `UsageError`.
    - When a write is seen: with `read_your_writes` at once; else within seconds.
    - Which words tell: the embedded one and OpenSearch leave out those that stand in most chunks;
      S3 Vectors searches all that it is given.
    - Lexical scores: 0 or more, without an upper end, by the statistics of that index and its own
      stemming. Comparable within one call only. Hybrid scores: 0 to 1, likewise.
    - Exactness: the embedded one is exact; approximate ones may miss a near neighbour. Cosines
      agree to about 1e-4.
    - How many hits one search can give: the embedded one `MAX_K`, services may stop earlier.
    - Whether `upsert` is one step for its readers (embedded), or one step per document to
      whoever comes after it: a service may show a document half written for a moment, and a
      killed call is completed by calling again.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it is able to do."""

    def create(self) -> None:
        """Make the index where there is none, and wait until it is usable; safe to repeat.

        Raises:
            ConfigurationError: there is one that was made with something else.
        """

    def remove(self) -> None:
        """Drop the index with all it holds, damaged or not; `create` or a write makes it anew."""

    def upsert(self, chunks: Sequence[Chunk], vectors: "Vectors") -> None:
        """Store every chunk of one or more documents in place of all their earlier ones.

        Args:
            chunks: complete documents.
            vectors: a row per chunk, shape (len(chunks), dimension), see `check_vectors`.

        Raises:
            InvalidInput: the vectors are not usable; nothing is stored.
        """

    def delete(self, document_ids: Collection[str]) -> None:
        """Remove documents with all their chunks."""

    def dense(self, vector: "Vector", wanted: Filter, k: int) -> list[Hit]:
        """The k chunks whose vectors are nearest, by cosine; k is 1 to `MAX_K`.

        Raises:
            InvalidInput: the vector is not usable.
        """

    def lexical(self, query: str, wanted: Filter, k: int) -> list[Hit]:
        """The k best chunks that share a telling word with the query, by BM25.

        Empty when the query has no word that tells. Quotes and operators in it mean nothing.
        """

    def hybrid(self, query: str, vector: "Vector", wanted: Filter, k: int) -> list[Hit]:
        """The k best chunks by words and meaning together, each counting half."""

    def get(self, chunk_ids: Collection[str]) -> dict[str, Record]:
        """The records by chunk id."""

    def export(self) -> Iterator[Record]:
        """Every record once, in any order, as of about the time of the call."""

    def document_hashes(self) -> dict[str, str]:
        """The content hash of each document by its id."""

    def stats(self) -> IndexStats:
        """Counts, and what the index was made with."""

    def is_empty(self) -> bool:
        """Whether it holds nothing, or there is none; quick."""

    def health(self) -> Health:
        """Whether it answers now; quick, and never raises for a service that is down."""

    def verify(self) -> list[str]:
        """What is wrong with the stored data, a line each; looks at all of it."""

    def compact(self) -> None:
        """Give back space that is no longer used; services do that by themselves."""


def check_k(k: int) -> None:
    """Pass for 1 to `MAX_K`.

    Raises:
        UsageError: it is not.
    """
    if not 1 <= k <= MAX_K:
        raise UsageError(f"A search can return 1 to {MAX_K:,} chunks, not {k:,}.")


def check_query(vector: "Vector", k: int, *, dimension: int) -> None:
    """Pass for a question's vector of unit length (to 1%) and a usable k.

    Raises:
        InvalidInput: the vector is of another dimension, not finite, or zero.
        UsageError: see `check_k`.
    """
    check_k(k)
    if vector.shape != (dimension,) or unusable_rows(vector[None, :]):
        raise InvalidInput(
            f"The question's vector, of shape {vector.shape}, is not usable: it must have "
            f"{dimension} finite numbers and unit length. Use the embedder that the index was "
            "made with."
        )


def ids_of_chunks(document_id: str, count: int) -> list[str]:
    """The ids of a document's chunks, in order."""
    return [f"{document_id}#{number:03d}" for number in range(count)]


def unusable_rows(vectors: "Vectors") -> list[int]:
    """The rows that are not finite or not of unit length (to 1%), ascending."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    rows: list[int] = np.flatnonzero(~(np.abs(lengths - 1) <= 0.01)).tolist()
    return rows


def check_vectors(vectors: "Vectors", *, count: int, dimension: int) -> None:
    """Pass for vectors of shape (count, dimension), all of them usable.

    Raises:
        InvalidInput: they are not; says which is the first that is not usable.
    """
    if vectors.shape != (count, dimension):
        raise InvalidInput(
            f"Vectors of shape {vectors.shape} do not fit {count} chunks of dimension {dimension}. "
            "Use the embedder that the index was made with."
        )
    if rows := unusable_rows(vectors):
        raise InvalidInput(
            f"The vector of chunk {rows[0] + 1} of {count} is not finite or not of unit length. "
            "The embedder gave an unusable one for this text."
        )
