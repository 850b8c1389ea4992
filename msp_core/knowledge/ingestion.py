"""Keeps both tiers and the statistics equal to a set of documents, doing only what changed."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from msp_core import failpoints
from msp_core.knowledge.acceptance import refusal
from msp_core.knowledge.article import Quarantined
from msp_core.knowledge.document import Document, document_chunks
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import Chunk, ids_of_chunks
from msp_core.knowledge.ingestion_plan import (
    ChooseHot,
    IngestPlan,
    Owns,
    anything,
    everything,
    plan_ingestion,
)
from msp_core.knowledge.tiering.writer import TierWriter
from msp_core.knowledge.tiers import Tiers

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
    tiers: Tiers,
    embedder: Embedder,
    *,
    choose_hot: ChooseHot = everything,
    owns: Owns = anything,
    quarantined: Sequence[Quarantined] = (),
    before: Callable[[IngestPlan], None] | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Make the cold tier hold exactly these documents, and the hot one those chosen of them.

    Unchanged ones (same content hash) are passed over; those no longer given are deleted, so an
    article that became unreadable is no longer found either. Killed at any moment, both tiers hold
    whole documents, and the next run goes on from there: it compares what each tier and the
    statistics hold, so it needs no memory of the run before.

    Args:
        documents: all of a source; of two with one id the first is taken, the other quarantined.
        tiers: opened with the embedder's model id and dimension.
        embedder: called for what changed only.
        choose_hot: which documents, of all sources, are hot.
        owns: which ids are of this source; documents of others stay.
        quarantined: what was left out before, to be counted in the report.
        before: given the plan before anything is written; it may raise.
        progress: told at the start and after each batch.
    """
    started = time.perf_counter()
    wanted, refused = accepted(documents)
    plan = plan_ingestion(wanted, tiers, choose_hot=choose_hot, owns=owns)
    if before is not None:
        before(plan)
    writer = TierWriter(tiers, embedder, hot=plan.hot)
    writer.tidy(plan)
    done = plan.unchanged
    progress = progress or _silent
    progress(done, len(wanted))
    written = 0
    for batch in _batches(plan.stale.values()):
        unusable = writer.write(batch)
        refused += [Quarantined(id_, "the embedder gives no usable vector") for id_ in unusable]
        written += sum(len(chunks) for id_, chunks in batch.items() if id_ not in unusable)
        done += len(batch)
        progress(done, len(wanted))
    writer.mend(plan)
    failpoints.reach("ingest.done")
    return IngestReport(
        added=len(plan.added),
        changed=len(plan.stale) - len(plan.added),
        unchanged=plan.unchanged,
        deleted=len(plan.vanished),
        quarantined=(*quarantined, *refused),
        chunks=written,
        seconds=time.perf_counter() - started,
    )


def ingest_changed(
    documents: Iterable[Document],
    gone: Collection[str],
    tiers: Tiers,
    embedder: Embedder,
) -> list[Quarantined]:
    """Store these documents anew and delete others, without looking at all that is there.

    For a source that tells what changed in it. A document that is refused is deleted. What was hot
    stays hot, and nothing becomes so: heat may be counted on another machine.

    Returns:
        What was refused, with the reason.
    """
    wanted, refused = accepted(documents)
    firsts = tiers.hot.get([ids_of_chunks(name, 1)[0] for name in wanted])
    hot = {record.chunk.document_id for record in firsts.values()}
    writer = TierWriter(tiers, embedder, hot=hot)
    writer.remove({*gone, *(row.path for row in refused)} - wanted.keys())
    for batch in _batches(wanted.values()):
        unusable = writer.write(batch)
        refused += [Quarantined(id_, "the embedder gives no usable vector") for id_ in unusable]
    return refused


def accepted(documents: Iterable[Document]) -> tuple[dict[str, Document], list[Quarantined]]:
    """The documents that can be indexed, by id, and the others with the reason."""
    wanted: dict[str, Document] = {}
    refused = []
    for document in documents:
        reason = refusal(document)
        if reason is None and wanted.setdefault(document.document_id, document) is not document:
            reason = "another document has the same id"
        if reason is not None:
            shown = document.document_id.encode("utf-8", "backslashreplace").decode()
            refused.append(Quarantined(shown, reason))
    return wanted, refused


def _silent(_done: int, _total: int) -> None:
    pass


def _batches(documents: Iterable[Document]) -> Iterator[dict[str, list[Chunk]]]:
    """Chunks of whole documents by document id."""
    batch: dict[str, list[Chunk]] = {}
    size = 0
    for document in documents:
        batch[document.document_id] = document_chunks(document)
        size += len(batch[document.document_id])
        if size >= BATCH_CHUNKS:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch
