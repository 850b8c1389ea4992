"""What every knowledge index does; see conftest.py for how one joins."""

import random
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from msp_core.errors import ConfigurationError, InvalidInput, MspError, UsageError
from msp_core.knowledge.embedding import NamedSpace
from msp_core.knowledge.index import MAX_K, KnowledgeIndex
from tests.contract.indexes.conftest import Backend
from tests.fakes.knowledge import ALL, DIMENSION, chunk, filters, ids, labelled, vector_of


def test_what_an_index_is_not_able_to_do_it_refuses(index: KnowledgeIndex) -> None:
    if "lexical" not in index.capabilities:
        with pytest.raises(UsageError):
            index.lexical("vpn", ALL, 5)
    if "hybrid" not in index.capabilities:
        with pytest.raises(UsageError):
            index.hybrid("vpn", vector_of("vpn"), ALL, 5)


def test_an_empty_index_answers_with_nothing(index: KnowledgeIndex) -> None:
    assert index.dense(vector_of("vpn"), ALL, 5) == []
    assert index.get(["x#000"]) == index.get([]) == {}
    assert list(index.export()) == []
    assert index.document_hashes() == {}
    index.delete(["unknown"])
    index.delete([])
    stats = index.stats()
    assert (stats.documents, stats.chunks) == (0, 0)
    assert (stats.model_id, stats.dimension) == ("hash-words", DIMENSION)
    assert index.is_empty()
    assert index.health().ok
    assert index.verify() == []


def test_what_was_stored_comes_back(
    index: KnowledgeIndex, put: Callable[..., None], backend: Backend
) -> None:
    first = chunk("d1", "vpn drops\n«ß»", customer_id="a", superseded_by="d2", audience="internal")
    second = chunk("d1", "second", 1, content_hash=first.content_hash, heading="")
    other = chunk("d2", "printer", category=None)
    put(first, second, other)
    assert index.document_hashes() == {"d1": first.content_hash, "d2": "hash of printer"}
    found = index.get(["d1#000", "nope"])
    assert {name: record.chunk for name, record in found.items()} == {"d1#000": first}
    assert found["d1#000"].vector == pytest.approx(vector_of(first.searchable), abs=1e-6)
    exported = {record.chunk.chunk_id: record.chunk for record in backend.open().export()}
    assert exported == {item.chunk_id: item for item in (first, second, other)}
    assert (index.stats().documents, index.stats().chunks) == (2, 3)
    assert not index.is_empty()


