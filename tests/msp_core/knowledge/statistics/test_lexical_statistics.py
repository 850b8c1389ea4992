import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from msp_core.knowledge.statistics.analysis import Analysis, stems, term_counts
from msp_core.knowledge.statistics.lexical_statistics import CorpusStatistics, Counted, count_terms
from msp_core.knowledge.statistics.sqlite import SqliteStatistics
from tests.fakes.knowledge import chunk


@pytest.fixture
def store(tmp_path: Path) -> SqliteStatistics:
    return SqliteStatistics(tmp_path / "statistics.db")


def test_words_are_cut_and_stemmed_as_the_lexical_index_does() -> None:
    assert term_counts(["Dropped drops, DROPPING!", "", "Müller's VPN"]) == [
        {"drop": 3},
        {},
        {"muller": 1, "s": 1, "vpn": 1},
    ]
    assert stems(["dropping", "müller", "\u0301", "日本語"]) == ["drop", "muller", "", "日本語"]
    assert stems([]) == term_counts([]) == []


def test_an_analysis_gives_counts_lengths_and_words_as_written() -> None:
    texts = {"a": "VPN drops; tunnel Dropped", "b": "printer", "c": " ".join(["vpn"] * 300)}
    found = Analysis(texts, ["vpn", "drop"], ["vpn", "drops"])
    assert found.counts == {"a": {"vpn": 1, "drop": 2}, "b": {}, "c": {"vpn": 300}}
    assert found.lengths == {"a": 4, "b": 1, "c": 300}
    assert found.matched == {"a": ("vpn", "drops", "dropped"), "c": ("vpn",)}
    assert Analysis({"a": "vpn"}, [], []).matched == {}
    assert Analysis({}, ["vpn"], ["vpn"]).counts == {}


def test_bm25_is_that_of_sqlite() -> None:
    texts = ["the vpn drops and drops", "printer", "vpn printer coffee tea cup", "coffee", "tea"]
    chunks = [chunk(f"d{i}", text, title="x", heading="") for i, text in enumerate(texts)]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE w USING fts5 (t, tokenize='porter unicode61')")
        connection.executemany("INSERT INTO w VALUES (?)", [(c.searchable,) for c in chunks])
        expected = dict(
            connection.execute("SELECT rowid - 1, -rank FROM w WHERE w MATCH 'vpn OR drop'")
        )
    counts = term_counts([c.searchable for c in chunks])
    statistics = CorpusStatistics(
        len(chunks), sum(c.total() for c in counts), {"vpn": 2, "drop": 1}
    )
    scores = [statistics.bm25(count, count.total(), ["vpn", "drop"]) for count in counts]
    assert scores == pytest.approx([expected.get(i, 0.0) for i in range(5)])


def test_a_term_in_every_chunk_tells_a_little_and_an_empty_corpus_nothing() -> None:
    assert CorpusStatistics(3, 9, {"vpn": 3}).bm25({"vpn": 1}, 3, ["vpn"]) > 0
    assert CorpusStatistics(0, 0, {}).bm25({"vpn": 1}, 3, ["vpn"]) > 0
    assert CorpusStatistics(3, 9, {}).bm25({"vpn": 1}, 3, ["tea"]) == 0


def test_documents_are_counted_replaced_and_taken_out(store: SqliteStatistics) -> None:
    first = [chunk("d1", "vpn vpn"), chunk("d1", "vpn tea", 1), chunk("d2", "tea")]
    store.replace(count_terms(first))
    assert store.documents() == {
        "d1": Counted(first[0].content_hash, 2),
        "d2": Counted(first[2].content_hash, 1),
    }
    known = store.look_up(["vpn", "tea", "none"])
    assert (known.chunks, known.tokens, known.frequencies) == (3, 11, {"vpn": 2, "tea": 2})
    again = count_terms([chunk("d1", "printer")])
    store.replace(again)
    store.replace(again)
    known = store.look_up(["vpn", "tea", "printer"])
    assert (known.chunks, known.frequencies) == (2, {"tea": 1, "printer": 1})
    store.delete(["d1", "unknown"])
    store.delete(["d2"])
    assert store.look_up(["tea"]) == CorpusStatistics(0, 0, {})
    assert store.verify() == []


def test_damage_is_noticed_and_can_be_removed(store: SqliteStatistics, tmp_path: Path) -> None:
    store.replace(count_terms([chunk("d1", "vpn")]))
    with closing(sqlite3.connect(tmp_path / "statistics.db")) as connection, connection:
        connection.execute("UPDATE terms SET chunks = 7 WHERE term = 'vpn'")
    assert "not the sum" in store.verify()[0]
    (tmp_path / "statistics.db").write_bytes(b"no database at all" * 300)
    other = SqliteStatistics(tmp_path / "statistics.db")
    assert "msp index rebuild" in other.verify()[0]
    other.remove()
    assert other.documents() == {}
