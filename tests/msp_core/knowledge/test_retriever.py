import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from msp_core.bootstrap.knowledge import local_tiers
from msp_core.errors import UsageError
from msp_core.knowledge.document import Document, text_document
from msp_core.knowledge.embedded import EmbeddedIndex
from msp_core.knowledge.embedding import Purpose
from msp_core.knowledge.index import Chunk
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.minilm import MiniLm
from msp_core.knowledge.retriever import MAX_WORDS, Retrieval, Retriever
from msp_core.scope import Role, Scope

TECHNICIAN = Scope("maria.s", Role.TECHNICIAN, frozenset({"northwind", "keller"}))
CUSTOMER = Scope("joe", Role.CUSTOMER, frozenset({"northwind"}))

VPN = text_document(
    "article:vpn",
    "VPN drops every hour",
    "## Cause\nPhase 2 lifetimes differ.\n## Fix\nSet the key lifetime to 3600 seconds.",
)
DOCUMENTS = [
    VPN,
    text_document("article:printer", "Printer offline", "Restart the spooler service."),
    text_document(
        "article:mail", "Mailbox full", "Archive old mail in Outlook.", category="Software"
    ),
    text_document(
        "article:runbook", "Northwind VPN", "Call the site manager.", customer_id="northwind"
    ),
    text_document("article:keller", "Keller VPN", "VPN gateway in Bern.", customer_id="keller"),
    text_document("article:inside", "VPN licence costs", "The margin.", audience="internal"),
]

Make = Callable[..., Retriever]


class Memory:
    """MiniLM, asked once for each text of these tests."""

    def __init__(self, model: MiniLm) -> None:
        self._model = model
        self._known: dict[str, npt.NDArray[np.float32]] = {}
        self.model_id, self.dimension = model.model_id, model.dimension

    def embed(
        self, texts: Sequence[str], *, purpose: Purpose = "document"
    ) -> npt.NDArray[np.float32]:
        unknown = [text for text in texts if text not in self._known]
        self._known.update(zip(unknown, self._model.embed(unknown), strict=True))
        return np.array([self._known[text] for text in texts])


@pytest.fixture(scope="module")
def memory(minilm: MiniLm) -> Memory:
    return Memory(minilm)


@pytest.fixture
def make(tmp_path: Path, memory: Memory) -> Make:
    def make(*documents: Document) -> Retriever:
        tiers = local_tiers(tmp_path, memory)
        ingest(documents, tiers, memory)
        return Retriever(tiers, memory)

    return make


def found(retrieval: Retrieval) -> list[str]:
    return [passage.document_id for passage in retrieval.passages]


def test_the_best_document_comes_first_with_its_best_chunk_and_why(make: Make) -> None:
    result = make(*DOCUMENTS).search("vpn keeps dropping hourly, which key lifetime?", TECHNICIAN)
    first = result.passages[0]
    assert (first.document_id, first.heading, first.index) == ("article:vpn", "Fix", "hot")
    assert (
        first.text == "Set the key lifetime to 3600 seconds." == VPN.text[first.start : first.end]
    )
    assert {"vpn", "lifetime"} <= set(first.why["terms"])
    assert first.why["lexical"] > 0
    assert first.why["cosine"] > 0.3
    scores = [passage.score for passage in result.passages]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0
    assert max(scores) <= 1
    assert len(set(found(result))) == len(found(result))
    assert result.notices == ()


def test_meaning_finds_what_shares_no_word(make: Make) -> None:
    retriever = make(*DOCUMENTS)
    question = "my inbox has no space left"
    assert found(retriever.search(question, TECHNICIAN))[0] == "article:mail"
    assert "article:mail" not in found(retriever.search(question, TECHNICIAN, system="bm25"))


@pytest.mark.parametrize("system", ["fused", "bm25", "dense"])
def test_a_scope_sees_its_customers_and_audiences_only(make: Make, system: str) -> None:
    retriever = make(*DOCUMENTS)

    def seen(scope: Scope) -> set[str]:
        return set(found(retriever.search("vpn margin", scope, k=100, system=system)))

    private = {"article:runbook", "article:keller", "article:inside"}
    assert seen(TECHNICIAN) >= private
    assert seen(replace(TECHNICIAN, active_customer="keller")) & private == {
        "article:keller",
        "article:inside",
    }
    assert seen(CUSTOMER) & private == {"article:runbook"}
    assert seen(Scope("nobody", Role.CUSTOMER, frozenset())) & private == set()


