"""Whether the tiers and the statistics are sound and agree, and their repair from the cold tier."""

from collections import Counter
from collections.abc import Iterator, Mapping

from msp_core.knowledge.index import ids_of_chunks
from msp_core.knowledge.ingestion_plan import ChooseHot
from msp_core.knowledge.service_check import IN_PIECES
from msp_core.knowledge.statistics.lexical_statistics import Counted, count_terms
from msp_core.knowledge.tiering.writer import promote
from msp_core.knowledge.tiers import Tiers

WRITTEN_TOGETHER = 500


def verify_tiers(tiers: Tiers) -> list[str]:
    """What is wrong, a line each, with the command that mends it; looks at all data."""
    problems = [f"cold: {line} (mend: {_remedy(line)})" for line in tiers.cold.verify()]
    problems += [f"hot: {line} (mend: msp index rebuild)" for line in tiers.hot.verify()]
    problems += [
        f"statistics: {line} (mend: msp index rebuild)" for line in tiers.statistics.verify()
    ]
    if problems:
        return problems
    hashes = tiers.cold.document_hashes()
    held: dict[str, set[str]] = {}
    for record in tiers.cold.export():
        held.setdefault(record.chunk.document_id, set()).add(record.chunk.chunk_id)
    sizes = {name: len(ids) for name, ids in held.items()}
    for name, ids in held.items():
        if ids != set(ids_of_chunks(name, len(ids))):
            problems.append(f"cold: {name} is not whole (mend: msp ingest --rebuild)")
    for name, content_hash in tiers.hot.document_hashes().items():
        if hashes.get(name) != content_hash:
            problems.append(
                f"hot: {name} is not what the cold index holds (mend: msp index rebuild)"
            )
    counted = tiers.statistics.documents()
    expected = {name: Counted(content_hash, sizes[name]) for name, content_hash in hashes.items()}
    if counted != expected:
        different = sum(counted.get(name) != expected.get(name) for name in {*counted, *expected})
        problems.append(
            f"statistics: {different} documents are counted wrongly (mend: msp index rebuild)"
        )
    return problems


def _remedy(cold_problem: str) -> str:
    """An ingestion sees a document in pieces as changed; other damage it does not look for."""
    if cold_problem.endswith(IN_PIECES):
        return "ingest its source again"
    return "msp ingest --rebuild"


def rebuild_from_cold(tiers: Tiers, choose_hot: ChooseHot) -> int:
    """Make the statistics and the hot index anew; how many documents the cold one holds.

    Killed in the middle, the next ingestion or rebuild completes it.

    Raises:
        CorruptData: the cold index is damaged: then both have to be made from the source.
        DependencyFailed: an index does not answer.
    """
    sizes = _sizes(tiers)
    tiers.statistics.remove()
    tiers.hot.remove()
    tiers.hot.create()
    hot = choose_hot(sizes)
    for names in _batches(sizes):
        records = tiers.cold.get(
            [id_ for name in names for id_ in ids_of_chunks(name, sizes[name])]
        )
        chunks = [
            records[id_].chunk
            for name in names
            for id_ in ids_of_chunks(name, sizes[name])
            if id_ in records
        ]
        tiers.statistics.replace(count_terms(chunks))
        if promoted := {name: sizes[name] for name in names if name in hot}:
            promote(tiers, promoted)
    return len(sizes)


def _sizes(tiers: Tiers) -> dict[str, int]:
    """The number of chunks of each document in the cold tier."""
    return dict(Counter(record.chunk.document_id for record in tiers.cold.export()))


def _batches(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    held = 0
    for name in sorted(sizes):
        batch.append(name)
        held += sizes[name]
        if held >= WRITTEN_TOGETHER:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
