"""What every knowledge index does that fuses words and meaning by itself."""

import itertools
from collections.abc import Callable

import pytest

from msp_core.knowledge.index import KnowledgeIndex
from tests.contract.indexes.conftest import WITH_FUSION
from tests.fakes.knowledge import ALL, chunk, filters, ids, labelled, vector_of

pytestmark = pytest.mark.parametrize("backend", WITH_FUSION, indirect=True)


def test_it_says_that_it_is_able(index: KnowledgeIndex) -> None:
    assert "hybrid" in index.capabilities


def test_fused_hits_come_from_both_searches(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    put(
        chunk("both", "spooler restart"),
        chunk("word", "spooler " + "coffee tea cup milk sugar " * 5),
        chunk("none", "coffee tea"),
    )
    hits = index.hybrid("spooler restart", vector_of("Title - Heading\nspooler restart"), ALL, 3)
    assert ids(hits)[0] == "both#000"
    assert set(ids(hits)) == {"both#000", "word#000", "none#000"}
    assert 1.001 >= hits[0].score > hits[1].score >= hits[2].score >= 0


def test_without_a_word_in_common_meaning_alone_decides(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    put(chunk("d1", "spooler"), chunk("d2", "coffee"))
    vector = vector_of("Title - Heading\nspooler")
    assert ids(index.hybrid("zzzz", vector, ALL, 2))[0] == "d1#000"


def test_fused_hits_respect_every_filter(index: KnowledgeIndex, put: Callable[..., None]) -> None:
    chunks = labelled()
    put(*chunks)
    for wanted in itertools.islice(filters(), 0, None, 3):
        expected = sorted(item.chunk_id for item in chunks if wanted.allows(item))
        assert sorted(ids(index.hybrid("vpn", vector_of("vpn"), wanted, 100))) == expected
