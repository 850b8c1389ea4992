"""What an index was made with, and whether a service holds each document whole."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msp_core.errors import ConfigurationError
from msp_core.knowledge.chunking import CHUNKER
from msp_core.knowledge.embedding import VectorSpace


def made_with(space: VectorSpace) -> dict[str, str]:
    """What an index is made with now, by the names under which it is stored."""
    return {
        "model_id": space.model_id,
        "dimension": str(space.dimension),
        "chunker": CHUNKER,
    }


def check_made_with(stored: Mapping[str, str], now: Mapping[str, str], *, index: str) -> None:
    """Pass when an index was made with what is used now; what is not stored is not compared.

    Args:
        stored: as the index says, by name (`model_id`, `dimension`, `chunker`).
        now: the same for the settings of this process.
        index: which one, for a person.

    Raises:
        ConfigurationError: it was made with something else; names the command that mends it.
    """
    different = [
        f"{name} was {stored[name]}, and now is {value}"
        for name, value in now.items()
        if stored.get(name, value) != value
    ]
    if different:
        raise ConfigurationError(
            f"The knowledge index {index} does not fit the settings: {'; '.join(different)}. "
            "Run `msp ingest --rebuild` to make it anew."
        )


@dataclass(frozen=True)
class Stored:
    """A stored chunk's part in its document, which has `chunk_count` of them."""

    chunk_id: str
    document_id: str
    content_hash: str
    chunk_count: int


NOT_WHOLE = ""
"""Stands for the content hash of a document that is not held whole; no document has it."""


def hashes_of_whole(rows: Iterable[Stored]) -> dict[str, str]:
    """The content hash of each document, `NOT_WHOLE` for one that a killed write left in pieces.

    A service does not write a document in one step. One with chunks of two versions, too few or
    too many of them differs from any hash, so the next ingestion writes or deletes it again.
    """
    held: dict[str, list[Stored]] = defaultdict(list)
    for row in rows:
        held[row.document_id].append(row)
    return {document_id: _hash(own) for document_id, own in held.items()}


def _hash(rows: list[Stored]) -> str:
    first = rows[0]
    distinct = {row.chunk_id for row in rows}
    same = {(row.content_hash, row.chunk_count) for row in rows}
    whole = len(same) == 1 and len(distinct) == len(rows) == first.chunk_count
    return first.content_hash if whole else NOT_WHOLE