def test_a_chunk_that_an_index_should_not_have_returned_is_dropped(
    make: Make, memory: Memory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(*DOCUMENTS)

    class Leaking(EmbeddedIndex):
        def lexical(self, query, wanted, k):
            return super().lexical(query, replace(wanted, customers=frozenset({"keller"})), k)

    hot = Leaking(tmp_path / "hot.db", tier="hot", space=memory)
    retriever = Retriever(replace(local_tiers(tmp_path, memory), hot=hot), memory)
    with caplog.at_level(logging.ERROR):
        assert "article:keller" not in found(retriever.search("Bern", CUSTOMER, k=9))
    assert "article:keller#000" in caplog.text


def test_exclusions_and_categories(make: Make) -> None:
    retriever = make(*DOCUMENTS)
    excluded = frozenset({"article:vpn"})
    assert "article:vpn" not in found(retriever.search("vpn", TECHNICIAN, exclude=excluded))
    software = retriever.search("vpn", TECHNICIAN, categories=frozenset({"Software"}))
    assert found(software) == ["article:mail"]


def test_the_turn_before_gives_a_short_follow_up_its_meaning(make: Make) -> None:
    retriever = make(*DOCUMENTS)
    before = "The printer is offline again"
    assert found(retriever.search("how do I mend it?", TECHNICIAN, previous_turn=before))[0] == (
        "article:printer"
    )
    long_before = "My mailbox is full of mail. " * 500
    result = retriever.search("restart the printer spooler", TECHNICIAN, previous_turn=long_before)
    assert found(result)[0] == "article:printer"


OLD = replace(
    text_document("article:old", "SSL VPN set-up", "Enable the SSL VPN portal for remote users."),
    superseded_by="article:new",
)
NEW = text_document("article:new", "Remote access", "Configure IKEv2 with certificates.")


@pytest.mark.parametrize("system", ["fused", "bm25", "dense"])
def test_an_outdated_document_stands_below_its_successor(make: Make, system: str) -> None:
    question = "enable the SSL VPN portal for remote users"
    result = make(OLD, NEW, *DOCUMENTS).search(question, TECHNICIAN, system=system)
    assert found(result)[:2] == ["article:new", "article:old"]
    assert result.passages[0].score == result.passages[1].score == 1
    assert result.passages[1].superseded_by == "article:new"


def test_a_successor_beyond_the_candidates_is_looked_up(make: Make) -> None:
    crowd = [
        text_document(f"article:x{i}", f"Portal {i}", "Enable the SSL VPN portal for users.")
        for i in range(60)
    ]
    unlike = replace(NEW, title="IKEv2", text="Issue certificates from our own authority.")
    retriever = make(OLD, unlike, *crowd)
    result = retriever.search("enable the SSL VPN portal for remote users", TECHNICIAN, k=3)
    assert found(result)[:2] == ["article:new", "article:old"]
    assert found(retriever.search("enable SSL VPN portal, remote users", TECHNICIAN, k=1)) == [
        "article:new"
    ]


def test_a_chain_of_successors_is_followed_to_its_end(make: Make) -> None:
    newest = text_document("article:newest", "ZTNA", "Use the broker.")
    retriever = make(OLD, replace(NEW, superseded_by="article:newest"), newest, *DOCUMENTS)
    question = "enable the SSL VPN portal for remote users"
    expected = ["article:newest", "article:new", "article:old"]
    assert found(retriever.search(question, TECHNICIAN))[:3] == expected


def test_a_successor_out_of_sight_or_a_circle_changes_nothing(make: Make) -> None:
    hidden = replace(NEW, customer_id="keller")
    question = "enable the SSL VPN portal for remote users"
    result = make(OLD, hidden, *DOCUMENTS).search(question, CUSTOMER)
    assert found(result)[0] == "article:old"
    assert "article:new" not in found(result)

    circle = make(OLD, replace(NEW, superseded_by="article:old"), *DOCUMENTS)
    assert set(found(circle.search(question, TECHNICIAN))[:2]) == {"article:new", "article:old"}


@pytest.mark.parametrize("query", ["", "  \n\t", "\x00\x1b"])
def test_an_empty_question_is_refused(make: Make, query: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        make().search(query, TECHNICIAN)


@pytest.mark.parametrize("k", [0, -1, 101])
def test_k_has_limits(make: Make, k: int) -> None:
    with pytest.raises(UsageError, match="1 to 100"):
        make().search("vpn", TECHNICIAN, k=k)


@pytest.mark.parametrize(
    "query", ["printer " * (MAX_WORDS + 1), "printer " + "A" * 1_000_000, "printer\n" * 150_000]
)
def test_a_huge_question_is_shortened_with_a_notice(make: Make, query: str) -> None:
    result = make(*DOCUMENTS).search(query, TECHNICIAN)
    assert [notice.code for notice in result.notices] == ["query_shortened"]
    assert found(result)[0] == "article:printer"


@pytest.mark.parametrize(
    "query", ['"printer', "printer AND", "NEAR(printer", "?!", "the of", "\ud800 printer\x00", "🖨️"]
)
def test_odd_questions_do_no_harm(make: Make, query: str) -> None:
    assert len(found(make(*DOCUMENTS).search(query, TECHNICIAN))) == 5


def test_an_empty_index_is_said(make: Make) -> None:
    result = make().search("vpn", TECHNICIAN)
    assert result.passages == ()
    assert [notice.code for notice in result.notices] == ["index_empty"]
    chunkless = make(*DOCUMENTS).search("zzzz", TECHNICIAN, system="bm25")
    assert chunkless == Retrieval((), ())


def test_passages_are_the_records_of_the_index(make: Make) -> None:
    retriever = make(*DOCUMENTS)
    for passage in retriever.search("vpn", TECHNICIAN).passages:
        stored = retriever._tiers.cold.get([passage.chunk_id])[passage.chunk_id].chunk
        assert isinstance(stored, Chunk)
        assert (stored.text, stored.title) == (passage.text, passage.title)
