"""What is sent to OpenSearch: mapping, filter, queries, rows; nothing that Serverless refuses."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from msp_core.knowledge.index import Chunk, Filter, Record
from msp_core.knowledge.made_with import Stored

if TYPE_CHECKING:
    from msp_core.knowledge.index import Vector

Body = dict[str, Any]
Engine = Literal["faiss", "lucene"]

SPACES: dict[Engine, str] = {"faiss": "innerproduct", "lucene": "cosinesimil"}
"""For vectors of unit length the inner product is the cosine; faiss knew no other before 2.19."""

FUSION: Body = {
    "description": "words and meaning, half each",
    "phase_results_processors": [
        {
            "normalization-processor": {
                "normalization": {"technique": "min_max"},
                "combination": {"technique": "arithmetic_mean"},
            }
        }
    ],
}
_KEYWORD = {"type": "keyword"}


def index_body(made_with: Mapping[str, str], *, dimension: int, engine: Engine) -> Body:
    """The index: vectors in a graph (HNSW), words cut and stemmed as the embedded index does."""
    method = {
        "name": "hnsw",
        "engine": engine,
        "space_type": SPACES[engine],
        "parameters": {"m": 16, "ef_construction": 128},
    }
    analyzer = {
        "type": "custom",
        "tokenizer": "standard",
        "filter": ["lowercase", "asciifolding", "porter_stem"],
    }
    return {
        "settings": {
            "index": {"knn": True},
            "analysis": {"analyzer": {"stemmed": analyzer}},
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": dict(made_with),
            "properties": {
                # Unique, as `_id` is, but may be sorted by.
                "row": _KEYWORD,
                "chunk_id": _KEYWORD,
                "document_id": _KEYWORD,
                "customer_id": _KEYWORD,
                "audience": _KEYWORD,
                "category": _KEYWORD,
                "chunk_count": {"type": "integer"},
                "searchable": {"type": "text", "analyzer": "stemmed"},
                "vector": {"type": "knn_vector", "dimension": dimension, "method": method},
                "chunk": {"type": "object", "enabled": False},
            },
        },
    }


def row_of(chunk: Chunk, vector: "Vector", *, chunk_count: int) -> Body:
    """A chunk as it is stored."""
    return {
        "row": uuid.uuid4().hex,
        "chunk_id": chunk.chunk_id,
        "document_id": chunk.document_id,
        "customer_id": chunk.customer_id,
        "audience": chunk.audience,
        "category": chunk.category,
        "chunk_count": chunk_count,
        "searchable": chunk.searchable,
        "vector": vector.tolist(),
        "chunk": asdict(chunk),
    }


def record_of(row: Body) -> Record:
    """The record of a stored row."""
    import numpy as np

    return Record(Chunk(**row["chunk"]), np.array(row["vector"], dtype=np.float32))


def allowed(wanted: Filter) -> Body:
    """The filter as a query; an empty list of terms matches nothing."""
    shared = {"bool": {"must_not": [{"exists": {"field": "customer_id"}}]}}
    own = _any_of("customer_id", wanted.customers)
    rules: list[Body] = [
        {"bool": {"should": [shared, own], "minimum_should_match": 1}},
        _any_of("audience", wanted.audiences),
    ]
    if wanted.only_documents is not None:
        rules.append(_any_of("document_id", wanted.only_documents))
    if wanted.categories is not None:
        rules.append(_any_of("category", wanted.categories))
    excluded = [_any_of("document_id", wanted.exclude_documents)]
    return {"bool": {"filter": rules, "must_not": excluded if wanted.exclude_documents else []}}


def of_documents(document_ids: Collection[str]) -> Body:
    """All rows of these documents."""
    return _any_of("document_id", document_ids)


def of_chunks(chunk_ids: Collection[str]) -> Body:
    """All rows of these chunks."""
    return _any_of("chunk_id", chunk_ids)


def nearest(vector: "Vector", wanted: Filter, k: int) -> Body:
    """The k nearest of those that the filter lets through."""
    return {"knn": {"vector": {"vector": vector.tolist(), "k": k, "filter": allowed(wanted)}}}


def matching(terms: Sequence[str], wanted: Filter) -> Body:
    """Those that have one of the terms, by BM25."""
    words = {"match": {"searchable": {"query": " ".join(terms), "operator": "or"}}}
    return {"bool": {"must": [words], "filter": [allowed(wanted)]}}


def counts_of(terms: Sequence[str]) -> Body:
    """A request that counts all rows, and the rows of each term in this order."""
    filters = [{"match": {"searchable": {"query": term, "operator": "and"}}} for term in terms]
    return {
        "size": 0,
        "track_total_hits": True,
        "aggs": {"terms": {"filters": {"filters": filters}}},
    }


def cosine_of(score: float, engine: Engine) -> float:
    """The cosine that an engine made this score from."""
    if engine == "lucene":
        return 2 * score - 1
    return score - 1 if score >= 1 else 1 - 1 / score


def _any_of(field: str, values: Collection[str]) -> Body:
    return {"terms": {field: sorted(values)}}


def stored_of(row: Body) -> Stored:
    """A row's part in its document; raises KeyError or TypeError for a foreign one."""
    content_hash = row["chunk"]["content_hash"]
    return Stored(row["chunk_id"], row["document_id"], content_hash, row["chunk_count"])
