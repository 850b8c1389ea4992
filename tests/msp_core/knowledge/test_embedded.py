import itertools
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msp_core.errors import ConfigurationError, CorruptData, MspError
from msp_core.knowledge.embedded import EmbeddedIndex
from msp_core.knowledge.index import Chunk, Filter, Hit

ALL = Filter(customers=frozenset({"a", "b"}), audiences=frozenset({"public", "internal"}))


def chunk(document_id: str, text: str, number: int = 0, **changes: object) -> Chunk:
    base = Chunk(
        chunk_id=f"{document_id}#{number:03d}",
        document_id=document_id,
        title="Title",
        heading="Heading",
        text=text,
        start=0,
        end=len(text),
        audience="public",
        customer_id=None,
        category="Network",
        superseded_by=None,
        content_hash=f"hash of {text}",
    )
    return replace(base, **changes)


@pytest.fixture
def put(index: EmbeddedIndex, embedder) -> Callable[..., None]:
    def put(*chunks: Chunk) -> None:
        index.upsert(chunks, embedder.embed([item.searchable for item in chunks]))

    return put


def ids(hits: list[Hit]) -> list[str]:
    return [hit.chunk_id for hit in hits]


def test_an_empty_index_answers_with_nothing(index: EmbeddedIndex, embedder) -> None:
    vector = embedder.embed(["vpn"])[0]
    assert index.lexical("vpn", ALL, 5) == index.dense(vector, ALL, 5) == []
    assert index.rescore("vpn", vector, ["x#000"]) == index.chunks(["x#000"]) == {}
    assert index.document_hashes() == {}
    index.delete(["unknown"])
    assert (index.stats().documents, index.stats().chunks) == (0, 0)


def test_what_was_stored_comes_back(index: EmbeddedIndex, put) -> None:
    first = chunk("d1", "vpn drops", customer_id="a", superseded_by="d2", audience="internal")
    put(
        first,
        chunk("d1", "second", 1, content_hash=first.content_hash),
        chunk("d2", "printer", category=None),
    )
    assert index.document_hashes() == {"d1": "hash of vpn drops", "d2": "hash of printer"}
    assert index.chunks(["d1#000", "nope"]) == {"d1#000": first}
    stats = index.stats()
    assert (stats.documents, stats.chunks, stats.model_id, stats.dimension) == (
        2,
        3,
        "hash-words",
        16,
    )


def test_a_document_is_replaced_whole(index: EmbeddedIndex, put, embedder) -> None:
    put(chunk("d1", "vpn drops"), chunk("d1", "vpn tunnel", 1), chunk("d2", "printer"))
    put(chunk("d1", "scanner"))
    assert index.lexical("vpn", ALL, 5) == []
    assert ids(index.lexical("scanner", ALL, 5)) == ["d1#000"]
    assert sorted(ids(index.dense(embedder.embed(["vpn"])[0], ALL, 5))) == ["d1#000", "d2#000"]
    index.delete(["d1", "unknown"])
    assert set(index.document_hashes()) == {"d2"}
    assert index.lexical("scanner", ALL, 5) == []


def test_words_match_by_stem_and_better_scores_stand_first(index: EmbeddedIndex, put) -> None:
    put(
        chunk("d1", "the tunnel dropped and dropped"), chunk("d2", "a drop of coffee in a long cup")
    )
    hits = index.lexical("Why does it keep dropping?", ALL, 5)
    assert ids(hits) == ["d1#000", "d2#000"]
    assert hits[0].score > hits[1].score > 0
    assert ids(index.lexical("dropping", ALL, 1)) == ["d1#000"]


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "vpn AND",
        "NEAR(",
        "text:vpn",
        "vpn*",
        "-vpn ^",
        "'; DROP TABLE chunks; --",
        "(((",
        "\x00",
    ],
)
def test_operators_mean_nothing(index: EmbeddedIndex, put, query: str) -> None:
    put(chunk("d1", "vpn text drop"), chunk("d2", "printer"))
    assert len(index.lexical(query, ALL, 5)) <= 1
    assert index.stats().chunks == 2


