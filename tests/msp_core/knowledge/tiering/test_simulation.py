import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.knowledge.document import text_document
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.tiering.search_log import Asked, read_log, search_again, seeded_log
from msp_core.knowledge.tiering.simulation import LoggedSearch, simulate
from msp_core.knowledge.tiers import Tiers
from msp_core.routing.catalog import KnowledgePrices
from tests.fakes.knowledge import HashEmbedder

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PRICES = KnowledgePrices(0.24, 2, 0.06, 2.50)
SIZES = dict.fromkeys("abcdefghij", 1)


def run(log: list[LoggedSearch], *capacities: int, sizes: dict[str, int] | None = None):
    return simulate(
        log,
        sizes or SIZES,
        capacities,
        dimension=384,
        searches_per_month=1_000_000,
        prices=PRICES,
    )


def day(number: float, *found: str) -> LoggedSearch:
    return LoggedSearch(NOW + timedelta(days=number), found)


def test_what_is_asked_again_becomes_hot_the_next_day() -> None:
    log = [day(0, "j"), day(0.5, "j", "i"), day(1.5, "j"), day(2.5, "j", "i")]
    (one,) = run(log, 1)
    assert one.hit_rate == 0.5  # on the first day the hot tier held what was never used
    assert one.recall_lost == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert one.moves_per_day == pytest.approx(2 / 2.5)


def test_no_room_loses_everything_and_room_for_all_nothing() -> None:
    log = [day(i, "abcdefghij"[i]) for i in range(10)]
    none, everything = run(log, 0, 10)
    assert (none.hit_rate, none.recall_lost, none.hot_usd_per_month) == (0, 1, 0)
    assert (everything.hit_rate, everything.recall_lost) == (1, 0)


def test_order_and_empty_searches_do_not_matter() -> None:
    log = [day(2, "a"), day(0, "j"), day(1.2, "j"), LoggedSearch(NOW, ())]
    assert run(log, 3) == run([log[1], log[2], log[0]], 3)
    assert run([], 3)[0].hit_rate == 0


def test_costs_follow_the_prices() -> None:
    small, large = run([], 1, 5_000_000, sizes={"x": 5_000_000})
    assert small.hot_usd_per_month == pytest.approx(2 * 0.24 * 730)
    # 1.1 * (4 * 384 + 8 * 16) * 5e6 = 9.15 GB, 3 GB of graph an OCU: 4, and as many for writes.
    assert large.hot_usd_per_month == pytest.approx(8 * 0.24 * 730)
    # A million searches at $2.50 for a million queries, two of them each.
    assert small.cold_usd_per_month == pytest.approx(5e6 * (1536 + 1500) / 1e9 * 0.06 + 5)


def test_a_log_is_read_and_searched_again(
    tmp_path: Path, tiers: Tiers, embedder: HashEmbedder
) -> None:
    documents = [
        text_document("vpn", "VPN", "tunnel"),
        text_document("own", "VPN of a", "tunnel", customer_id="a"),
    ]
    ingest(documents, tiers, embedder)
    path = tmp_path / "log.jsonl"
    rows = [
        {"at": "2026-11-02T09:00:00Z", "text": "tunnel"},
        {"at": "2026-11-02T10:00:00+01:00", "text": "tunnel", "customer_id": "b"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    log = search_again(read_log(path), tiers, embedder, frozenset({"a", "b"}))
    assert [(set(entry.found), entry.at) for entry in log] == [
        ({"vpn", "own"}, NOW),
        ({"vpn"}, NOW),
    ]


def test_a_malformed_log_names_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"at": "2026-11-02T09:00:00", "text": "x"}\n{}\nnot json\n')
    with pytest.raises(InvalidInput, match=r"line 1: .*line 2: .*line 3: "):
        read_log(path)
    with pytest.raises(ConfigurationError):
        read_log(tmp_path / "none.jsonl")


def test_the_seeded_log_is_the_same_each_time(tiers: Tiers, embedder: HashEmbedder) -> None:
    assert seeded_log(tiers, NOW) == []
    ingest([text_document(f"d{i}", f"Fault {i}", "x") for i in range(30)], tiers, embedder)
    log = seeded_log(tiers, NOW)
    assert log == seeded_log(tiers, NOW)
    assert len(log) == 90
    assert all(isinstance(entry, Asked) and entry.at <= NOW for entry in log)
    often = max(sum(entry.text == text for entry in log) for text in {e.text for e in log})
    assert often > 10
