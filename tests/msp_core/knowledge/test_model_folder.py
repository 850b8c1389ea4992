"""Models of the BERT family, generated small, against a slow forward pass."""

import json
from pathlib import Path

import numpy as np
import pytest

from msp_core.errors import ConfigurationError, CorruptData
from msp_core.knowledge.minilm import MiniLm
from tests.fakes.model_folder import make_folder, slow_vector, token_ids

TEXTS = ["vpn drops", "printer", "", "the vpn drops and the printer drops"]


@pytest.mark.parametrize(
    ("kind", "pooling", "activation", "prefix"),
    [
        ("bert", "mean", "gelu", ""),
        ("bert", "cls", "gelu", "bert."),
        ("bert", "max", "relu", ""),
        ("bert", "mean", "gelu_new", ""),
        ("roberta", "mean", "gelu", "roberta."),
        ("xlm-roberta", "cls", "gelu", ""),
        ("distilbert", "mean", "gelu", "distilbert."),
    ],
)
def test_layers_heads_and_pooling_come_from_the_folder(
    tmp_path: Path, kind: str, pooling: str, activation: str, prefix: str
) -> None:
    made = make_folder(
        tmp_path / "tiny", kind=kind, pooling=pooling, activation=activation, prefix=prefix
    )
    model = MiniLm(made.folder)
    assert model.dimension == 8
    expected = [slow_vector(made, token_ids(text)) for text in TEXTS]
    assert np.abs(model.embed(TEXTS) - expected).max() < 1e-5
    assert np.abs(model.embed(TEXTS, purpose="query") - expected).max() < 1e-5


def test_prompts_stand_in_front_of_queries_and_documents(tmp_path: Path) -> None:
    made = make_folder(
        tmp_path / "tiny", prompts={"query": "query : ", "passage": "printer "}, pooling="cls"
    )
    model = MiniLm(made.folder)
    for purpose, text in (("query", "query : vpn"), ("document", "printer vpn")):
        vector = model.embed(["vpn"], purpose=purpose)[0]  # type: ignore[arg-type]
        assert np.abs(vector - slow_vector(made, token_ids(text))).max() < 1e-5


def test_a_default_prompt_counts_for_both(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "tiny")
    (made.folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"retrieval": "query : "}, "default_prompt_name": "retrieval"})
    )
    model = MiniLm(made.folder)
    expected = slow_vector(made, token_ids("query : vpn"))
    assert np.abs(model.embed(["vpn"])[0] - expected).max() < 1e-5
    assert np.abs(model.embed(["vpn"], purpose="query")[0] - expected).max() < 1e-5


@pytest.mark.parametrize(
    ("kind", "stated", "length"),
    [("bert", None, 20), ("bert", 6, 6), ("bert", 512, 20), ("roberta", 512, 18)],
)
def test_a_long_text_is_cut_to_what_the_model_reads(
    tmp_path: Path, kind: str, stated: int | None, length: int
) -> None:
    made = make_folder(tmp_path / "tiny", kind=kind, max_seq_length=stated)
    cut = token_ids(" ".join(["vpn"] * (length - 2)))
    vector = MiniLm(made.folder).embed(["vpn " * 100])[0]
    assert np.abs(vector - slow_vector(made, cut)).max() < 1e-5


def test_lower_case_is_taken_from_the_folder(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "tiny")
    (made.folder / "sentence_bert_config.json").write_text('{"do_lower_case": true}')
    model = MiniLm(made.folder)
    assert np.array_equal(model.embed(["VPN"]), model.embed(["vpn"]))


def test_a_module_that_changes_the_vectors_is_refused(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "tiny")
    path = made.folder / "modules.json"
    dense = {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    path.write_text(json.dumps([*json.loads(path.read_text()), dense]))
    with pytest.raises(ConfigurationError, match="module 'Dense'"):
        MiniLm(made.folder)


def test_weights_of_another_shape_are_named(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "tiny")
    path = made.folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_attention_heads": 3}))
    with pytest.raises(CorruptData, match="cannot be read"):
        MiniLm(made.folder).embed(["vpn"])
