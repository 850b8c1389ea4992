import logging
import zipfile
from pathlib import Path

import numpy as np
import pytest

from msp_core.knowledge.embedding_cache import CachedEmbedder, write_cache
from msp_core.knowledge.minilm import MiniLm

TEXTS = ["printer offline", "vpn drops", "naïve café", ""]


@pytest.fixture
def path(tmp_path: Path, embedder) -> Path:
    path = tmp_path / "data" / "embeddings.npz"
    assert write_cache(path, embedder, [*TEXTS, TEXTS[0]]) == 4
    embedder.texts.clear()
    return path


def test_hits_come_from_the_file_and_only_misses_are_computed(path: Path, embedder) -> None:
    cached = CachedEmbedder(embedder, path)
    vectors = cached.embed(["new text", *TEXTS])
    assert embedder.texts == ["new text"]
    assert np.abs(vectors - embedder.embed(["new text", *TEXTS])).max() <= 5e-4
    assert vectors.dtype == np.float32
    assert (cached.model_id, cached.dimension) == (embedder.model_id, embedder.dimension)


def test_the_model_is_not_loaded_when_all_is_cached(tmp_path: Path, minilm: MiniLm) -> None:
    path = tmp_path / "embeddings.npz"
    write_cache(path, minilm, TEXTS)
    fresh = MiniLm()
    CachedEmbedder(fresh, path).embed(TEXTS)
    assert fresh._loaded is None


def test_the_same_vectors_give_the_same_bytes_in_any_order(path: Path, embedder) -> None:
    before = path.read_bytes()
    write_cache(path, embedder, TEXTS[::-1])
    assert path.read_bytes() == before
    with zipfile.ZipFile(path) as archive:  # a time of writing would differ tomorrow
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_vectors_that_stay_are_kept_bit_by_bit(path: Path, embedder) -> None:
    before = path.read_bytes()
    write_cache(path, CachedEmbedder(embedder, path), TEXTS)
    assert embedder.texts == []
    assert path.read_bytes() == before


def test_another_model_has_no_hits(path: Path, embedder) -> None:
    embedder.model_id = "another"
    CachedEmbedder(embedder, path).embed(TEXTS)
    assert embedder.texts == TEXTS


@pytest.mark.parametrize("damage", ["cut", "text", "other arrays", "other length", "pickle"])
def test_a_damaged_or_foreign_file_is_ignored_with_a_warning(
    path: Path, embedder, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "text":
        path.write_text("not a cache")
    elif damage == "other arrays":
        np.savez(path, x=np.zeros(3))
    elif damage == "pickle":
        np.savez(path, keys=np.array([object()]), vectors=np.array([object()]))
    else:
        embedder.dimension = 8
    with caplog.at_level(logging.WARNING):
        vectors = CachedEmbedder(embedder, path).embed(TEXTS)
    assert embedder.texts == TEXTS
    assert vectors.shape == (4, embedder.dimension)
    assert "is ignored" in caplog.text


def test_a_missing_file_is_no_warning(
    tmp_path: Path, embedder, caplog: pytest.LogCaptureFixture
) -> None:
    CachedEmbedder(embedder, tmp_path / "none.npz").embed(TEXTS)
    assert embedder.texts == TEXTS
    assert caplog.text == ""


def test_a_failing_model_leaves_the_old_file_and_no_other(path: Path, embedder) -> None:
    before = path.read_bytes()

    class Failing:
        model_id, dimension = embedder.model_id, embedder.dimension

        def embed(self, texts: list[str]) -> np.ndarray:
            raise RuntimeError("no model")

    with pytest.raises(RuntimeError):
        write_cache(path, Failing(), TEXTS)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
