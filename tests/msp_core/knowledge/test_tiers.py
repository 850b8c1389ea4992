"""Searches over two tiers: what each contributes, and what happens when one is down or late."""

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from msp_core.errors import ConfigurationError, DependencyFailed, MspError
from msp_core.knowledge.document import Document, text_document
from msp_core.knowledge.index import Filter, Hit, KnowledgeIndex
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.ranking import MIN_CANDIDATES, MIN_COLD_CANDIDATES
from msp_core.knowledge.retriever import Retriever
from msp_core.knowledge.tiers import Deadlines, Tiers
from msp_core.scope import Role, Scope
from tests.fakes.knowledge import HashEmbedder, make_tiers

WHO = Scope("tom", Role.TECHNICIAN, frozenset({"a"}))
DOCUMENTS = [
    text_document("vpn", "VPN drops", "Raise the key lifetime of the tunnel."),
    text_document("printer", "Printer offline", "Restart the spooler."),
    text_document("mail", "Mailbox full", "Archive old mail."),
    text_document("rare", "Label printer", "Clean the thermal head."),
]
HOT = frozenset({"vpn", "mail"})


@dataclass(frozen=True)
class Broken:
    """Stands in for an index: raises the error at every search, or waits for the event."""

    error: Exception | None = None
    wait: threading.Event | None = None
    capabilities = frozenset({"lexical"})

    def _fail(self, *_: object) -> Any:
        if self.wait is not None:
            self.wait.wait(10)
        raise self.error or DependencyFailed("It came too late.")

    dense = lexical = get = _fail


