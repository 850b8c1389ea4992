"""Brings documents into the tiers and the statistics, and makes good what a killed run left."""

from collections.abc import Callable, Collection, Mapping, Sequence

from msp_core import failpoints
from msp_core.knowledge.document import Document, document_chunks, pieces
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import Chunk, ids_of_chunks, unusable_rows
from msp_core.knowledge.lexical_statistics import count_terms
from msp_core.knowledge.tiers import Tiers

ChooseHot = Callable[[Mapping[str, int]], frozenset[str]]
"""Which documents are hot, given the number of chunks of each."""
MENDED_TOGETHER = 100
FAIL_POINTS = (
    "ingest.cooled",
    "ingest.removed_from_hot",
    "ingest.uncounted",
    "ingest.removed_from_cold",
    "ingest.cold_written",
    "ingest.counted",
    "ingest.hot_written",
    "ingest.mended_count",
    "ingest.mended_hot",
    "ingest.done",
)


def everything(sizes: Mapping[str, int]) -> frozenset[str]:
    """A `ChooseHot`: the hot tier holds all that the cold one does."""
    return frozenset(sizes)


class TierWriter:
    """One run of ingestion.

    Order per batch: cold, statistics, hot. Each knows the content hash of what it holds, so a run
    that was killed in between is made good by comparing hashes.

    Attributes:
        in_cold: content hashes of what the cold tier held at the start.
        stale: the documents that it lacks, or has in another version.

    Args:
        tiers: read at once; nothing is written here.
        embedder: the one they are made with.
        wanted: all documents by id.
        choose_hot: which of them are hot.
    """

    def __init__(
        self,
        tiers: Tiers,
        embedder: Embedder,
        wanted: Mapping[str, Document],
        choose_hot: ChooseHot,
    ) -> None:
        self._tiers = tiers
        self._embedder = embedder
        self._wanted = wanted
        self._hashes = {id_: document.content_hash for id_, document in wanted.items()}
        self.in_cold = tiers.cold.document_hashes()
        self._in_hot = tiers.hot.document_hashes()
        self._counted = {
            id_: counted.content_hash for id_, counted in tiers.statistics.documents().items()
        }
        self._hot = choose_hot({id_: len(pieces(document)) for id_, document in wanted.items()})
        self.stale = {
            id_: document
            for id_, document in wanted.items()
            if self.in_cold.get(id_) != self._hashes[id_]
        }

    def remove_vanished(self) -> int:
        """Delete what is not wanted any more; how many documents the cold tier lost."""
        if cooled := self._in_hot.keys() - self._hot:
            self._tiers.hot.delete(cooled)
            failpoints.reach("ingest.cooled")
        self._remove((self.in_cold.keys() | self._counted.keys()) - self._wanted.keys())
        return len(self.in_cold.keys() - self._wanted.keys())

    def write(self, batch: Mapping[str, Sequence[Chunk]]) -> frozenset[str]:
        """Embed and store whole documents.

        Returns:
            Those that were left out, because the embedder gives no usable vector for them.
        """
        chunks = [chunk for own in batch.values() for chunk in own]
        vectors = self._embedder.embed([chunk.searchable for chunk in chunks])
        unusable = frozenset(chunks[row].document_id for row in unusable_rows(vectors))
        self._remove(unusable & self.in_cold.keys())
        usable = [row for row, chunk in enumerate(chunks) if chunk.document_id not in unusable]
        chunks, vectors = [chunks[row] for row in usable], vectors[usable]
        self._tiers.cold.upsert(chunks, vectors)
        failpoints.reach("ingest.cold_written")
        self._tiers.statistics.replace(count_terms(chunks))
        failpoints.reach("ingest.counted")
        hot = [row for row, chunk in enumerate(chunks) if chunk.document_id in self._hot]
        if hot:
            self._tiers.hot.upsert([chunks[row] for row in hot], vectors[hot])
            failpoints.reach("ingest.hot_written")
        return unusable

    def mend(self) -> None:
        """Count, and copy into the hot tier, what the cold one held already and these lack."""
        held = self._wanted.keys() - self.stale.keys()
        uncounted = [id_ for id_ in sorted(held) if self._counted.get(id_) != self._hashes[id_]]
        for batch in _slices(uncounted):
            chunks = [chunk for id_ in batch for chunk in document_chunks(self._wanted[id_])]
            self._tiers.statistics.replace(count_terms(chunks))
            failpoints.reach("ingest.mended_count")
        missing = [
            id_ for id_ in sorted(held & self._hot) if self._in_hot.get(id_) != self._hashes[id_]
        ]
        for batch in _slices(missing):
            promote(self._tiers, {id_: len(pieces(self._wanted[id_])) for id_ in batch})
            failpoints.reach("ingest.mended_hot")

    def _remove(self, document_ids: Collection[str]) -> None:
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
        Those that were copied: one that the cold tier does not hold whole is left out.
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
    return frozenset(whole)


def _slices(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[at : at + MENDED_TOGETHER] for at in range(0, len(ids), MENDED_TOGETHER)]
