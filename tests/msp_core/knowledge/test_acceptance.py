from dataclasses import replace

import numpy as np
import pytest

from msp_core.knowledge.acceptance import MAX_CHARACTERS, refusal
from msp_core.knowledge.document import Part, text_document
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.tiers import Tiers
from tests.fakes.knowledge import HashEmbedder

GOOD = text_document("article:größe 日本語 👩‍👧", "Title", "Text.")
BAD = {
    "surrogate in the text": replace(GOOD, document_id="bad", text="half \ud83d"),
    "surrogate in the id": replace(GOOD, document_id="bad\udc80"),
    "NUL in the id": replace(GOOD, document_id="bad\0"),
    "no id": replace(GOOD, document_id=""),
    "long id": replace(GOOD, document_id="é" * 257),
    "long title": replace(GOOD, document_id="bad", title="日" * 700),
    "labels over 2 KB": replace(GOOD, document_id="bad", category="x" * 1800),
    "long heading": replace(GOOD, document_id="bad", parts=(Part("日" * 700, "public", ()),)),
    "20 MB": replace(GOOD, document_id="bad", text="word " * 4_000_000),
}


@pytest.mark.parametrize("name", BAD)
def test_a_document_that_cannot_be_stored_everywhere_is_set_aside(
    tiers: Tiers, embedder: HashEmbedder, name: str
) -> None:
    report = ingest([BAD[name], GOOD], tiers, embedder)
    assert set(tiers.cold.document_hashes()) == {GOOD.document_id}
    (row,) = report.quarantined
    assert ":" in row.reason
    row.path.encode()


def test_what_just_fits_is_taken() -> None:
    assert (
        refusal(replace(GOOD, text="x" * MAX_CHARACTERS, title="", document_id="y" * 512)) is None
    )


def test_one_unusable_vector_sets_one_document_aside(tiers: Tiers) -> None:
    class Faulty(HashEmbedder):
        def embed(self, texts):
            vectors = super().embed(texts)
            for row, text in enumerate(texts):
                if "poison" in text:
                    vectors[row] = np.nan
            return vectors

    documents = [text_document(f"d{i}", "T", f"## A\ntext {i}\n## B\nmore") for i in range(3)]
    ingest(documents, tiers, HashEmbedder())
    documents[1] = text_document("d1", "T", "## A\nfine\n## B\npoison")
    report = ingest(documents, tiers, Faulty())
    assert [row.path for row in report.quarantined] == ["d1"]
    assert set(tiers.cold.document_hashes()) == {"d0", "d2"}
    assert set(tiers.hot.document_hashes()) == {"d0", "d2"}
    assert set(tiers.statistics.documents()) == {"d0", "d2"}
