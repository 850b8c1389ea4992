"""Brings documents into the tiers and the statistics, and makes good what a killed run left."""

from collections.abc import Collection, Mapping, Sequence

from msp_core import failpoints
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import Chunk, ids_of_chunks, unusable_rows
from msp_core.knowledge.ingestion_plan import IngestPlan
from msp_core.knowledge.statistics.lexical_statistics import count_terms
from msp_core.knowledge.tiers import Tiers

MENDED_TOGETHER = 100
FAIL_POINTS = (
    "ingest.cooled",
    "ingest.removed_from_hot",
    "ingest.uncounted",
    "ingest.removed_from_cold",
    "ingest.outdated_removed",
    "ingest.cold_written",
    "ingest.counted",
    "ingest.hot_written",
    "ingest.mended_count",
    "ingest.mended_hot",
    "ingest.done",
)


class TierWriter:
    """Writes documents.

    Order per batch: out of hot, cold, statistics, into hot. So no old version is found in hot when
    the cold tier has the new one, also by a run that was killed; each knows the content hash of
    what it holds, and the rest is made good by comparing hashes (`plan_ingestion`).

    Args:
        tiers: written by the methods only.
        embedder: the one they are made with.
        hot: the documents that belong into the hot tier.
    """

    def __init__(self, tiers: Tiers, embedder: Embedder, *, hot: Collection[str]) -> None:
        self._tiers = tiers
        self._embedder = embedder
        self._hot = hot

    def tidy(self, plan: IngestPlan) -> None:
        """Delete what is not wanted any more."""
        if plan.cooled:
            self._tiers.hot.delete(plan.cooled)
            failpoints.reach("ingest.cooled")
        self.remove(plan.uncounted_too)

    def write(self, batch: Mapping[str, Sequence[Chunk]]) -> frozenset[str]:
        """Embed and store whole documents.

        Returns:
            Those that were left out, because the embedder gives no usable vector for them.
        """
        chunks = [chunk for own in batch.values() for chunk in own]
        vectors = self._embedder.embed([chunk.searchable for chunk in chunks])
        unusable = frozenset(chunks[row].document_id for row in unusable_rows(vectors))
        self.remove(unusable)
        usable = [row for row, chunk in enumerate(chunks) if chunk.document_id not in unusable]
        chunks, vectors = [chunks[row] for row in usable], vectors[usable]
        self._tiers.hot.delete(batch.keys() - unusable)
        failpoints.reach("ingest.outdated_removed")
        self._tiers.cold.upsert(chunks, vectors)
        failpoints.reach("ingest.cold_written")
        self._tiers.statistics.replace(count_terms(chunks))
        failpoints.reach("ingest.counted")
        hot = [row for row, chunk in enumerate(chunks) if chunk.document_id in self._hot]
        if hot:
            self._tiers.hot.upsert([chunks[row] for row in hot], vectors[hot])
            failpoints.reach("ingest.hot_written")
        return unusable

    def mend(self, plan: IngestPlan) -> None:
        """Count, and copy into the hot tier, what the cold one held already and these lack."""
        for batch in _slices(plan.to_count):
            ids = [id_ for name in batch for id_ in ids_of_chunks(name, plan.sizes[name])]
            found = self._tiers.cold.get(ids)
            chunks = [found[id_].chunk for id_ in ids if id_ in found]
            self._tiers.statistics.replace(count_terms(chunks))
            failpoints.reach("ingest.mended_count")
        for batch in _slices(plan.to_promote):
            promote(self._tiers, {id_: plan.sizes[id_] for id_ in batch})
            failpoints.reach("ingest.mended_hot")

    def remove(self, document_ids: Collection[str]) -> None:
        """Delete from everywhere, the cold tier last: it says what is left to do."""
        if not document_ids:
            return
        self._tiers.hot.delete(document_ids)
        failpoints.reach("ingest.removed_from_hot")
        self._tiers.statistics.delete(document_ids)
        failpoints.reach("ingest.uncounted")
        self._tiers.cold.delete(document_ids)
        failpoints.reach("ingest.removed_from_cold")


def promote(tiers: Tiers, sizes: Mapping[str, int]) -> frozenset[str]:
    """Copy documents from the cold into the hot tier; no text is embedded.

    Args:
        tiers: both.
        sizes: number of chunks by document id.

    Returns:
        Those that were copied: one that the cold tier does not hold whole is left out, and so is
        one that was changed or deleted there meanwhile.
    """
    found = tiers.cold.get(
        [id_ for name, size in sizes.items() for id_ in ids_of_chunks(name, size)]
    )
    whole = [
        name
        for name, size in sizes.items()
        if len({found[i].chunk.content_hash for i in ids_of_chunks(name, size) if i in found}) == 1
        and all(i in found for i in ids_of_chunks(name, size))
    ]
    records = [found[id_] for name in whole for id_ in ids_of_chunks(name, sizes[name])]
    if records:
        import numpy as np

        vectors = np.stack([record.vector for record in records])
        tiers.hot.upsert([record.chunk for record in records], vectors)
    now = tiers.cold.get([record.chunk.chunk_id for record in records])
    outdated = {
        record.chunk.document_id
        for record in records
        if (again := now.get(record.chunk.chunk_id)) is None
        or again.chunk.content_hash != record.chunk.content_hash
    }
    if outdated:
        tiers.hot.delete(outdated)
    return frozenset(whole) - outdated


def _slices(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[at : at + MENDED_TOGETHER] for at in range(0, len(ids), MENDED_TOGETHER)]
