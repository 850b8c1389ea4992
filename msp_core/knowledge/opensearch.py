"""The knowledge index on OpenSearch: Serverless, or any server with the k-NN plugin."""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msp_core.errors import DependencyFailed, MspError
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
)
from msp_core.knowledge.made_with import (
    check_made_with,
    hashes_of_whole,
    made_with,
)
from msp_core.knowledge.opensearch_client import TIMEOUT_S, NoSuchIndex, OpenSearchClient, Refused
from msp_core.knowledge.opensearch_queries import (
    FUSION,
    Body,
    Engine,
    cosine_of,
    counts_of,
    index_body,
    matching,
    nearest,
    of_chunks,
    of_documents,
    record_of,
    row_of,
    stored_of,
)
from msp_core.knowledge.opensearch_rows import RecentRows, ids_of_rows, rows_as_of_now
from msp_core.knowledge.recent_check import RecentCheck
from msp_core.knowledge.service_check import problems_of
from msp_core.knowledge.statistics.query_terms import query_terms, telling_terms

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Vectors
    from msp_core.knowledge.index import Vector

INDEX = "msp-knowledge-hot"
SPARE_HITS = 50
"""Asked for beyond k, because the server orders equal scores as it likes."""
GOT_TOGETHER = 200
TERMS_TOGETHER = 500
SETTLES_WITHIN_S = 120.0
HEALTHY_WITHIN_S = 3.0
_STORED = ["chunk_id", "document_id", "chunk_count", "chunk.content_hash"]


