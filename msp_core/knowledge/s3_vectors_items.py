"""How a chunk stands in S3 Vectors: labels to filter by, words to search, and the rest of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from msp_core.errors import InvalidInput
from msp_core.knowledge.index import Chunk, Filter, Record
from msp_core.knowledge.made_with import Stored
from msp_core.knowledge.statistics.query_terms import query_terms

if TYPE_CHECKING:
    from msp_core.knowledge.index import Vector

Json = dict[str, Any]

RECORD = "record"
TEXT = "text"
"""The metadata keys that are not filterable: all of a chunk but its text, and what its words are
searched in, which holds the text (see `Chunk.searchable`)."""
ABOUT = "about"
"""The key of a vector that says what the index was made with; a chunk's id has a `#`."""
MAX_PUT = 500
MAX_PUT_BYTES = 18 * 2**20
"""Of one request; the service takes 20 MiB."""
MAX_LABEL_BYTES = 2048
MAX_METADATA_BYTES = 40 * 1024
MAX_QUERY_CHARACTERS = 1024
_SHARED = "shared"


def item_of(chunk: Chunk, vector: "Vector", *, chunk_count: int) -> Json:
    """A chunk as a vector to put.

    Raises:
        InvalidInput: its labels or its text are larger than S3 Vectors takes.
    """
    labels = {
        "document_id": chunk.document_id,
        "owner": _SHARED if chunk.customer_id is None else _owner(chunk.customer_id),
        "audience": chunk.audience,
    }
    if chunk.category is not None:
        labels["category"] = chunk.category
    content = {"chunk_count": chunk_count, **asdict(chunk)}
    del content["text"]
    _check_size(chunk, "labels", _size(labels), MAX_LABEL_BYTES)
    metadata = {**labels, RECORD: _packed(content), TEXT: chunk.searchable}
    _check_size(chunk, "labels and text", _size(metadata), MAX_METADATA_BYTES)
    return {"key": chunk.chunk_id, "data": {"float32": vector.tolist()}, "metadata": metadata}


def batches(items: Iterable[Json]) -> Iterator[list[Json]]:
    """The items in order, as many at a time as one request may hold."""
    batch: list[Json] = []
    held = 0
    for item in items:
        size = _size(item)
        if batch and (len(batch) == MAX_PUT or held + size > MAX_PUT_BYTES):
            yield batch
            batch, held = [], 0
        batch.append(item)
        held += size
    if batch:
        yield batch


def about_item(made_with: dict[str, str], dimension: int) -> Json:
    """The vector that says what the index was made with; without labels no filter finds it."""
    return {
        "key": ABOUT,
        "data": {"float32": [1.0] + [0.0] * (dimension - 1)},
        "metadata": {RECORD: _packed(made_with)},
    }


def made_with_of(item: Json) -> dict[str, str]:
    """What the index was made with; the first format, which had no `TEXT`, does not say itself."""
    stored: dict[str, str] = json.loads(item["metadata"][RECORD])
    return {"format": "1", **stored}


def record_of(item: Json) -> Record:
    """The record of a vector that was read.

    Raises:
        KeyError, TypeError, ValueError: somebody else wrote it.
    """
    import numpy as np

    content = json.loads(item["metadata"][RECORD])
    del content["chunk_count"]
    searchable = item["metadata"][TEXT]
    head = Chunk(**content, text="").searchable
    if not searchable.startswith(head):
        raise ValueError("its text is that of another chunk")
    chunk = Chunk(**content, text=searchable[len(head) :])
    return Record(chunk, np.array(item["data"]["float32"], dtype=np.float32))


def stored_of(item: Json) -> Stored:
    """The part of a vector in its document."""
    content = json.loads(item["metadata"][RECORD])
    return Stored(
        content["chunk_id"],
        content["document_id"],
        content["content_hash"],
        content["chunk_count"],
    )


def filter_of(wanted: Filter) -> Json | None:
    """The filter in the service's words; None when it lets nothing through.

    The service takes no empty lists.
    """
    if not wanted.audiences or wanted.only_documents == frozenset():
        return None
    if wanted.categories == frozenset():
        return None
    rules: list[Json] = [
        {"owner": {"$in": [_SHARED, *sorted(map(_owner, wanted.customers))]}},
        {"audience": {"$in": sorted(wanted.audiences)}},
    ]
    if wanted.exclude_documents:
        rules.append({"document_id": {"$nin": sorted(wanted.exclude_documents)}})
    if wanted.only_documents is not None:
        rules.append({"document_id": {"$in": sorted(wanted.only_documents)}})
    if wanted.categories is not None:
        rules.append({"category": {"$in": sorted(wanted.categories)}})
    return {"$and": rules}


def query_texts(query: str) -> list[str]:
    """The query's words as texts that a request takes, some 130 words each; mostly one.

    None without a word that is worth matching; a word longer than a request takes is left out.
    """
    texts: list[str] = []
    for term in query_terms(query):
        if len(term) > MAX_QUERY_CHARACTERS:
            continue
        if texts and len(texts[-1]) + 1 + len(term) <= MAX_QUERY_CHARACTERS:
            texts[-1] += f" {term}"
        else:
            texts.append(term)
    return texts


def _owner(customer_id: str) -> str:
    return f"customer:{customer_id}"


def _packed(content: Json) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _size(metadata: Json) -> int:
    return len(_packed(metadata).encode())


def _check_size(chunk: Chunk, what: str, size: int, limit: int) -> None:
    if size > limit:
        raise InvalidInput(
            f"The {what} of {chunk.chunk_id!r} have {size:,} bytes, and S3 Vectors takes {limit:,}."
            " Shorten its id, title, heading or category, or split the document."
        )
