from collections.abc import Collection
from dataclasses import replace

import pytest

from msp_core import failpoints
from msp_core.knowledge.article import Quarantined
from msp_core.knowledge.document import document_chunks, text_document
from msp_core.knowledge.index import Filter
from msp_core.knowledge.ingestion import BATCH_CHUNKS, IngestReport, ingest, ingest_changed
from msp_core.knowledge.tiering.writer import promote
from msp_core.knowledge.tiers import Tiers

ALL = Filter(customers=frozenset({"a"}), audiences=frozenset({"public", "internal"}))
DOCUMENTS = [text_document(f"d{i}", f"Title {i}", f"# Fix\nText {i}.") for i in range(4)]

INTERNAL = text_document("d0", "Title 0", "# Fix\nText 0.", audience="internal")
DOCUMENT_IDS = [document.document_id for document in DOCUMENTS]


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.deleted


def test_only_what_changed_is_done(tiers: Tiers, embedder) -> None:
    assert counts(ingest(DOCUMENTS, tiers, embedder)) == (4, 0, 0, 0)
    assert len(embedder.texts) == 4
    embedder.texts.clear()

    assert counts(ingest(DOCUMENTS, tiers, embedder)) == (0, 0, 4, 0)
    assert embedder.texts == []

    edited = [text_document("d0", "Title 0", "# Fix\nNew words."), *DOCUMENTS[2:]]
    report = ingest([*edited, text_document("d9", "Added", "x")], tiers, embedder)
    assert counts(report) == (1, 1, 2, 1)
    assert report.chunks == 2
    assert embedder.texts == ["Title 0 - Fix\nNew words.", "Added\nx"]
    assert set(tiers.cold.document_hashes()) == {"d0", "d2", "d3", "d9"}


def test_who_may_see_a_document_is_part_of_what_changed(tiers: Tiers, embedder) -> None:
    ingest(DOCUMENTS, tiers, embedder)
    ingest([replace(DOCUMENTS[0], customer_id="b"), *DOCUMENTS[1:]], tiers, embedder)
    assert tiers.hot.lexical("title 0", replace(ALL, only_documents=frozenset({"d0"})), 5) == []


def test_an_old_version_leaves_the_hot_tier_before_the_cold_one_changes(
    tiers: Tiers, embedder
) -> None:
    ingest(DOCUMENTS, tiers, embedder)

    def kill(name: str) -> None:
        if name == "ingest.cold_written":
            raise KeyboardInterrupt

    failpoints.install(kill)
    try:
        with pytest.raises(KeyboardInterrupt):
            ingest([INTERNAL], tiers, embedder)
    finally:
        failpoints.install(None)
    assert "d0" not in tiers.hot.document_hashes()


def test_what_is_told_as_changed_is_hot_only_if_it_was(tiers: Tiers, embedder) -> None:
    ingest(DOCUMENTS[:2], tiers, embedder, choose_hot=lambda sizes: frozenset({"d0"}))
    changed = [text_document(f"d{i}", f"Title {i}", "other") for i in range(3)]
    assert ingest_changed(changed, (), tiers, embedder) == []
    assert len(tiers.cold.document_hashes()) == 3
    assert tiers.hot.document_hashes() == {"d0": changed[0].content_hash}


def test_no_old_version_becomes_hot_while_an_ingestion_writes(tiers: Tiers, embedder) -> None:
    ingest(DOCUMENTS, tiers, embedder, choose_hot=lambda sizes: frozenset())

    class BetweenReadAndWrite:
        """The hot tier, before whose write another process changes one document, deletes one."""

        def upsert(self, chunks, vectors) -> None:
            ingest([INTERNAL, *DOCUMENTS[2:]], tiers, embedder)
            tiers.hot.delete(DOCUMENT_IDS)
            tiers.hot.upsert(chunks, vectors)

        def delete(self, document_ids: Collection[str]) -> None:
            tiers.hot.delete(document_ids)

    ingest(DOCUMENTS, tiers, embedder)
    racing = replace(tiers, hot=BetweenReadAndWrite())  # type: ignore[arg-type]
    assert promote(racing, dict.fromkeys(DOCUMENT_IDS, 1)) == {"d2", "d3"}
    assert set(tiers.hot.document_hashes()) == {"d2", "d3"}


def test_a_chunk_is_a_slice_of_its_document() -> None:
    text = "Intro.\n\n# One\nFirst.\n\n# Two\nSecond."
    chunks = document_chunks(text_document("d", "Title", text, customer_id="a"))
    assert [(c.chunk_id, c.heading, c.text) for c in chunks] == [
        ("d#000", "", "Intro."),
        ("d#001", "One", "First."),
        ("d#002", "Two", "Second."),
    ]
    assert all(text[c.start : c.end] == c.text and c.customer_id == "a" for c in chunks)
    assert chunks[0].searchable == "Title\nIntro."


def test_a_second_document_with_the_same_id_is_quarantined(tiers: Tiers, embedder) -> None:
    before = [Quarantined("kb/bad.md", "not UTF-8")]
    report = ingest(
        [DOCUMENTS[0], text_document("d0", "Other", "x")], tiers, embedder, quarantined=before
    )
    assert counts(report) == (1, 0, 0, 0)
    assert report.quarantined == (*before, Quarantined("d0", "another document has the same id"))
    assert tiers.hot.lexical("other", ALL, 5) == []


def test_killed_in_the_middle_it_goes_on_from_there(tiers: Tiers, embedder) -> None:
    documents = [text_document(f"d{i:03d}", f"Title {i}", "# A\na\n# B\nb") for i in range(300)]

    def kill(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(documents, tiers, embedder, progress=kill)
    stats = tiers.cold.stats()
    assert 0 < stats.documents < 300
    assert stats.chunks == 2 * stats.documents == BATCH_CHUNKS

    seen: list[tuple[int, int]] = []
    report = ingest(documents, tiers, embedder, progress=lambda *at: seen.append(at))
    assert counts(report) == (300 - stats.documents, 0, stats.documents, 0)
    assert seen[0] == (stats.documents, 300)
    assert seen[-1] == (300, 300)
    assert len(embedder.texts) == 600


def test_nothing_given_empties_the_index(tiers: Tiers, embedder) -> None:
    ingest(DOCUMENTS, tiers, embedder)
    assert counts(ingest([], tiers, embedder)) == (0, 0, 0, 4)
    assert tiers.cold.stats().chunks == 0