class OpenSearchIndex:
    """A `KnowledgeIndex` in one index of an OpenSearch server.

    What was written is seen after a second (a server) or some seconds (Serverless). Rows have no
    `_id` of ours, which Serverless does not take: an upsert adds the new rows and then deletes the
    old ones by their searched `_id`. Two processes that write the same document within that second
    can leave rows of both; `document_hashes` shows it as changed, and the next ingestion mends it.

    Args:
        client: the server.
        engine: `faiss` on Serverless, `lucene` on a server without native libraries.
        space: the embedder's; an index made for another one is refused.
        name: of the index.

    Raises (from every method; the server is first called by a method, not here):
        ConfigurationError: the index was made with another embedder or other chunking rules, or
            the credentials do not permit the call.
        DependencyFailed: the server does not answer, or for a part of the data only.
    """

    def __init__(
        self,
        client: OpenSearchClient,
        *,
        engine: Engine,
        space: VectorSpace,
        name: str = INDEX,
    ) -> None:
        self._client = client
        self._engine: Engine = engine
        self._dimension = space.dimension
        self._name = name
        self._fusion = f"{name}-fusion"
        self._made_with = made_with(space)
        self._recent = RecentRows()
        self._check = RecentCheck(self._must_be_there)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `KnowledgeIndex.capabilities`."""
        return frozenset({"lexical", "hybrid"})

    def create(self) -> None:
        """See `KnowledgeIndex.create`; waits while a new access policy settles (two minutes)."""
        deadline = time.monotonic() + SETTLES_WITHIN_S
        while True:
            try:
                self._create()
                self._client.call(lambda client: client.count(index=self._name))
            except (NoSuchIndex, Refused) as error:
                if time.monotonic() > deadline:
                    if isinstance(error, Refused):
                        raise
                    raise DependencyFailed(
                        f"OpenSearch at {self._client.host} made the index {self._name}, and does "
                        "not find it. Run `msp index create` again."
                    ) from error
                time.sleep(2)
            else:
                return

    def remove(self) -> None:
        """See `KnowledgeIndex.remove`."""
        self._client.call(
            lambda client: client.indices.delete(index=self._name, ignore_unavailable=True)
        )
        self._client.call(
            lambda client: client.search_pipeline.delete(id=self._fusion, params={"ignore": 404})
        )
        self._recent.forget()
        self._check.forget()

    def upsert(self, chunks: Sequence[Chunk], vectors: "Vectors") -> None:
        """See `KnowledgeIndex.upsert`; makes the index where there is none."""
        check_vectors(vectors, count=len(chunks), dimension=self._dimension)
        if not self._is_there():
            self.create()
        if not chunks:
            return
        sizes = Counter(chunk.document_id for chunk in chunks)
        old = self._rows_of(sizes)
        rows = [
            row_of(chunk, vector, chunk_count=sizes[chunk.document_id])
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        added = self._client.bulk(self._name, [({"index": {}}, row) for row in rows])
        self._delete_rows(old)
        self._recent.note([chunk.document_id for chunk in chunks], added)

    def delete(self, document_ids: Collection[str]) -> None:
        """See `KnowledgeIndex.delete`."""
        if document_ids and self._is_there():
            self._delete_rows(self._rows_of(document_ids))

    def dense(self, vector: "Vector", wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.dense`."""
        check_query(vector, k, dimension=self._dimension)
        answer = self._search(nearest(vector, wanted, _with_spare(k)), k)
        return _best(
            {chunk_id: cosine_of(score, self._engine) for chunk_id, score in answer.items()}, k
        )

    def lexical(self, query: str, wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.lexical`."""
        check_k(k)
        terms = self._telling(query)
        return _best(self._search(matching(terms, wanted), k), k) if terms else []

    def hybrid(self, query: str, vector: "Vector", wanted: Filter, k: int) -> list[Hit]:
        """See `KnowledgeIndex.hybrid`: the server divides the scores by their range and fuses."""
        check_query(vector, k, dimension=self._dimension)
        terms = self._telling(query)
        queries = [matching(terms, wanted)] if terms else []
        queries.append(nearest(vector, wanted, _with_spare(k)))
        found = self._search({"hybrid": {"queries": queries}}, k, search_pipeline=self._fusion)
        return _best(found, k)

    def get(self, chunk_ids: Collection[str]) -> dict[str, Record]:
        """See `KnowledgeIndex.get`."""
        found: dict[str, Record] = {}
        listed = sorted(chunk_ids)
        for start in range(0, len(listed), GOT_TOGETHER):
            body = {
                "size": GOT_TOGETHER,
                "_source": ["chunk", "vector"],
                "query": of_chunks(listed[start : start + GOT_TOGETHER]),
                "collapse": {"field": "chunk_id"},
            }
            for hit in self._hits(body):
                record = record_of(hit["_source"])
                found[record.chunk.chunk_id] = record
        return found

    def export(self) -> Iterator[Record]:
        """See `KnowledgeIndex.export`; from one point in time."""
        last = None
        for row in self._all_rows(["chunk_id", "chunk", "vector"]):
            if row["chunk_id"] != last:
                last = row["chunk_id"]
                yield record_of(row)

    def document_hashes(self) -> dict[str, str]:
        """See `KnowledgeIndex.document_hashes`; "" for a document that is not held whole."""
        return hashes_of_whole(map(stored_of, self._all_rows(_STORED)))

    def stats(self) -> IndexStats:
        """See `KnowledgeIndex.stats`."""
        rows = list(self._all_rows(["chunk_id", "document_id"]))
        return IndexStats(
            len({row["document_id"] for row in rows}),
            len({row["chunk_id"] for row in rows}),
            self._made_with["model_id"],
            self._dimension,
            CHUNKER,
        )

    def is_empty(self) -> bool:
        """See `KnowledgeIndex.is_empty`."""
        try:
            answer = self._client.call(lambda client: client.count(index=self._name))
        except NoSuchIndex:
            return True
        return int(answer["count"]) == 0

    def health(self) -> Health:
        """See `KnowledgeIndex.health`."""
        try:
            if not self._is_there(quick=True):
                return Health(True, "no index yet: run `msp index create`")
            answer = self._client.call(
                lambda client: client.count(index=self._name, request_timeout=HEALTHY_WITHIN_S),
                repeated=False,
            )
        except NoSuchIndex:
            return Health(False, "the index was removed a moment ago")
        except MspError as error:
            return Health(False, str(error))
        return Health(True, f"{answer['count']} chunks on {self._client.host}")

    def verify(self) -> list[str]:
        """See `KnowledgeIndex.verify`: whole documents, readable records, usable vectors."""
        return problems_of(
            self._all_rows([*_STORED, "chunk", "vector"]),
            name=lambda row: str(row["chunk_id"]),
            stored=stored_of,
            record=record_of,
        )

    def compact(self) -> None:
        """See `KnowledgeIndex.compact`: the server does it by itself."""

    def _create(self) -> None:
        self._client.call(lambda client: client.search_pipeline.put(id=self._fusion, body=FUSION))
        if not self._is_there():
            body = index_body(self._made_with, dimension=self._dimension, engine=self._engine)
            try:
                self._client.call(lambda client: client.indices.create(index=self._name, body=body))
            except DependencyFailed as error:
                # Another process may have made it in the meantime.
                if "resource_already_exists" not in str(error.__cause__) or not self._is_there():
                    raise

    def _is_there(self, *, quick: bool = False) -> bool:
        """Whether there is the index; checks what it was made with. `quick` asks once, shortly."""
        timeout = HEALTHY_WITHIN_S if quick else TIMEOUT_S
        try:
            answer = self._client.call(
                lambda client: client.indices.get_mapping(
                    index=self._name, request_timeout=timeout
                ),
                repeated=not quick,
            )
        except NoSuchIndex:
            return False
        for described in answer.values():
            stored = described["mappings"].get("_meta", {})
            check_made_with(stored, self._made_with, index=self._name)
        self._check.passed()
        return True

    def _must_be_there(self) -> None:
        if not self._is_there():
            raise NoSuchIndex

    def _hits(self, body: Body, **parameters: str) -> list[dict[str, Any]]:
        """Nothing when there is no index."""
        try:
            self._check()
            answer = self._client.call(
                lambda client: client.search(index=self._name, body=body, **parameters)
            )
        except NoSuchIndex:
            return []
        hits: list[dict[str, Any]] = answer["hits"]["hits"]
        return hits

    def _search(self, query: Body, k: int, **parameters: str) -> dict[str, float]:
        """The best score of each chunk."""
        body = {"size": _with_spare(k), "_source": ["chunk_id"], "query": query}
        found: dict[str, float] = {}
        for hit in self._hits(body, **parameters):
            chunk_id = hit["_source"]["chunk_id"]
            found[chunk_id] = max(float(hit["_score"]), found.get(chunk_id, 0.0))
        return found

    def _telling(self, query: str) -> list[str]:
        """The words of the query that are worth searching, by their counts in this index."""
        terms = query_terms(query)
        counts: dict[str, int] = {}
        total = 0
        try:
            self._check()
            for start in range(0, len(terms), TERMS_TOGETHER):
                some = terms[start : start + TERMS_TOGETHER]
                total, found = self._counts(some)
                counts.update(zip(some, found, strict=True))
        except NoSuchIndex:
            return []
        return telling_terms(counts, total)

    def _counts(self, terms: Sequence[str]) -> tuple[int, list[int]]:
        """How many rows there are, and how many have each of the terms."""
        answer = self._client.call(
            lambda client: client.search(index=self._name, body=counts_of(terms))
        )
        buckets = answer["aggregations"]["terms"]["buckets"]
        return answer["hits"]["total"]["value"], [bucket["doc_count"] for bucket in buckets]

    def _all_rows(self, fields: Sequence[str]) -> Iterator[Body]:
        with suppress(NoSuchIndex):
            self._check()
            yield from rows_as_of_now(self._client, self._name, fields)

    def _rows_of(self, document_ids: Collection[str]) -> set[str]:
        searched = ids_of_rows(self._client, self._name, of_documents(document_ids))
        return searched | self._recent.of(document_ids)

    def _delete_rows(self, ids: Collection[str]) -> None:
        self._client.bulk(self._name, [({"delete": {"_id": id_}}, None) for id_ in sorted(ids)])


def _with_spare(k: int) -> int:
    return min(k + SPARE_HITS, MAX_K)


def _best(scores: dict[str, float], k: int) -> list[Hit]:
    """The k best, equal ones by chunk id; sums of equal products can differ in the last bits."""
    return best_hits((Hit(name, round(score, 6)) for name, score in scores.items()), k)
