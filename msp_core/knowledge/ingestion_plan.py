"""What an ingestion has to do, found by comparing; also what `--dry-run` shows."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msp_core.knowledge.document import Document, pieces
from msp_core.knowledge.statistics.lexical_statistics import Counted
from msp_core.knowledge.tiers import Tiers

ChooseHot = Callable[[Mapping[str, int]], frozenset[str]]
"""Which documents are hot, given the number of chunks of each."""
Owns = Callable[[str], bool]
"""Whether a document id is of the source that is ingested; others are left as they are."""


def everything(sizes: Mapping[str, int]) -> frozenset[str]:
    """A `ChooseHot`: the hot tier holds all that the cold one does."""
    return frozenset(sizes)


def anything(_document_id: str) -> bool:
    """An `Owns`: the source is the only one."""
    return True


@dataclass(frozen=True)
class IngestPlan:
    """The work of one run; a run that was killed leaves some of it to the next.

    Attributes:
        wanted: all documents of the source by id.
        stale: those that the cold tier lacks, or has in another version.
        added: ids of the stale ones that it lacks.
        vanished: ids that it holds and the source does not.
        uncounted_too: `vanished`, and ids that are only counted any more.
        sizes: chunks of all documents of all sources.
        hot: of these, those that belong into the hot tier.
        cooled: ids that the hot tier holds and should not.
        to_count: of all sources, not stale, but missing in the statistics or counted in another
            version.
        to_promote: of all sources, not stale, but missing in the hot tier or there in another
            version.
    """

    wanted: Mapping[str, Document]
    stale: Mapping[str, Document]
    added: frozenset[str]
    vanished: frozenset[str]
    uncounted_too: frozenset[str]
    sizes: Mapping[str, int]
    hot: frozenset[str]
    cooled: frozenset[str]
    to_count: tuple[str, ...]
    to_promote: tuple[str, ...]

    @property
    def unchanged(self) -> int:
        """How many documents the cold tier holds as they are."""
        return len(self.wanted) - len(self.stale)


def plan_ingestion(
    wanted: Mapping[str, Document], tiers: Tiers, *, choose_hot: ChooseHot, owns: Owns
) -> IngestPlan:
    """Compare the documents with what tiers and statistics hold, by content hash; writes nothing.

    Args:
        wanted: all documents of the source by id; it owns them.
        tiers: as they are now.
        choose_hot: asked about the documents of all sources.
        owns: which ids are of this source.
    """
    hashes = {id_: document.content_hash for id_, document in wanted.items()}
    in_cold, in_hot = tiers.cold.document_hashes(), tiers.hot.document_hashes()
    counted = tiers.statistics.documents()
    sizes = _sizes_of_others(in_cold, tiers, counted, owns) | {
        id_: len(pieces(document)) for id_, document in wanted.items()
    }
    hot = choose_hot(sizes)
    stale = {id_: document for id_, document in wanted.items() if in_cold.get(id_) != hashes[id_]}
    held = {id_: in_cold[id_] for id_ in sorted(sizes.keys() & in_cold.keys() - stale.keys())}
    counted_hashes = {id_: row.content_hash for id_, row in counted.items()}
    owned_and_gone = frozenset(
        id_ for id_ in in_cold.keys() | counted.keys() if owns(id_) and id_ not in wanted
    )
    return IngestPlan(
        wanted=wanted,
        stale=stale,
        added=frozenset(stale.keys() - in_cold.keys()),
        vanished=owned_and_gone & in_cold.keys(),
        uncounted_too=owned_and_gone,
        sizes=sizes,
        hot=hot,
        cooled=frozenset(in_hot.keys() - hot),
        to_count=tuple(id_ for id_ in held if counted_hashes.get(id_) != held[id_]),
        to_promote=tuple(id_ for id_ in held if id_ in hot and in_hot.get(id_) != held[id_]),
    )


def _sizes_of_others(
    in_cold: Mapping[str, str], tiers: Tiers, counted: Mapping[str, Counted], owns: Owns
) -> dict[str, int]:
    """Chunks of the documents of other sources; a killed run may have left some uncounted."""
    others = {id_: hash_ for id_, hash_ in in_cold.items() if hash_ and not owns(id_)}
    sizes = {
        id_: counted[id_].chunks
        for id_, hash_ in others.items()
        if id_ in counted and counted[id_].content_hash == hash_
    }
    if len(sizes) < len(others):
        sizes = dict(Counter(record.chunk.document_id for record in tiers.cold.export()))
    return {id_: size for id_, size in sizes.items() if id_ in others}
