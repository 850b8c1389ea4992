"""What the tests of this folder share."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from msp_core.knowledge.embedded import EmbeddedIndex
from msp_core.knowledge.minilm import MiniLm

ARTICLE = """---
id: {id}
title: Printer shows offline
category: Hardware
tags: [printer, 0x0000011b, 365]
updated: 2026-03-14
audience: public
{extra}---
## Symptoms

The printer is grey.

## Fix

Restart the `Print Spooler` service.
"""


class HashEmbedder:
    """Vectors by the hash of each word; counts what it was asked."""

    model_id = "hash-words"
    dimension = 16

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.texts += texts
        result = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                result[row, hashlib.sha256(word.encode()).digest()[0] % self.dimension] += 1
        unit: npt.NDArray[np.float32] = result / np.linalg.norm(result, axis=1, keepdims=True)
        return unit


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def index(tmp_path: Path) -> EmbeddedIndex:
    """An index of vectors of dimension 16, without a file yet."""
    return EmbeddedIndex(
        tmp_path / "state" / "knowledge.sqlite", model_id="hash-words", dimension=16
    )


@pytest.fixture(scope="session")
def minilm() -> MiniLm:
    return MiniLm()


@pytest.fixture(scope="session")
def reference() -> tuple[list[str], npt.NDArray[np.float32]]:
    """Texts and the vectors that sentence-transformers gives them."""
    content = json.loads(
        Path(__file__).with_name("minilm_vectors.json").read_text(encoding="utf-8")
    )
    return content["texts"], np.array(content["vectors"], dtype=np.float32)


@pytest.fixture
def article_text() -> str:
    """A valid article's file, but for `{id}` and further front matter in `{extra}`."""
    return ARTICLE