def test_creating_again_keeps_what_is_there(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    put(chunk("d1", "vpn"))
    index.create()
    assert index.stats().chunks == 1


def test_a_document_is_replaced_whole(
    index: KnowledgeIndex, put: Callable[..., None], backend: Backend
) -> None:
    put(chunk("d1", "vpn drops"), chunk("d1", "vpn tunnel", 1), chunk("d2", "printer"))
    put(chunk("d1", "scanner"))
    assert sorted(ids(index.dense(vector_of("vpn"), ALL, 5))) == ["d1#000", "d2#000"]
    assert index.get(["d1#000", "d1#001"])["d1#000"].chunk.text == "scanner"
    index.delete(["d1", "unknown"])
    backend.settle()
    assert set(index.document_hashes()) == {"d2"}
    assert ids(index.dense(vector_of("scanner"), ALL, 5)) == ["d2#000"]
    index.compact()
    assert ids(index.dense(vector_of("scanner"), ALL, 5)) == ["d2#000"]
    assert index.verify() == []


def test_the_same_write_again_changes_nothing(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    chunks = [chunk(f"d{i}", f"vpn {i}") for i in range(5)]
    put(*chunks)
    before = index.document_hashes(), index.dense(vector_of("vpn 3"), ALL, 9)
    put(*chunks)
    assert (index.document_hashes(), index.dense(vector_of("vpn 3"), ALL, 9)) == before
    assert index.stats().chunks == 5


def test_a_removed_index_is_empty_and_can_be_used_again(
    index: KnowledgeIndex, put: Callable[..., None], backend: Backend
) -> None:
    put(chunk("d1", "vpn"))
    assert len(index.dense(vector_of("vpn"), ALL, 5)) == 1
    index.remove()
    index.create()
    backend.settle()
    assert index.stats().chunks == 0
    put(chunk("d2", "vpn"))
    assert ids(index.dense(vector_of("vpn"), ALL, 5)) == ["d2#000"]


@pytest.mark.parametrize(
    "name",
    [
        "article:x y",
        "d/../e?&=%20",
        "d'\"`{}[]()\\",
        "Ünïcode",
        "U\u0308ni",  # decomposed; another id than its composed form
        "日本語",
        "👩‍👧",
        "a\u202eb",
        "d#000",
        "x" * 300,
        "*",
        "_id",
        "null",
    ],
)
def test_any_id_is_kept_as_it_is(
    index: KnowledgeIndex, put: Callable[..., None], backend: Backend, name: str
) -> None:
    item = chunk(name, "vpn")
    put(item, chunk("Üni", "other"), chunk("plain", "printer"))
    assert name in index.document_hashes()
    assert index.get([item.chunk_id])[item.chunk_id].chunk == item
    only = replace(ALL, only_documents=frozenset({name}))
    assert ids(index.dense(vector_of("vpn"), only, 5)) == [item.chunk_id]
    without = replace(ALL, exclude_documents=frozenset({name}))
    assert sorted(ids(index.dense(vector_of("vpn"), without, 5))) == ["plain#000", "Üni#000"]
    index.delete([name])
    backend.settle()
    assert sorted(index.document_hashes()) == ["plain", "Üni"]


def test_every_filter_agrees_with_the_rule(index: KnowledgeIndex, put: Callable[..., None]) -> None:
    chunks = labelled()
    put(*chunks)
    sizes = set()
    for wanted in filters():
        expected = sorted(item.chunk_id for item in chunks if wanted.allows(item))
        sizes.add(len(expected))
        assert sorted(ids(index.dense(vector_of("vpn"), wanted, 100))) == expected
    assert max(sizes) > 15


def test_what_the_filter_forbids_uses_up_no_place(
    index: KnowledgeIndex, put: Callable[..., None]
) -> None:
    near = [chunk(f"n{i:02d}", "vpn", customer_id="foreign") for i in range(40)]
    put(*near, chunk("far", "printer coffee tea", customer_id="a"))
    assert ids(index.dense(vector_of("Title - Heading vpn"), ALL, 3)) == ["far#000"]


def test_the_nearest_stand_first(index: KnowledgeIndex, backend: Backend) -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(60, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index.upsert([chunk(f"d{i:03d}", "x", customer_id="ab"[i % 2]) for i in range(60)], vectors)
    backend.settle()
    for customers, rows in (("ab", range(60)), ("a", range(0, 60, 2))):
        wanted = replace(ALL, customers=frozenset(customers))
        cosines = vectors[list(rows)] @ vectors[5]
        best = np.argsort(-cosines)[:10]
        hits = index.dense(vectors[5], wanted, 10)
        assert ids(hits) == [f"d{list(rows)[i]:03d}#000" for i in best]
        assert [hit.score for hit in hits] == pytest.approx(cosines[best], abs=1e-4)


def test_equal_scores_go_by_chunk_id(index: KnowledgeIndex, put: Callable[..., None]) -> None:
    names = [f"d{i:02d}" for i in range(30)]
    put(*(chunk(name, "spooler") for name in random.Random(1).sample(names, 30)))
    expected = [f"{name}#000" for name in names[:7]]
    assert ids(index.dense(vector_of("spooler"), ALL, 7)) == expected


@pytest.mark.parametrize("k", [0, -1, MAX_K + 1])
def test_an_impossible_k_is_refused(index: KnowledgeIndex, k: int) -> None:
    with pytest.raises(UsageError, match="10,000"):
        index.dense(vector_of("vpn"), ALL, k)


def test_the_largest_k_is_taken(index: KnowledgeIndex, put: Callable[..., None]) -> None:
    put(chunk("d1", "vpn"))
    assert len(index.dense(vector_of("vpn"), ALL, MAX_K)) == 1


@pytest.mark.parametrize("bad", ["nan", "infinite", "zero", "long", "dimension", "count"])
def test_unusable_vectors_are_refused_and_nothing_is_stored(
    index: KnowledgeIndex, backend: Backend, bad: str
) -> None:
    vectors = np.stack([vector_of("a"), vector_of("b")])
    if bad == "dimension":
        vectors = np.ascontiguousarray(vectors[:, :8])
    elif bad == "count":
        vectors = vectors[:1]
    else:
        factor = {"nan": np.nan, "infinite": np.inf, "zero": 0.0, "long": 3.0}[bad]
        vectors[1] *= np.float32(factor)
    with pytest.raises(InvalidInput):
        index.upsert([chunk("d1", "a"), chunk("d2", "b")], vectors)
    backend.settle()
    assert index.stats().chunks == 0


@pytest.mark.parametrize("bad", ["nan", "zero", "long", "dimension"])
def test_an_unusable_vector_of_a_question_is_refused(
    index: KnowledgeIndex, put: Callable[..., None], bad: str
) -> None:
    put(chunk("d1", "vpn"))
    factor = {"nan": np.nan, "zero": 0.0, "long": 3.0, "dimension": 1.0}[bad]
    vector = vector_of("vpn")[: DIMENSION // 2 if bad == "dimension" else None] * np.float32(factor)
    with pytest.raises(InvalidInput, match="Use the embedder"):
        index.dense(vector, ALL, 1)
    if "hybrid" in index.capabilities:
        with pytest.raises(InvalidInput, match="Use the embedder"):
            index.hybrid("vpn", vector, ALL, 1)


def test_another_object_and_thread_see_a_write(
    index: KnowledgeIndex, put: Callable[..., None], backend: Backend
) -> None:
    other = backend.open()
    put(chunk("d1", "vpn"))
    seen: list[list[str]] = []
    thread = threading.Thread(
        target=lambda: seen.append(ids(other.dense(vector_of("vpn"), ALL, 5)))
    )
    thread.start()
    thread.join()
    assert seen == [["d1#000"]]
    other.delete(["d1"])
    backend.settle()
    assert index.dense(vector_of("vpn"), ALL, 5) == []


def test_threads_read_and_write_together(index: KnowledgeIndex, backend: Backend) -> None:
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            for i in range(5):
                index.upsert([chunk(f"d{number}-{i}", "vpn")], vector_of("vpn")[None, :])
                index.dense(vector_of("vpn"), ALL, 100)
        except MspError as error:  # a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    backend.settle()
    assert failures == []
    assert index.stats().chunks == 20


@pytest.mark.parametrize(
    "other", [NamedSpace("other-model", DIMENSION), NamedSpace("hash-words", 8)]
)
def test_an_index_of_another_embedder_asks_for_a_rebuild(
    put: Callable[..., None], backend: Backend, other: NamedSpace
) -> None:
    put(chunk("d1", "vpn"))
    foreign = backend.open(other)
    vector = np.eye(1, other.dimension, dtype=np.float32)[0]
    with pytest.raises(ConfigurationError, match="msp ingest --rebuild"):
        foreign.dense(vector, ALL, 5)
    with pytest.raises(ConfigurationError):
        foreign.upsert([chunk("d2", "x")], vector[None, :])
    with pytest.raises(ConfigurationError):
        foreign.create()
    foreign.remove()
    foreign.create()
    backend.settle()
    assert foreign.stats().chunks == 0
