"""What tests of the knowledge indexes share: an embedder without a model, chunks, filters."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from msp_core.bootstrap.knowledge import local_tiers
from msp_core.knowledge.embedding import NamedSpace, Purpose
from msp_core.knowledge.index import Chunk, Filter, Hit
from msp_core.knowledge.tiers import Tiers

DIMENSION = 16
SPACE = NamedSpace("hash-words", DIMENSION)
ALL = Filter(customers=frozenset({"a", "b"}), audiences=frozenset({"public", "internal"}))


class HashEmbedder:
    """Vectors by the hash of each word; counts what it was asked."""

    model_id = SPACE.model_id
    dimension = SPACE.dimension

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(
        self, texts: Sequence[str], *, purpose: Purpose = "document"
    ) -> npt.NDArray[np.float32]:
        self.texts += texts
        result = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
                result[row, digest[0] % self.dimension] += 1
        unit: npt.NDArray[np.float32] = result / np.linalg.norm(result, axis=1, keepdims=True)
        return unit


def vector_of(text: str) -> npt.NDArray[np.float32]:
    return HashEmbedder().embed([text])[0]


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
    return replace(base, **changes)  # type: ignore[arg-type]


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk_id for hit in hits]


def make_tiers(folder: Path, embedder: HashEmbedder | None = None) -> Tiers:
    """Embedded tiers in a folder; another object over the same files at each call."""
    return local_tiers(folder / "knowledge", embedder or HashEmbedder())


def content(tiers: Tiers) -> str:
    """One hash of everything that both tiers and the statistics hold."""
    total = hashlib.sha256()
    for index in (tiers.hot, tiers.cold):
        records = {record.chunk.chunk_id: record for record in index.export()}
        for chunk_id in sorted(records):
            total.update(repr(records[chunk_id].chunk).encode())
            total.update(records[chunk_id].vector.tobytes())
        total.update(b"|")
    total.update(repr(sorted(tiers.statistics.documents().items())).encode())
    total.update(repr(tiers.statistics.verify()).encode())
    return total.hexdigest()


def filters() -> Iterator[Filter]:
    """Every kind of filter on the chunks of `labelled`."""
    for fields in itertools.product(
        (frozenset(), frozenset({"a"}), frozenset({"a", "b", "unknown"})),
        (frozenset(), frozenset({"public"}), frozenset({"public", "internal"})),
        (frozenset(), frozenset({"d0", "d6", "nope"})),
        (None, frozenset(), frozenset({"d0", "d1", "d6", "d7"})),
        (None, frozenset(), frozenset({"Network"})),
    ):
        yield Filter(*fields)


def labelled() -> list[Chunk]:
    """A chunk for each combination of labels, all with the same text."""
    labels = itertools.product(
        (None, "a", "b", "c"), ("public", "internal"), (None, "Network", "Software")
    )
    return [
        chunk(f"d{i}", "vpn", customer_id=customer, audience=audience, category=category)
        for i, (customer, audience, category) in enumerate(labels)
    ]