class Listening:
    """An index that notes what it is asked.

    Attributes:
        asked: the method, and the query or the number of hits.
    """

    def __init__(self, index: KnowledgeIndex, capabilities: frozenset[str]) -> None:
        self._index = index
        self.capabilities = capabilities
        self.asked: list[tuple[str, str | int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def dense(self, vector: Any, wanted: Filter, k: int) -> list[Hit]:
        self.asked.append(("dense", k))
        return self._index.dense(vector, wanted, k)

    def lexical(self, query: str, wanted: Filter, k: int) -> list[Hit]:
        self.asked.append(("lexical", query))
        return self._index.lexical(query, wanted, k)


def filled(folder: Path, hot: frozenset[str] = HOT, documents: list[Document] = DOCUMENTS) -> Tiers:
    tiers = make_tiers(folder)
    ingest(documents, tiers, HashEmbedder(), choose_hot=lambda sizes: hot & sizes.keys())
    return tiers


def found(retriever: Retriever, query: str, **options: Any) -> dict[str, str]:
    result = retriever.search(query, WHO, **options)
    return {passage.document_id: passage.index for passage in result.passages}


def test_each_tier_gives_what_it_has(tmp_path: Path) -> None:
    tiers = filled(tmp_path)
    assert found(Retriever(tiers, HashEmbedder()), "printer") == {
        "rare": "cold",
        "printer": "cold",
        "vpn": "hot",
        "mail": "hot",
    }
    assert set(found(Retriever(tiers, HashEmbedder(), mode="hot"), "printer")) == HOT
    cold = found(Retriever(tiers, HashEmbedder(), mode="cold"), "printer")
    assert cold == dict.fromkeys(["rare", "printer", "vpn", "mail"], "cold")


@pytest.mark.parametrize("hot", [frozenset(), HOT, frozenset({"vpn", "printer", "mail", "rare"})])
def test_scores_do_not_depend_on_where_a_document_lies(tmp_path: Path, hot: frozenset[str]) -> None:
    one = Retriever(filled(tmp_path / "one", frozenset()), HashEmbedder())
    two = Retriever(filled(tmp_path / "two", hot), HashEmbedder())
    for query in ("label printer", "tunnel lifetime", "archive mail of the printer"):
        expected = one.search(query, WHO).passages
        assert [replace(p, index="cold") for p in two.search(query, WHO).passages] == list(expected)


def test_an_index_is_asked_for_the_words_that_tell_in_the_whole_corpus(tmp_path: Path) -> None:
    notes = [text_document(f"n{i:02d}", f"Note {i}", "Ask the office desk.") for i in range(40)]
    tiers = filled(tmp_path, documents=[*DOCUMENTS, *notes])
    cold = Listening(tiers.cold, frozenset({"lexical"}))
    retriever = Retriever(replace(tiers, cold=cold), HashEmbedder())
    retriever.search('Is "the" OFFICE printer (spoolers*) zzzz?', WHO)
    assert cold.asked == [("lexical", "spoolers printer"), ("dense", MIN_CANDIDATES)]


def test_an_index_without_words_is_asked_for_more_by_meaning(tmp_path: Path) -> None:
    tiers = filled(tmp_path)
    cold = Listening(tiers.cold, frozenset())
    retriever = Retriever(replace(tiers, cold=cold), HashEmbedder())
    retriever.search("printer", WHO)
    retriever.search("printer", WHO, k=30)
    assert cold.asked == [("dense", MIN_COLD_CANDIDATES), ("dense", 150)]


@pytest.mark.parametrize("broken", ["hot", "cold"])
@pytest.mark.parametrize("how", ["down", "late"])
def test_without_one_tier_the_other_answers_with_a_notice(
    tmp_path: Path, broken: str, how: str
) -> None:
    release = threading.Event()
    bad = Broken(DependencyFailed("No route.")) if how == "down" else Broken(wait=release)
    tiers = replace(filled(tmp_path), **{broken: bad})
    retriever = Retriever(tiers, HashEmbedder(), deadlines=Deadlines(0.5, 0.5))
    result = retriever.search("printer", WHO)
    release.set()
    expected = (
        {"vpn", "mail"} if broken == "cold" else {document.document_id for document in DOCUMENTS}
    )
    assert {passage.document_id for passage in result.passages} == expected
    (notice,) = result.notices
    assert notice.code == f"{broken}_unavailable"
    assert ("No route." if how == "down" else "within 0.5 s") in notice.text


@pytest.mark.parametrize("how", ["down", "damaged", "late"])
def test_without_the_statistics_a_search_goes_by_meaning(tmp_path: Path, how: str) -> None:
    tiers = filled(tmp_path)
    release = threading.Event()
    if how == "damaged":
        (tmp_path / "knowledge" / "statistics.db").write_bytes(b"no database, but long" * 500)
        tiers = make_tiers(tmp_path)
    elif how == "down":
        tiers = replace(tiers, statistics=NoStatistics(DependencyFailed("No route.")))
    else:
        tiers = replace(tiers, statistics=NoStatistics(wait=release))
    retriever = Retriever(tiers, HashEmbedder(), deadlines=Deadlines(statistics_s=0.2))
    result = retriever.search("label printer", WHO)
    by_meaning = Retriever(filled(tmp_path / "same"), HashEmbedder()).search(
        "label printer", WHO, system="dense"
    )
    assert [p.document_id for p in result.passages] == [p.document_id for p in by_meaning.passages]
    (notice,) = result.notices
    assert notice.code == "statistics_unavailable"
    assert "by meaning alone" in notice.text
    with pytest.raises(DependencyFailed):
        retriever.search("label printer", WHO, system="bm25")
    release.set()


@dataclass(frozen=True)
class NoStatistics(Broken):
    """Stands in for the statistics, likewise."""

    look_up = Broken._fail


def test_two_late_tiers_are_waited_for_at_once(tmp_path: Path) -> None:
    release = threading.Event()
    late = Broken(wait=release)
    retriever = Retriever(
        replace(filled(tmp_path), hot=late, cold=late),
        HashEmbedder(),
        deadlines=Deadlines(1.5, 1.5),
    )
    start = time.monotonic()
    with pytest.raises(DependencyFailed, match=r"within 1\.5 s"):
        retriever.search("printer", WHO)
    release.set()
    assert 1.4 < time.monotonic() - start < 2.7


def test_a_search_without_hits_reads_no_index_through(tmp_path: Path) -> None:
    """On a service that lists all vectors it would take minutes."""
    full = filled(tmp_path)
    tiers = replace(full, hot=Uncounted(full.hot), cold=Uncounted(full.cold))
    result = Retriever(tiers, HashEmbedder()).search("x", WHO, categories=frozenset({"None"}))
    assert (result.passages, result.notices) == ((), ())


class Uncounted:
    """An index that must not be counted."""

    def __init__(self, index: KnowledgeIndex) -> None:
        self._index = index

    def __getattr__(self, name: str) -> Any:
        assert name not in ("stats", "export", "document_hashes")
        return getattr(self._index, name)


def test_a_successor_that_cannot_be_looked_up_does_not_cost_the_ranking(tmp_path: Path) -> None:
    old = replace(text_document("old", "SSL VPN portal", "Enable the portal."), superseded_by="new")
    full = filled(tmp_path, frozenset({"old"}), [old, *DOCUMENTS])
    tiers = replace(full, hot=DownLater(full.hot), cold=DownLater(full.cold))
    result = Retriever(tiers, HashEmbedder()).search("enable ssl portal", WHO)
    assert result.passages[0].document_id == "old"
    assert {notice.code for notice in result.notices} == {"hot_unavailable", "cold_unavailable"}


class DownLater:
    """An index that is down as soon as it is asked for one document alone."""

    def __init__(self, index: KnowledgeIndex) -> None:
        self._index = index

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def dense(self, vector: Any, wanted: Filter, k: int) -> list[Hit]:
        if wanted.only_documents is not None:
            raise DependencyFailed("It went down.")
        return self._index.dense(vector, wanted, k)


def test_without_both_it_is_an_error(tmp_path: Path) -> None:
    bad = Broken(DependencyFailed("No route."))
    tiers = replace(filled(tmp_path), hot=bad, cold=bad)
    with pytest.raises(DependencyFailed, match=r"does not answer.*No route"):
        Retriever(tiers, HashEmbedder()).search("printer", WHO)


def test_a_wrong_set_up_is_no_outage(tmp_path: Path) -> None:
    tiers = replace(filled(tmp_path), hot=Broken(ConfigurationError("Another model.")))
    with pytest.raises(ConfigurationError):
        Retriever(tiers, HashEmbedder()).search("printer", WHO)


def test_a_damaged_hot_index_leaves_the_cold_one(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "knowledge" / "hot.db").write_bytes(b"no database, but long enough" * 500)
    result = Retriever(make_tiers(tmp_path), HashEmbedder()).search("printer", WHO)
    assert len(result.passages) == 4
    assert result.notices[0].code == "hot_unavailable"
    assert "msp index rebuild" in result.notices[0].text


def test_the_cascade_asks_the_cold_tier_only_when_nothing_hot_is_close(tmp_path: Path) -> None:
    tiers = filled(tmp_path)
    cascade = Retriever(tiers, HashEmbedder(), mode="cascade")
    close = "VPN drops Raise the key lifetime of the tunnel."
    assert set(found(cascade, close)) == HOT
    assert len(found(cascade, "zzzz qqqq")) == 4
    down = replace(tiers, cold=Broken(MspError("asked")))
    Retriever(down, HashEmbedder(), mode="cascade").search(close, WHO)
    with pytest.raises(MspError, match="asked"):
        Retriever(down, HashEmbedder(), mode="cascade").search("zzzz qqqq", WHO)
    no_hot = replace(tiers, hot=Broken(DependencyFailed("No route.")))
    assert len(found(Retriever(no_hot, HashEmbedder(), mode="cascade"), close)) == 4


def test_of_two_versions_the_cold_one_counts(tmp_path: Path) -> None:
    tiers = filled(tmp_path)
    newer = [text_document("vpn", "VPN drops", "Replace the gateway."), *DOCUMENTS[1:]]
    lagging = replace(tiers, hot=make_tiers(tmp_path / "aside").hot)
    ingest(newer, lagging, HashEmbedder(), choose_hot=lambda sizes: frozenset())
    texts = [p.text for p in Retriever(tiers, HashEmbedder()).search("vpn", WHO).passages]
    assert "Replace the gateway." in texts
    assert DOCUMENTS[0].text not in texts


def test_a_successor_that_is_only_cold_takes_the_place(tmp_path: Path) -> None:
    old = replace(text_document("old", "SSL VPN portal", "Enable the portal."), superseded_by="new")
    new = text_document("new", "Remote access", "Certificates.")
    tiers = filled(tmp_path, frozenset({"old"}), [old, new, *DOCUMENTS])
    assert list(found(Retriever(tiers, HashEmbedder()), "enable ssl portal"))[:2] == ["new", "old"]


def test_what_a_search_returns_is_told(tmp_path: Path) -> None:
    used: list[list[str]] = []
    retriever = Retriever(
        filled(tmp_path), HashEmbedder(), on_use=lambda ids: used.append(list(ids))
    )
    retriever.search("label printer", WHO, k=2)
    assert used == [["rare", "printer"]]


def test_reading_goes_to_the_hot_tier_when_the_cold_one_is_down(tmp_path: Path) -> None:
    tiers = replace(filled(tmp_path), cold=Broken(DependencyFailed("No route.")))
    assert "tunnel" in Retriever(tiers, HashEmbedder()).read("vpn", WHO)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_weight_of_words_decides(tmp_path: Path, weight: float) -> None:
    retriever = Retriever(filled(tmp_path), HashEmbedder(), lexical_weight=weight)
    passages = retriever.search("restart label printer", WHO).passages
    raw = [p.why["lexical"] if weight else p.why["cosine"] or 0.0 for p in passages]
    assert [p.score for p in passages] == pytest.approx([score / max(raw) for score in raw])


@dataclass(frozen=True)
class Kept:
    """Stands in for a part that cannot be dropped."""

    def remove(self) -> None:
        raise DependencyFailed("No route.")


def test_a_part_that_cannot_be_dropped_does_not_keep_the_others(tmp_path: Path) -> None:
    tiers = filled(tmp_path)
    with pytest.raises(DependencyFailed, match="No route"):
        replace(tiers, hot=Kept()).remove()
    assert tiers.cold.document_hashes() == tiers.statistics.documents() == {}
    assert tiers.hot.document_hashes()
