"""Small sentence-transformers folders of random weights, and a slow forward pass."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "vpn", "printer", "drops", "query", ":", "VPN"]
HIDDEN, HEADS, LAYERS, WIDE, POSITIONS = 8, 2, 3, 12, 20
PAD = 1  # of the RoBERTa kinds


@dataclass(frozen=True)
class Made:
    """A folder and what went into it; `tensors` under the names of a BERT."""

    folder: Path
    tensors: dict[str, "np.ndarray[Any, Any]"]
    kind: str
    activation: str
    pooling: str


def make_folder(
    folder: Path,
    *,
    kind: str = "bert",
    pooling: str = "mean",
    activation: str = "gelu",
    prefix: str = "",
    max_seq_length: int | None = None,
    prompts: dict[str, str] | None = None,
) -> Made:
    """Write the folder."""
    folder.mkdir()
    tensors = _random_tensors(types=kind != "distilbert")
    written = {prefix + _own_name(name, kind): tensor for name, tensor in tensors.items()}
    save_file(written, folder / "model.safetensors")
    _tokenizer().save(str(folder / "tokenizer.json"))
    sizes: dict[str, object] = {
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "hidden_size": HIDDEN,
        "hidden_act": activation,
        "layer_norm_eps": 1e-5,
        "pad_token_id": PAD,
    }
    if kind == "distilbert":
        sizes = {"n_layers": LAYERS, "n_heads": HEADS, "dim": HIDDEN, "activation": activation}
    config = {"model_type": kind, "max_position_embeddings": POSITIONS, **sizes}
    modes = {"cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens"}
    own = {f"pooling_mode_{name}": mode == pooling for mode, name in modes.items()}
    modules = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    (folder / "1_Pooling").mkdir()
    files: dict[str, object] = {
        "config.json": config,
        "1_Pooling/config.json": {"word_embedding_dimension": HIDDEN, **own},
        "modules.json": modules,
        "config_sentence_transformers.json": {"prompts": prompts or {}},
    }
    if max_seq_length is not None:
        files["sentence_bert_config.json"] = {"max_seq_length": max_seq_length}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return Made(folder, tensors, kind, activation, pooling)


def token_ids(text: str) -> list[int]:
    return list(_tokenizer().encode(text).ids)


def slow_vector(made: Made, ids: list[int]) -> "np.ndarray[Any, Any]":
    """The sentence vector, token by token and head by head in double precision."""
    tensor = {name: value.astype(np.float64) for name, value in made.tensors.items()}
    eps = 1e-12 if made.kind == "distilbert" else 1e-5

    def dense(x: Any, name: str) -> Any:
        return x @ tensor[f"{name}.weight"].T + tensor[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        rows = [(row - row.mean()) / math.sqrt(row.var() + eps) for row in x]
        return np.array(rows) * tensor[f"{name}.weight"] + tensor[f"{name}.bias"]

    first = PAD + 1 if made.kind.endswith("roberta") else 0
    x = np.array(
        [
            tensor["embeddings.word_embeddings.weight"][token]
            + tensor["embeddings.position_embeddings.weight"][first + at]
            + (tensor["embeddings.token_type_embeddings.weight"][0] if _has_types(made) else 0)
            for at, token in enumerate(ids)
        ]
    )
    x = norm(x, "embeddings.LayerNorm")
    for number in range(LAYERS):
        at = f"encoder.layer.{number}"
        parts = [dense(x, f"{at}.attention.self.{part}") for part in ("query", "key", "value")]
        heads = []
        for head in range(HEADS):
            columns = slice(head * HIDDEN // HEADS, (head + 1) * HIDDEN // HEADS)
            query, key, value = (part[:, columns] for part in parts)
            weights = np.exp(query @ key.T / math.sqrt(HIDDEN / HEADS))
            heads.append(weights / weights.sum(axis=1, keepdims=True) @ value)
        attended = dense(np.hstack(heads), f"{at}.attention.output.dense")
        x = norm(attended + x, f"{at}.attention.output.LayerNorm")
        wide = np.vectorize(_ACTIVATIONS[made.activation])(dense(x, f"{at}.intermediate.dense"))
        x = norm(dense(wide, f"{at}.output.dense") + x, f"{at}.output.LayerNorm")
    pooled = {"cls": x[0], "mean": x.mean(axis=0), "max": x.max(axis=0)}[made.pooling]
    return np.asarray(pooled / np.linalg.norm(pooled))


_ACTIVATIONS = {
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "gelu_new": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: max(x, 0.0),
}


def _has_types(made: Made) -> bool:
    return "embeddings.token_type_embeddings.weight" in made.tensors


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(
        WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def _random_tensors(*, types: bool) -> dict[str, "np.ndarray[Any, Any]"]:
    rng = np.random.default_rng(5)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), HIDDEN),
        "embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
    }
    if types:
        shapes["embeddings.token_type_embeddings.weight"] = (2, HIDDEN)
    dense = {
        "attention.self.query": (HIDDEN, HIDDEN),
        "attention.self.key": (HIDDEN, HIDDEN),
        "attention.self.value": (HIDDEN, HIDDEN),
        "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (WIDE, HIDDEN),
        "output.dense": (HIDDEN, WIDE),
    }
    norms = ["embeddings.LayerNorm"]
    for number in range(LAYERS):
        at = f"encoder.layer.{number}"
        norms += [f"{at}.attention.output.LayerNorm", f"{at}.output.LayerNorm"]
        for name, shape in dense.items():
            shapes |= {f"{at}.{name}.weight": shape, f"{at}.{name}.bias": shape[:1]}
    for name in norms:
        shapes |= {f"{name}.weight": (HIDDEN,), f"{name}.bias": (HIDDEN,)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def _own_name(name: str, kind: str) -> str:
    if kind != "distilbert" or not name.startswith("encoder."):
        return name
    layer, _, part = name.removeprefix("encoder.layer.").partition(".")
    for theirs, bert in {
        "attention.q_lin": "attention.self.query",
        "attention.k_lin": "attention.self.key",
        "attention.v_lin": "attention.self.value",
        "attention.out_lin": "attention.output.dense",
        "sa_layer_norm": "attention.output.LayerNorm",
        "ffn.lin1": "intermediate.dense",
    }.items():
        part = part.replace(bert, theirs)
    if part.startswith("output."):
        part = part.replace("output.dense", "ffn.lin2").replace(
            "output.LayerNorm", "output_layer_norm"
        )
    return f"transformer.layer.{layer}.{part}"