def test_words_in_most_chunks_are_not_searched_unless_there_is_no_other(
    index: EmbeddedIndex, put
) -> None:
    put(*(chunk(f"d{i:02d}", "server" if i else "server spooler") for i in range(40)))
    assert ids(index.lexical("server spooler", ALL, 50)) == ["d00#000"]
    assert len(index.lexical("server", ALL, 50)) == 40


def test_equal_scores_go_by_chunk_id_in_both_searches(index: EmbeddedIndex, put, embedder) -> None:
    names = [f"d{i:02d}" for i in range(30)]
    put(*(chunk(name, "spooler") for name in random.Random(1).sample(names, 30)))
    expected = [f"{name}#000" for name in names[:7]]
    assert ids(index.lexical("spooler", ALL, 7)) == expected
    assert ids(index.dense(embedder.embed(["spooler"])[0], ALL, 7)) == expected


def test_every_filter_agrees_with_the_rule(index: EmbeddedIndex, put, embedder) -> None:
    labels = itertools.product(
        (None, "a", "b", "c"), ("public", "internal"), (None, "Network", "Software")
    )
    chunks = [
        chunk(f"d{i}", "vpn", customer_id=customer, audience=audience, category=category)
        for i, (customer, audience, category) in enumerate(labels)
    ]
    put(*chunks)
    vector = embedder.embed(["vpn"])[0]
    choices = itertools.product(
        (frozenset(), frozenset({"a"}), frozenset({"a", "b", "unknown"})),
        (frozenset(), frozenset({"public"}), frozenset({"public", "internal"})),
        (frozenset(), frozenset({"d0", "d6", "nope"})),
        (None, frozenset(), frozenset({"d0", "d1", "d6", "d7"})),
        (None, frozenset(), frozenset({"Network"})),
    )
    sizes = set()
    for fields in choices:
        wanted = Filter(*fields)
        expected = sorted(item.chunk_id for item in chunks if wanted.allows(item))
        sizes.add(len(expected))
        assert sorted(ids(index.lexical("vpn", wanted, 100))) == expected
        assert sorted(ids(index.dense(vector, wanted, 100))) == expected
    assert max(sizes) > 15


def test_dense_search_is_exact(index: EmbeddedIndex) -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chunks = [chunk(f"d{i:03d}", "x", customer_id="ab"[i % 2]) for i in range(300)]
    index.upsert(chunks, vectors)
    for wanted, rows in (
        (ALL, range(300)),
        (replace(ALL, customers=frozenset("a")), range(0, 300, 2)),
    ):
        cosines = vectors[list(rows)] @ vectors[5]
        best = np.argsort(-cosines)[:10]
        hits = index.dense(vectors[5], wanted, 10)
        assert ids(hits) == [f"d{list(rows)[i]:03d}#000" for i in best]
        assert [hit.score for hit in hits] == pytest.approx(cosines[best], abs=2e-6)


def test_rescoring_gives_the_scores_of_the_searches_and_the_words(
    index: EmbeddedIndex, put, embedder
) -> None:
    put(chunk("d1", "VPN drops, drops; tunnel dropped"), chunk("d2", "printer"))
    vector = embedder.embed(["vpn drop"])[0]
    evidence = index.rescore("vpn drop", vector, ["d1#000", "d2#000", "nope"])
    assert set(evidence) == {"d1#000", "d2#000"}
    assert evidence["d1#000"].terms == ("vpn", "drops", "dropped")
    assert evidence["d1#000"].lexical == index.lexical("vpn drop", ALL, 1)[0].score
    assert (evidence["d2#000"].lexical, evidence["d2#000"].terms) == (0.0, ())
    by_id = {hit.chunk_id: hit.score for hit in index.dense(vector, ALL, 5)}
    assert {name: item.cosine for name, item in evidence.items()} == by_id
    assert index.rescore("vpn drop", None, ["d1#000"])["d1#000"].cosine is None


def test_wrong_vectors_are_refused_and_nothing_is_stored(index: EmbeddedIndex) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        index.upsert([chunk("d1", "x")], np.zeros((1, 8), dtype=np.float32))
    assert index.stats().chunks == 0


