"""What every knowledge index does that searches by words."""

import random
from collections.abc import Callable

import pytest

from msp_core.errors import UsageError
from msp_core.knowledge.index import KnowledgeIndex
from tests.contract.indexes.conftest import WITH_WORDS, Backend
from tests.fakes.knowledge import ALL, chunk, filters, ids, labelled

pytestmark = pytest.mark.parametrize("backend", WITH_WORDS, indirect=True)

QUERY_FORMS = [
    '"',
    "vpn AND",
    "NEAR(",
    "text:vpn",
    "vpn*",
    "-vpn ^",
    "'; DROP TABLE chunks; --",
    "(((",
    "\x00",
    "vpn\\",
    "{vpn}",
    "🖨️",
]


def test_it_says_that_it_is_able(index: KnowledgeIndex) -> None:
    assert "lexical" in index.capabilities


def test_no_word_no_hit(index: KnowledgeIndex, put: Callable[..., None]) -> None:
    assert index.lexical("vpn", ALL, 5) == []
    put(chunk("d1", "vpn"))
    for query in ("", "   ", "the of and", "zzzz", "?!"):
        assert index.lexical(query, ALL, 5) == []


def test_words_match_by_stem_and_better_scores_stand_first(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    put(
        chunk("d1", "the tunnel dropped and dropped"),
        chunk("d2", "a drop of coffee in a long cup"),
        chunk("d3", "printer"),
    )
    hits = index.lexical("Why does it keep dropping?", ALL, 5)
    assert ids(hits) == ["d1#000", "d2#000"]
    assert hits[0].score > hits[1].score > 0
    assert ids(index.lexical("dropping", ALL, 1)) == ["d1#000"]


@pytest.mark.parametrize("query", QUERY_FORMS)
def test_operators_mean_nothing(
    index: KnowledgeIndex, put: Callable[..., None], query: str
) -> None:
    put(chunk("d1", "vpn text drop"), chunk("d2", "printer"))
    assert set(ids(index.lexical(query, ALL, 5))) <= {"d1#000"}
    assert index.stats().chunks == 2


def test_a_very_long_question_is_answered(index: KnowledgeIndex, put: Callable[..., None]) -> None:
    put(chunk("d1", "vpn"), chunk("d2", "printer"))
    query = " ".join([f"word{i}" for i in range(10_000)] + ["vpn"])
    assert ids(index.lexical(query, ALL, 5)) == ["d1#000"]


def test_what_was_replaced_or_deleted_is_not_found_by_words(
    index: KnowledgeIndex, put: Callable[..., None], backend: Backend
) -> None:
    put(chunk("d1", "vpn drops"), chunk("d1", "vpn tunnel", 1, heading=""), chunk("d2", "printer"))
    put(chunk("d1", "scanner"))
    assert index.lexical("vpn tunnel", ALL, 5) == []
    assert ids(index.lexical("scanner", ALL, 5)) == ["d1#000"]
    index.delete(["d1"])
    backend.settle()
    assert index.lexical("scanner", ALL, 5) == []
    assert index.verify() == []


def test_title_and_heading_are_searched(index: KnowledgeIndex, put: Callable[..., None]) -> None:
    put(chunk("d1", "x", title="Spooler", heading="Causes"), chunk("d2", "y"))
    assert ids(index.lexical("spooler", ALL, 5)) == ids(index.lexical("cause", ALL, 5))
    assert ids(index.lexical("spooler", ALL, 5)) == ["d1#000"]


def test_words_in_most_chunks_are_not_searched_unless_there_is_no_other(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    put(*(chunk(f"d{i:02d}", "server" if i else "server spooler") for i in range(40)))
    assert ids(index.lexical("server spooler", ALL, 1)) == ["d00#000"]
    assert len(index.lexical("server", ALL, 50)) == 40


def test_every_filter_agrees_with_the_rule_by_words(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    chunks = labelled()
    put(*chunks, *(chunk(f"x{i}", "printer") for i in range(60)))
    for wanted in filters():
        expected = sorted(item.chunk_id for item in chunks if wanted.allows(item))
        assert sorted(ids(index.lexical("vpn", wanted, 100))) == expected


def test_what_the_filter_forbids_uses_up_no_place_by_words(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    foreign = [chunk(f"n{i:03d}", "vpn vpn vpn", customer_id="foreign") for i in range(200)]
    own = [chunk(f"z{i}", "vpn and many more words than that", customer_id="a") for i in range(4)]
    put(*foreign, *own, *(chunk(f"x{i:03d}", "printer", customer_id="a") for i in range(700)))
    assert ids(index.lexical("vpn", ALL, 3)) == ["z0#000", "z1#000", "z2#000"]


def test_equal_scores_go_by_chunk_id_by_words(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    names = [f"d{i:02d}" for i in range(30)]
    put(*(chunk(name, "spooler") for name in random.Random(1).sample(names, 30)))
    assert ids(index.lexical("spooler", ALL, 7)) == [f"{name}#000" for name in names[:7]]


def test_an_impossible_k_is_refused_by_words(index: KnowledgeIndex) -> None:
    with pytest.raises(UsageError, match="10,000"):
        index.lexical("vpn", ALL, 0)
