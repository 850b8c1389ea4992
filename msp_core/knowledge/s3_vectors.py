"""The knowledge index on Amazon S3 Vectors: the cold tier on AWS."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from msp_core.aws_calls import explained, is_code
from msp_core.errors import ConfigurationError, MspError, UsageError
from msp_core.knowledge.chunking import CHUNKER
from msp_core.knowledge.embedding import VectorSpace
from msp_core.knowledge.index import (
    MAX_K,
    Capability,
    Chunk,
    Filter,
    Health,
    Hit,
    IndexStats,
    Record,
    best_hits,
    check_query,
    check_vectors,
    ids_of_chunks,
)
from msp_core.knowledge.made_with import check_made_with, hashes_of_whole, made_with
from msp_core.knowledge.recent_check import RecentCheck
from msp_core.knowledge.s3_vectors_items import (
    ABOUT,
    RECORD,
    Json,
    about_item,
    batches,
    filter_of,
    item_of,
    made_with_of,
    record_of,
    stored_of,
)
from msp_core.knowledge.service_check import problems_of

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Vectors
    from msp_core.knowledge.index import Vector

QueryMode = Literal["CLASSIC", "ENHANCED"]
"""`ENHANCED` filters before it searches; `CLASSIC` while it does, so it may find fewer."""

MAX_DELETE, MAX_GET, MAX_LIST = 500, 100, 1000
MAX_CLASSIC_K = 100
SPARE_HITS = 50
"""Asked for beyond k, because the service orders equal distances as it likes."""
_GONE = "NotFoundException"


class _NoSuchIndex(Exception):
    """The index, or its bucket, is not there."""


class S3VectorsIndex:
    """A `KnowledgeIndex` in one vector index; searched by meaning only.

    A document's chunks are written from first to last and deleted from last to first, so that what
    a killed call leaves are its first chunks, and the rest of a longer version can be found.
    `document_hashes` shows such a document as changed, and the next ingestion mends it.

    Args:
        client: of boto3, for `s3vectors` (see `make_client`).
        bucket: the vector bucket; the stack makes it.
        index: name of the index in it.
        space: the embedder's; an index made for another one is refused.
        mode: how the service applies filters.

    Raises (from every method; the service is first called by a method, not here):
        ConfigurationError: the index was made with another embedder or other chunking rules, or
            AWS does not permit the call.
        DependencyFailed: the service does not answer.
    """

    def __init__(
        self,
        client: Any,
        *,
        bucket: str,
        index: str,
        space: VectorSpace,
        mode: QueryMode = "ENHANCED",
    ) -> None:
        self._client = client
        self._where = {"vectorBucketName": bucket, "indexName": index}
        self._what = f"The vector index {bucket}/{index}"
        self._dimension = space.dimension
        self._mode: QueryMode = mode
        self._made_with = made_with(space)
        self._check = RecentCheck(self._check_mark)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `KnowledgeIndex.capabilities`."""
        return frozenset()

    def create(self) -> None:
        """See `KnowledgeIndex.create`; the index may have been made by the stack."""
        try:
            found = self._call("get_index")["index"]
        except _NoSuchIndex:
            self._make()
            found = self._call("get_index")["index"]
        self._check_shape(found)
        if self._mode == "ENHANCED" and found.get("indexMode") == "CLASSIC":
            self._call("update_index_mode", indexMode=self._mode)
        if not self._is_marked():
            self._call("put_vectors", vectors=[about_item(self._made_with, self._dimension)])

    def remove(self) -> None:
        """See `KnowledgeIndex.remove`."""
        self._check.forget()
        with suppress(_NoSuchIndex):
            self._call("delete_index")

    def upsert(self, chunks: Sequence[Chunk], vectors: "Vectors") -> None:
        """See `KnowledgeIndex.upsert`; makes the index where there is none.

        Raises:
            InvalidInput: also for a chunk that is larger than the service takes.
        """
        check_vectors(vectors, count=len(chunks), dimension=self._dimension)
        sizes = Counter(chunk.document_id for chunk in chunks)
        items = [
            item_of(chunk, vector, chunk_count=sizes[chunk.document_id])
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        if not self._is_marked():
            self.create()
        for batch in batches(items):
            self._call("put_vectors", vectors=batch)
        self._delete_from(sizes)

    def delete(self, document_ids: Collection[str]) -> None:
        """See `KnowledgeIndex.delete`."""
        if document_ids and self._is_marked():
            self._delete_from(dict.fromkeys(document_ids, 0))

    def dense(self, vector: "Vector", wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.dense`; in the classic mode 100 hits at most."""
        check_query(vector, k, dimension=self._dimension)
        condition = filter_of(wanted)
        if condition is None:
            return []
        most = MAX_CLASSIC_K if self._mode == "CLASSIC" else MAX_K
        request: Json = {
            "topK": min(k + SPARE_HITS, most),
            "queryVector": {"float32": vector.tolist()},
            "filter": condition,
            "queryMode": self._mode,
            "returnDistance": True,
        }
        try:
            self._check()
            # A distance is 1 - cosine; sums of equal products can differ in the last bits.
            hits = [
                Hit(found["key"], round(1 - found["distance"], 6))
                for found in self._pages("query_vectors", **request)
            ]
        except _NoSuchIndex:
            return []
        return best_hits(hits, k)

    def lexical(self, query: str, wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.lexical`: it is not able to."""
        raise self._unable()

    def hybrid(self, query: str, vector: "Vector", wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.hybrid`: it is not able to."""
        raise self._unable()

    def get(self, chunk_ids: Collection[str]) -> dict[str, Record]:
        """See `KnowledgeIndex.get`."""
        try:
            self._check()
            items = self._get(sorted(chunk_ids), returnData=True, returnMetadata=True)
        except _NoSuchIndex:
            return {}
        return {item["key"]: record_of(item) for item in items}

    def export(self) -> Iterator[Record]:
        """See `KnowledgeIndex.export`; what is written meanwhile may or may not be in it."""
        for item in self._all(returnData=True, returnMetadata=True):
            yield record_of(item)

    def document_hashes(self) -> dict[str, str]:
        """See `KnowledgeIndex.document_hashes`; "" for a document that is not held whole."""
        return hashes_of_whole(map(stored_of, self._all(returnMetadata=True)))

    def stats(self) -> IndexStats:
        """See `KnowledgeIndex.stats`."""
        rows = [stored_of(item) for item in self._all(returnMetadata=True)]
        documents = {row.document_id for row in rows}
        model_id = self._made_with["model_id"]
        return IndexStats(len(documents), len(rows), model_id, self._dimension, CHUNKER)

    def is_empty(self) -> bool:
        """See `KnowledgeIndex.is_empty`."""
        return next(self._all(), None) is None

    def health(self) -> Health:
        """See `KnowledgeIndex.health`."""
        try:
            self._call("get_index")
        except _NoSuchIndex:
            return Health(True, "no index yet: run `msp index create`")
        except MspError as error:
            return Health(False, str(error))
        return Health(True, f"{self._what} answers")

    def verify(self) -> list[str]:
        """See `KnowledgeIndex.verify`: whole documents, readable records, usable vectors."""
        return problems_of(
            self._all(returnData=True, returnMetadata=True),
            name=lambda item: str(item["key"]),
            stored=stored_of,
            record=record_of,
        )

    def compact(self) -> None:
        """See `KnowledgeIndex.compact`: the service does it by itself."""

    def _make(self) -> None:
        try:
            self._call(
                "create_index",
                dataType="float32",
                dimension=self._dimension,
                distanceMetric="cosine",
                metadataConfiguration={"nonFilterableMetadataKeys": [RECORD]},
            )
        except _NoSuchIndex as error:
            raise ConfigurationError(
                f"There is no vector bucket {self._where['vectorBucketName']} in this region. "
                "Make it with the stack (`msp provision apply`), or mend MSP_VECTOR_BUCKET."
            ) from error

    def _check_shape(self, found: Json) -> None:
        """Pass when an index that somebody made is of use.

        Raises:
            ConfigurationError: it is not.
        """
        stored = {"dimension": str(found["dimension"])}
        check_made_with(stored, self._made_with, index=self._what)
        unfiltered = found.get("metadataConfiguration", {}).get("nonFilterableMetadataKeys", [])
        if found["distanceMetric"] != "cosine" or RECORD not in unfiltered:
            raise ConfigurationError(
                f"{self._what} was made without cosine distance or without the non-filterable key "
                f"{RECORD!r}. Run `msp ingest --rebuild` to make it anew."
            )

    def _is_marked(self) -> bool:
        """Whether the index is there and says what it was made with; checks that."""
        try:
            about = self._get([ABOUT], returnMetadata=True)
        except _NoSuchIndex:
            return False
        if about:
            check_made_with(made_with_of(about[0]), self._made_with, index=self._what)
            self._check.passed()
        return bool(about)

    def _check_mark(self) -> None:
        self._is_marked()

    def _delete_from(self, starts: Mapping[str, int]) -> None:
        """Delete the chunks of each document from this number on, the last ones first."""
        firsts = {ids_of_chunks(name, start + 1)[start]: name for name, start in starts.items()}
        longer = [firsts[item["key"]] for item in self._get(list(firsts))]
        keys = [key for name in longer for key in reversed(self._held_from(name, starts[name]))]
        for start in range(0, len(keys), MAX_DELETE):
            self._call("delete_vectors", keys=keys[start : start + MAX_DELETE])

    def _held_from(self, document_id: str, start: int) -> list[str]:
        held: list[str] = []
        while True:
            asked = ids_of_chunks(document_id, start + MAX_GET)[start:]
            found = {item["key"] for item in self._get(asked)}
            held += [key for key in asked if key in found]
            if len(found) < len(asked):
                return held
            start += MAX_GET

    def _get(self, keys: Sequence[str], **wanted: bool) -> list[Json]:
        return [
            item
            for start in range(0, len(keys), MAX_GET)
            for item in self._call("get_vectors", keys=keys[start : start + MAX_GET], **wanted)[
                "vectors"
            ]
        ]

    def _all(self, **wanted: bool) -> Iterator[Json]:
        """Every chunk's vector."""
        with suppress(_NoSuchIndex):
            self._check()
            for item in self._pages("list_vectors", maxResults=MAX_LIST, **wanted):
                if item["key"] != ABOUT:
                    yield item

    def _pages(self, operation: str, **request: Any) -> Iterator[Json]:
        while True:
            answer = self._call(operation, **request)
            yield from answer["vectors"]
            if "nextToken" not in answer:
                return
            request["nextToken"] = answer["nextToken"]

    def _call(self, operation: str, **request: Any) -> Json:
        with explained(self._what):
            try:
                answer: Json = getattr(self._client, operation)(**self._where, **request)
            except Exception as error:
                if is_code(error, _GONE):
                    raise _NoSuchIndex from error
                raise
        return answer

    def _unable(self) -> UsageError:
        return UsageError(
            "The cold index is searched by meaning only. Search the hot one by words."
        )
