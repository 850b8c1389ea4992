import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from msp_core.errors import ConfigurationError, CorruptData
from msp_core.knowledge import minilm as module
from msp_core.knowledge.minilm import SHIPPED_MODEL_ID, MiniLm

Reference = tuple[list[str], np.ndarray]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped model, its weights by symbolic link."""
    shipped = module._shipped_folder()
    copy = tmp_path / "my-model"
    shutil.copytree(shipped, copy, ignore=shutil.ignore_patterns("model.safetensors"))
    (copy / "model.safetensors").symlink_to(shipped / "model.safetensors")
    return copy


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_equals_the_official_model(minilm: MiniLm, reference: Reference) -> None:
    texts, vectors = reference
    assert len(texts) == 20
    assert np.abs(minilm.embed(texts) - vectors).max() <= 1e-4


def test_a_text_alone_and_in_a_batch_from_many_threads_is_the_same(
    minilm: MiniLm, reference: Reference
) -> None:
    texts, vectors = reference
    found: dict[int, np.ndarray] = {}

    def embed(row: int) -> None:
        found[row] = minilm.embed([texts[row]])[0]

    threads = [threading.Thread(target=embed, args=(row,)) for row in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(np.abs(found[row] - vectors[row]).max() for row in range(8)) <= 1e-4


def test_odd_input(minilm: MiniLm) -> None:
    assert minilm.embed([]).shape == (0, 384)
    lengths = np.linalg.norm(minilm.embed(["\x00\ud800", "word " * 20_000]), axis=1)
    assert lengths == pytest.approx([1, 1], abs=1e-5)


def test_a_folder_with_the_same_layout_works(folder: Path, reference: Reference) -> None:
    texts, vectors = reference
    model = MiniLm(folder)
    assert np.abs(model.embed(texts[:2]) - vectors[:2]).max() <= 1e-4
    assert model.model_id.startswith("my-model@")
    assert model.model_id != SHIPPED_MODEL_ID


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("config.json", {"model_type": "mpnet"}, "model_type is 'mpnet'"),
        ("config.json", {"hidden_act": "silu"}, "activation is 'silu'"),
        ("config.json", {"position_embedding_type": "relative_key"}, "not absolute"),
        ("config.json", {"max_position_embeddings": "x"}, "lacks a usable max_position"),
        ("config.json", {"num_hidden_layers": None}, "lacks a usable num_hidden_layers"),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": False}, "not one of cls, max"),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "not one of cls, max"),
        ("1_Pooling/config.json", {"pooling_mode_lasttoken": True}, "not one of cls, max"),
    ],
)
def test_another_layout_is_refused(folder: Path, name: str, changes: dict, said: str) -> None:
    edit(folder / name, **changes)
    with pytest.raises(ConfigurationError, match=said):
        MiniLm(folder)


def test_a_missing_part_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "config.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"config\.json"):
        MiniLm(folder)
    with pytest.raises(ConfigurationError, match="MSP_EMBEDDING_PATH"):
        MiniLm(tmp_path / "nowhere")


def test_damaged_weights_are_named(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00not json at all!")
    with pytest.raises(CorruptData, match="cannot be read"):
        MiniLm(folder).embed(["x"])


def test_sizes_that_do_not_fit_the_weights_are_named(folder: Path) -> None:
    edit(folder / "config.json", num_hidden_layers=7)
    with pytest.raises(CorruptData, match="cannot be read"):
        MiniLm(folder).embed(["x"])


def test_the_shipped_model_must_have_the_known_hash(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (folder / "tokenizer.json").open("a") as file:
        file.write("\n")
    monkeypatch.setattr(module, "_shipped_folder", lambda: folder)
    with pytest.raises(CorruptData, match="SHA-256"):
        MiniLm().embed(["x"])


def test_a_model_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHIPPED_PACKAGE", "no_such_package_anywhere")
    with pytest.raises(ConfigurationError, match="not installed"):
        MiniLm()
