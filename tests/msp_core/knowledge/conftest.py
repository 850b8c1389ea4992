"""What the tests of this folder share."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from msp_core.knowledge.minilm import MiniLm
from msp_core.knowledge.tiers import Tiers
from tests.fakes.knowledge import HashEmbedder, make_tiers

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


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def tiers(tmp_path: Path) -> Tiers:
    """Both tiers for vectors of dimension 16, without files yet."""
    return make_tiers(tmp_path)


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
