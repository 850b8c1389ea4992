"""What an ingestion has to do, found by comparing; also what `--dry-run` shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msp_core.knowledge.document import Document, pieces
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
        hot: of all documents of all sources, those that belong into the hot tier.
        cooled: ids that the hot tier holds and should not.
        to_count: not stale, but missing in the statistics or counted in another version.
        to_promote: not stale, but missing in the hot tier or there in another version.
    """

    wanted: Mapping[str, Document]
    stale: Mapping[str, Document]
    added: frozenset[str]
    vanished: frozenset[str]
    uncounted_too: frozenset[str]
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
    others = {id_: row.chunks for id_, row in counted.items() if not owns(id_)}
    hot = choose_hot(others | {id_: len(pieces(document)) for id_, document in wanted.items()})
    stale = {id_: document for id_, document in wanted.items() if in_cold.get(id_) != hashes[id_]}
    held = sorted(wanted.keys() - stale.keys())
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
        hot=hot,
        cooled=frozenset(in_hot.keys() - hot),
        to_count=tuple(id_ for id_ in held if counted_hashes.get(id_) != hashes[id_]),
        to_promote=tuple(id_ for id_ in held if id_ in hot and in_hot.get(id_) != hashes[id_]),
    )
