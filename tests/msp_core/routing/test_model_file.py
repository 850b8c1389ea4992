import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msp_core.errors import ConfigurationError, CorruptData
from msp_core.routing.model_file import default_model, encode_model, read_model, write_model
from msp_core.routing.router_model import RouterModel
from tests.msp_core.routing.conftest import train_small


@pytest.fixture
def file(small_model: RouterModel, tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "router.json"
    write_model(path, small_model)
    return path


def test_a_training_is_reproducible_to_the_byte(small_model: RouterModel) -> None:
    assert encode_model(train_small()) == encode_model(small_model)


def test_what_was_written_is_read(file: Path, small_model: RouterModel) -> None:
    model = read_model(file)
    assert model.trained_on == small_model.trained_on
    assert model.threshold == pytest.approx(small_model.threshold, abs=1e-5)
    assert model.two_head.weak.weights == pytest.approx(small_model.two_head.weak.weights, abs=1e-5)
    assert np.abs(model.neighbours.vectors - small_model.neighbours.vectors).max() < 0.005
    assert [path.name for path in file.parent.iterdir()] == ["router.json"]


def change(file: Path, *, stamp: bool, **fields: Any) -> Path:
    head = json.loads(file.read_text())
    head["body"].update(fields)
    if stamp:
        text = json.dumps(head["body"], sort_keys=True, separators=(",", ":"))
        head["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    file.write_text(json.dumps(head))
    return file


def test_an_edited_file_is_refused(file: Path) -> None:
    with pytest.raises(CorruptData, match="does not have the SHA-256"):
        read_model(change(file, stamp=False, threshold=0.1))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"features_id": "old"}, "features of another version"),
        ({"gains": [1.0]}, "vectors has"),
        ({"mean": []}, "mean has 0 numbers"),
        ({"k": 0}, "k: "),
        ({"texts": [1, 2, 3]}, "2 counts each"),
        ({"surprise": 1}, "surprise"),
        ({"vectors": "***"}, "cannot be used"),
    ],
)
def test_a_file_that_states_its_hash_and_does_not_fit(
    file: Path, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CorruptData, match=reason):
        read_model(change(file, stamp=True, **fields))


def test_another_version_is_refused(file: Path) -> None:
    file.write_text(file.read_text().replace("msp.router/2", "msp.router/3"))
    with pytest.raises(CorruptData, match=r"'msp\.router/3'.*reads 'msp\.router/2'"):
        read_model(file)


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"[]", b"{}", b"null"])
def test_no_router_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(CorruptData, match="Train it anew"):
        read_model(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_model(tmp_path / "none.json")


def test_a_folder_that_cannot_be_written(small_model: RouterModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_model(tmp_path / "file" / "router.json", small_model)


def test_a_router_ships() -> None:
    model = default_model()
    assert model.embedder_id == "all-MiniLM-L6-v2"
    assert 0 < model.threshold < 1
