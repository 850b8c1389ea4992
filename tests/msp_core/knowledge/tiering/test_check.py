from collections.abc import Mapping
from pathlib import Path

import pytest

from msp_core.knowledge.document import text_document
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.ingestion_plan import everything
from msp_core.knowledge.tiering.check import rebuild_from_cold, verify_tiers
from msp_core.knowledge.tiers import Tiers
from tests.fakes.knowledge import HashEmbedder, content, make_tiers

DOCUMENTS = [
    text_document(f"d{i:02d}", f"Title {i}", f"## A\nvpn {i}\n## B\nmore {i}") for i in range(12)
]
HALF = frozenset(f"d{i:02d}" for i in range(6))


@pytest.fixture
def filled(tiers: Tiers, embedder: HashEmbedder) -> Tiers:
    ingest(DOCUMENTS, tiers, embedder, choose_hot=lambda sizes: HALF)
    return tiers


def test_sound_tiers_have_no_problem(tiers: Tiers, filled: Tiers) -> None:
    assert verify_tiers(filled) == []


def test_an_empty_index_is_sound_and_can_be_rebuilt(tiers: Tiers) -> None:
    assert verify_tiers(tiers) == []
    assert rebuild_from_cold(tiers, everything) == 0
    assert verify_tiers(tiers) == []


def test_each_disagreement_is_named_with_its_remedy(filled: Tiers) -> None:
    filled.cold.delete(["d01"])
    filled.statistics.delete(["d02"])
    found = verify_tiers(filled)
    assert [line.partition(":")[0] for line in found] == ["hot", "statistics"]
    assert "d01 is not what the cold index holds (mend: msp index rebuild)" in found[0]
    assert "2 documents are counted wrongly" in found[1]


def test_a_document_that_is_not_whole_is_named(filled: Tiers, embedder: HashEmbedder) -> None:
    first, second = (filled.cold.get([f"d03#{i:03d}"])[f"d03#{i:03d}"] for i in range(2))
    filled.cold.upsert([second.chunk], second.vector[None, :])
    assert first.chunk.document_id == "d03"
    assert "cold: d03 is not whole (mend: msp ingest --rebuild)" in verify_tiers(filled)


def test_a_killed_rebuild_is_completed_by_the_next_ingestion_of_any_source(
    filled: Tiers, embedder: HashEmbedder
) -> None:
    before = content(filled)

    def killed(sizes: Mapping[str, int]) -> frozenset[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild_from_cold(filled, killed)
    assert filled.statistics.documents() == {}
    last = DOCUMENTS[-1]
    ingest(
        [last],
        filled,
        embedder,
        choose_hot=lambda sizes: HALF & sizes.keys(),
        owns=lambda id_: id_ == last.document_id,
    )
    assert content(filled) == before


def test_damage_is_named_and_the_rebuild_mends_it(filled: Tiers, tmp_path: Path) -> None:
    before = content(filled)
    for name in ("hot.db", "statistics.db"):
        (tmp_path / "knowledge" / name).write_bytes(b"no database, but long enough" * 500)
    again = make_tiers(tmp_path)
    assert [line.partition(":")[0] for line in verify_tiers(again)] == ["hot", "statistics"]
    assert rebuild_from_cold(again, lambda sizes: HALF) == 12
    assert verify_tiers(again) == []
    assert content(again) == before
