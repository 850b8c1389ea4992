"""The knowledge index on Amazon S3 Vectors: the cold tier on AWS."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msp_core.aws_calls import explained, is_code
from msp_core.errors import ConfigurationError, DependencyFailed, MspError, UsageError
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
    check_k,
    check_query,
    check_vectors,
    ids_of_chunks,
)
from msp_core.knowledge.made_with import check_made_with, hashes_of_whole, made_with
from msp_core.knowledge.recent_check import RecentCheck
from msp_core.knowledge.s3_vectors_items import (
    ABOUT,
    TEXT,
    Json,
    about_item,
    batches,
    filter_of,
    item_of,
    made_with_of,
    query_texts,
    record_of,
    stored_of,
)
from msp_core.knowledge.s3_vectors_shape import (
    QueryMode,
    check_settings,
    index_settings,
    wait_until_searchable,
)
from msp_core.knowledge.service_check import problems_of

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Vectors
    from msp_core.knowledge.index import Vector

MAX_DELETE, MAX_GET, MAX_LIST = 500, 100, 1000
MAX_CLASSIC_K = 100
SPARE_HITS = 50
"""Asked for beyond k, because the service orders equal distances and scores as it likes."""
_GONE = "NotFoundException"


class _NoSuchIndex(Exception):
    """The index, or its bucket, is not there."""


class S3VectorsIndex:
    """A `KnowledgeIndex` in one vector index; in the enhanced mode searched by words too.

    It has no `hybrid`: the service fuses by rank, which finds less than fusing scores does.

    A document's chunks are written from first to last and deleted from last to first, so that what
    a killed call leaves are its first chunks, and the rest of a longer version can be found.
    `document_hashes` shows such a document as changed, and the next ingestion mends it.

    Args:
        client: of boto3, for `s3vectors` (see `make_client`).
        bucket: the vector bucket; the stack makes it.
        index: name of the index in it.
        space: the embedder's; an index made for another one is refused.
        mode: how the service searches; in the classic one not by words.

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
        self._made_with = {**made_with(space), "format": f"2, {mode.lower()} mode"}
        self._check = RecentCheck(self._check_mark)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `KnowledgeIndex.capabilities`."""
        return frozenset({"lexical"}) if self._mode == "ENHANCED" else frozenset()

    def create(self) -> None:
        """See `KnowledgeIndex.create`; the index may have been made by the stack.

        Waits while the service makes texts searchable that the index already holds (two minutes).
        """
        try:
            found = self._described()
        except _NoSuchIndex:
            self._make()
            found = self._just_made()
        check_settings(found, self._made_with, self._mode, index=self._what)
        marked = self._is_marked()  # checks what is marked before anything is changed
        if self._mode == "ENHANCED":
            if found.get("indexMode") == "CLASSIC":
                self._call("update_index_mode", indexMode=self._mode)
            wait_until_searchable(self._just_made, index=self._what)
        if not marked:
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
        asked = {"queryVector": {"float32": vector.tolist()}, "returnDistance": True}
        # A distance is 1 - cosine; sums of equal products can differ in the last bits.
        hits = [
            Hit(found["key"], round(1 - found["distance"], 6))
            for found in self._query(wanted, k, **asked)
        ]
        return best_hits(hits, k)

    def lexical(self, query: str, wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.lexical`; the service knows by itself which words tell little.

        A query of more words than one request takes (1,024 characters) is searched in parts, whose
        scores are added up. Each part gives its own k best and some spare ones: a chunk that is
        among the best by all parts and by none alone may be missed.

        Raises:
            UsageError: in the classic mode.
        """
        check_k(k)
        if self._mode == "CLASSIC":
            raise UsageError(
                "In the classic mode S3 Vectors searches by meaning only. Set "
                "MSP_VECTOR_MODE=ENHANCED to search by words, or search the hot index."
            )
        scores: dict[str, float] = {}
        for text in query_texts(query):
            asked = {"queryTexts": [{"text": text, "metadataKey": TEXT}], "returnScores": True}
            for found in self._query(wanted, k, **asked):
                score = sum(row["score"] for row in found["scores"]["bm25Scores"])
                scores[found["key"]] = scores.get(found["key"], 0.0) + score
        # The service's scores are exact to some seven digits.
        return best_hits((Hit(name, float(f"{score:.6g}")) for name, score in scores.items()), k)

    def hybrid(self, query: str, vector: "Vector", wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.hybrid`: it is not able to."""
        raise UsageError(
            "S3 Vectors fuses by rank, which is not used here. Search by words and by meaning."
        )

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
            self._is_marked()
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
            self._call("create_index", **index_settings(self._dimension, self._mode))
        except _NoSuchIndex as error:
            raise ConfigurationError(
                f"There is no vector bucket {self._where['vectorBucketName']} in this region. "
                "Make it with the stack (`msp provision apply`), or mend MSP_VECTOR_BUCKET."
            ) from error

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

    def _query(self, wanted: Filter, k: int, **asked: Any) -> list[Json]:
        """What is found; nothing when there is no index, or the filter lets nothing through."""
        condition = filter_of(wanted)
        if condition is None:
            return []
        most = MAX_CLASSIC_K if self._mode == "CLASSIC" else MAX_K
        request = {"topK": min(k + SPARE_HITS, most), "filter": condition, "queryMode": self._mode}
        try:
            self._check()
            return list(self._pages("query_vectors", **request, **asked))
        except _NoSuchIndex:
            return []

    def _pages(self, operation: str, **request: Any) -> Iterator[Json]:
        while True:
            answer = self._call(operation, **request)
            yield from answer["vectors"]
            if "nextToken" not in answer:
                return
            request["nextToken"] = answer["nextToken"]

    def _just_made(self) -> Json:
        try:
            return self._described()
        except _NoSuchIndex as error:
            raise DependencyFailed(
                f"{self._what} was made and cannot be seen yet, or was dropped meanwhile. Run "
                "`msp index create` again."
            ) from error

    def _described(self) -> Json:
        index: Json = self._call("get_index")["index"]
        return index

    def _call(self, operation: str, **request: Any) -> Json:
        with explained(self._what):
            try:
                answer: Json = getattr(self._client, operation)(**self._where, **request)
            except Exception as error:
                if is_code(error, _GONE):
                    raise _NoSuchIndex from error
                raise
        return answer
