"""Keeps an index equal to a set of documents, doing only what changed."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from msp_core.knowledge.article import Quarantined
from msp_core.knowledge.document import Document, pieces
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import Chunk, KnowledgeIndex

BATCH_CHUNKS = 256
"""Embedded and stored together: enough for the encoder to work well, little to lose when killed."""

Progress = Callable[[int, int], None]
"""Called with (documents done, documents in all)."""


@dataclass(frozen=True)
class IngestReport:
    """What an ingestion did.

    Attributes:
        added, changed, unchanged, deleted: documents.
        quarantined: documents left out, with the reason.
        chunks: written by this ingestion.
    """

    added: int
    changed: int
    unchanged: int
    deleted: int
    quarantined: tuple[Quarantined, ...]
    chunks: int
    seconds: float


def ingest(
    documents: Iterable[Document],
    index: KnowledgeIndex,
    embedder: Embedder,
    *,
    quarantined: Sequence[Quarantined] = (),
    progress: Progress | None = None,
) -> IngestReport:
    """Make the index hold exactly these documents.

    Unchanged ones (same content hash) are passed over; those no longer given are deleted, so an
    article that became unreadable is no longer found either. Killed at any moment, the index holds
    whole documents, and the next run goes on from there.

    Args:
        documents: all of them; of two with one id the first is taken, the other quarantined.
        index: opened with the embedder's model id and dimension.
        embedder: called for what changed only.
        quarantined: what was left out before, to be counted in the report.
        progress: told at the start and after each batch.
    """
    started = time.perf_counter()
    wanted, doubled = _by_id(documents)
    present = index.document_hashes()
    stale = [item for id_, item in wanted.items() if present.get(id_) != item.content_hash]
    vanished = present.keys() - wanted.keys()
    if vanished:
        index.delete(vanished)

    done = len(wanted) - len(stale)
    written = 0
    progress = progress or _silent
    progress(done, len(wanted))
    for batch, count in _batches(stale):
        index.upsert(batch, embedder.embed([chunk.searchable for chunk in batch]))
        done += count
        written += len(batch)
        progress(done, len(wanted))
    return IngestReport(
        added=len(wanted.keys() - present.keys()),
        changed=len(stale) - len(wanted.keys() - present.keys()),
        unchanged=len(wanted) - len(stale),
        deleted=len(vanished),
        quarantined=(*quarantined, *doubled),
        chunks=written,
        seconds=time.perf_counter() - started,
    )


def document_chunks(document: Document) -> list[Chunk]:
    """The document's chunks as they are stored, at least one."""
    content_hash = document.content_hash
    return [
        Chunk(
            chunk_id=f"{document.document_id}#{number:03d}",
            document_id=document.document_id,
            title=document.title,
            heading=piece.heading,
            text=document.text[piece.start : piece.end],
            start=piece.start,
            end=piece.end,
            audience=piece.audience,
            customer_id=document.customer_id,
            category=document.category,
            superseded_by=document.superseded_by,
            content_hash=content_hash,
        )
        for number, piece in enumerate(pieces(document))
    ]


def _by_id(documents: Iterable[Document]) -> tuple[dict[str, Document], list[Quarantined]]:
    wanted: dict[str, Document] = {}
    doubled = [
        Quarantined(document.document_id, "another document has the same id")
        for document in documents
        if wanted.setdefault(document.document_id, document) is not document
    ]
    return wanted, doubled


def _silent(_done: int, _total: int) -> None:
    pass


def _batches(documents: Sequence[Document]) -> Iterator[tuple[list[Chunk], int]]:
    """Chunks of whole documents, with the number of documents."""
    batch: list[Chunk] = []
    count = 0
    for document in documents:
        batch += document_chunks(document)
        count += 1
        if len(batch) >= BATCH_CHUNKS:
            yield batch, count
            batch, count = [], 0
    if count:
        yield batch, count
