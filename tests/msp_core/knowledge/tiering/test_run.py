import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from msp_core.clock import fixed_clock
from msp_core.errors import UsageError
from msp_core.knowledge.document import text_document
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.tiering.run import check_capacity, choose_hot, run_tiering
from msp_core.knowledge.tiering.state import HALF_LIFE, TierState, added_use
from msp_core.knowledge.tiers import Tiers
from tests.fakes.knowledge import HashEmbedder, content

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CLOCK = fixed_clock(NOW)
DOCUMENTS = [
    text_document(f"d{i}", f"Title {i}", f"## A\nvpn {i}\n## B\nmore {i}") for i in range(6)
]


@pytest.fixture
def state(tmp_path: Path) -> TierState:
    return TierState(tmp_path / "tiers.db")


def test_old_uses_count_less_and_order_does_not_depend_on_today() -> None:
    old = added_use(added_use(-math.inf, NOW), NOW)
    new = added_use(-math.inf, NOW + 2 * HALF_LIFE)
    assert new - old == pytest.approx(1)  # two uses that count a quarter each against one
    assert added_use(old, NOW) > old


def test_a_clock_that_moved_back_never_lowers_the_heat() -> None:
    heat = added_use(-math.inf, NOW)
    later = added_use(heat, NOW - timedelta(days=3650))
    assert later == pytest.approx(heat)
    assert later >= heat


def test_the_hottest_are_chosen_as_long_as_there_is_room() -> None:
    sizes = {"a": 3, "b": 1, "c": 4, "d": 2}
    heat = {"c": 5.0, "d": -9.0}
    assert choose_hot(sizes, heat, None) == set(sizes)
    assert choose_hot(sizes, heat, 0) == frozenset()
    assert choose_hot(sizes, heat, 4) == {"c"}
    assert choose_hot(sizes, heat, 7) == {"c", "d", "b"}
    assert choose_hot(sizes, heat, 3) == {"d", "b"}
    assert choose_hot({}, heat, 5) == frozenset()


def test_a_negative_capacity_is_refused() -> None:
    check_capacity(None)
    check_capacity(0)
    with pytest.raises(UsageError):
        check_capacity(-1)


def test_uses_and_capacity_are_kept(state: TierState, tmp_path: Path) -> None:
    assert (state.heat(), state.capacity(), state.runs()) == ({}, None, [])
    state.record_use(["d1", "d2"], NOW)
    state.record_use(["d2"], NOW)
    state.set_capacity(7)
    again = TierState(tmp_path / "tiers.db")
    assert again.heat()["d2"] == pytest.approx(again.heat()["d1"] + 1)
    assert again.capacity() == 7


def test_a_run_moves_what_is_used_and_running_again_changes_nothing(
    tiers: Tiers, state: TierState, embedder: HashEmbedder
) -> None:
    ingest(DOCUMENTS, tiers, embedder)
    embedder.texts.clear()
    state.set_capacity(5)
    state.record_use(["d4", "d4", "d1"], NOW)
    report = run_tiering(tiers, state, CLOCK)
    assert (report.promoted, report.demoted, report.hot_documents, report.hot_chunks) == (
        0,
        4,
        2,
        4,
    )
    assert set(tiers.hot.document_hashes()) == {"d1", "d4"}
    assert len(tiers.cold.document_hashes()) == 6
    before = content(tiers)
    again = run_tiering(tiers, state, CLOCK)
    assert (again.promoted, again.demoted, again.resumed) == (0, 0, False)
    assert content(tiers) == before
    assert len(state.runs()) == 1

    state.record_use(["d5"] * 3, NOW)
    report = run_tiering(tiers, state, CLOCK)
    assert (report.promoted, report.demoted) == (1, 1)
    assert set(tiers.hot.document_hashes()) == {"d4", "d5"}
    state.set_capacity(None)
    assert run_tiering(tiers, state, CLOCK).promoted == 4
    assert tiers.hot.document_hashes() == tiers.cold.document_hashes()
    assert embedder.texts == []


def test_a_document_deleted_between_plan_and_move_is_passed_over(
    tiers: Tiers, state: TierState, embedder: HashEmbedder
) -> None:
    ingest(DOCUMENTS, tiers, embedder, choose_hot=lambda sizes: frozenset())
    state.begin({"d1": "promote", "gone": "promote", "d2": "demote"}, NOW)
    report = run_tiering(tiers, state, CLOCK)
    assert report.resumed
    assert state.unfinished() is None
    assert tiers.hot.document_hashes() == tiers.cold.document_hashes()


def test_an_empty_corpus_has_nothing_to_move(tiers: Tiers, state: TierState) -> None:
    report = run_tiering(tiers, state, CLOCK)
    assert (report.promoted, report.demoted, report.hot_chunks) == (0, 0, 0)