def test_a_failed_write_leaves_the_old_document(index: EmbeddedIndex, put, embedder) -> None:
    put(chunk("d1", "vpn"))
    twice = [chunk("d1", "scanner"), chunk("d1", "same id")]
    with pytest.raises(sqlite3.IntegrityError):
        index.upsert(twice, embedder.embed(["scanner", "same id"]))
    assert ids(index.lexical("vpn", ALL, 5)) == ["d1#000"]
    assert index.lexical("scanner", ALL, 5) == []


def test_a_write_by_another_is_seen_at_once(index: EmbeddedIndex, put, embedder) -> None:
    put(chunk("d1", "vpn"))
    vector = embedder.embed(["vpn"])[0]
    assert len(index.dense(vector, ALL, 5)) == 1
    other = EmbeddedIndex(index._path, model_id="hash-words", dimension=16)
    other.upsert([chunk("d2", "vpn")], embedder.embed(["vpn"]))
    assert len(index.dense(vector, ALL, 5)) == 2
    other.remove()
    other.upsert([chunk("d3", "vpn")], embedder.embed(["vpn"]))
    assert ids(index.dense(vector, ALL, 5)) == ["d3#000"]


def test_threads_read_and_write_together(index: EmbeddedIndex, embedder) -> None:
    vector = embedder.embed(["vpn"])[0]
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            for i in range(10):
                document = f"d{number}-{i}"
                index.upsert([chunk(document, "vpn")], vector[None, :])
                assert f"{document}#000" in ids(index.dense(vector, ALL, 100))
                assert f"{document}#000" in ids(index.lexical("vpn", ALL, 100))
        except (AssertionError, MspError) as error:  # a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert index.stats().chunks == 40


def test_an_index_of_another_embedder_asks_for_a_rebuild(
    index: EmbeddedIndex, put, embedder
) -> None:
    put(chunk("d1", "vpn"))
    other = EmbeddedIndex(index._path, model_id="other-model", dimension=16)
    with pytest.raises(ConfigurationError, match="msp ingest --rebuild") as caught:
        other.lexical("vpn", ALL, 5)
    assert "hash-words" in str(caught.value)
    assert "other-model" in str(caught.value)
    with pytest.raises(ConfigurationError):
        other.upsert([chunk("d2", "x")], embedder.embed(["x"]))
    other.remove()
    assert other.stats().chunks == 0


def test_a_newer_format_is_refused(index: EmbeddedIndex, put) -> None:
    put(chunk("d1", "vpn"))
    with sqlite3.connect(index._path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(CorruptData, match="Update msp"):
        EmbeddedIndex(index._path, model_id="hash-words", dimension=16).stats()


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 50, None])
def test_a_damaged_file_names_the_command_and_can_be_removed(
    index: EmbeddedIndex, put, content: bytes | None
) -> None:
    put(*(chunk(f"d{i}", "vpn " * 200) for i in range(50)))
    with sqlite3.connect(index._path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = index._path.read_bytes()
    index._path.write_bytes(content or whole[:4096] + b"\xff" * (len(whole) - 4096))
    fresh = EmbeddedIndex(index._path, model_id="hash-words", dimension=16)
    with pytest.raises(CorruptData, match="msp ingest --rebuild"):
        fresh.lexical("vpn", ALL, 5)
    fresh.remove()
    assert fresh.stats().chunks == 0


def test_a_vector_of_a_wrong_length_is_damage(index: EmbeddedIndex, put, embedder) -> None:
    put(chunk("d1", "vpn"))
    with sqlite3.connect(index._path) as connection:
        connection.execute("UPDATE chunks SET vector = x'00'")
    with pytest.raises(CorruptData, match="wrong length"):
        index.dense(embedder.embed(["vpn"])[0], ALL, 5)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    index = EmbeddedIndex(tmp_path / "file" / "k.sqlite", model_id="m", dimension=16)
    with pytest.raises(ConfigurationError, match="MSP_STATE_DIR"):
        index.stats()


def test_importing_loads_no_heavy_library() -> None:
    code = (
        "import sys, msp_core.knowledge.minilm, msp_core.knowledge.retriever;"
        "heavy = {'numpy', 'tokenizers', 'safetensors', 'pandas', 'strands'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
