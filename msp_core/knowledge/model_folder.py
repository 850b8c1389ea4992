"""What the configuration files of a sentence-transformers folder say of its model."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from msp_core.errors import ConfigurationError
from msp_core.knowledge.bert_encoder import ACTIVATIONS, Activation, Array, Pooling, Shape

_POOLINGS: dict[str, Pooling] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    # Divides by the root of the length: a vector of unit length is the same.
    "pooling_mode_mean_sqrt_len_tokens": "mean",
}
_POOLING_WORDS = {"cls": "cls", "max": "max", "mean": "mean", "mean_sqrt_len_tokens": "mean"}
_ROBERTA = {"camembert", "roberta", "xlm-roberta"}
_SIZES = {
    "layers": ("num_hidden_layers", "n_layers"),
    "heads": ("num_attention_heads", "n_heads"),
    "hidden": ("hidden_size", "dim"),
    "positions": ("max_position_embeddings",),
}
_PREFIX = re.compile(r"^(bert|roberta|camembert|distilbert)\.")
_DISTILBERT_NAMES = (
    ("transformer.layer.", "encoder.layer."),
    ("attention.q_lin.", "attention.self.query."),
    ("attention.k_lin.", "attention.self.key."),
    ("attention.v_lin.", "attention.self.value."),
    ("attention.out_lin.", "attention.output.dense."),
    ("sa_layer_norm.", "attention.output.LayerNorm."),
    ("ffn.lin1.", "intermediate.dense."),
    ("ffn.lin2.", "output.dense."),
    ("output_layer_norm.", "output.LayerNorm."),
)


@dataclass(frozen=True)
class ModelFolder:
    """A model that can be run here.

    Attributes:
        max_tokens: of a text, special tokens included.
        lower_case: texts are put into lower case before the tokenizer sees them.
        query_prompt, document_prompt: stand in front of such a text; may be empty.
    """

    shape: Shape
    max_tokens: int
    lower_case: bool
    query_prompt: str
    document_prompt: str


def read_model_folder(folder: Path) -> ModelFolder:
    """Read and check a folder's configuration.

    Raises:
        ConfigurationError: a file is missing or malformed, or the model is of another kind.
    """
    config = _read_json(folder / "config.json")
    pooling = _read_json(folder / _pooling_file(folder))
    transformer = _read_optional(folder / "sentence_bert_config.json")
    prompts = _prompts(folder)
    kind = config.get("model_type")
    activation = config.get("hidden_act", config.get("activation"))
    first = 0
    if kind in _ROBERTA:  # positions are counted from behind the padding token
        first = 1 + _number(folder, config, ("pad_token_id",))
    positions = _number(folder, config, _SIZES["positions"]) - first
    if kind not in {"bert", "distilbert", *_ROBERTA}:
        raise _unsupported(folder, f"its model_type is {kind!r}")
    if activation not in ACTIVATIONS:
        raise _unsupported(folder, f"its activation is {activation!r}")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise _unsupported(folder, "its positions are not absolute")
    if any(prompts) and pooling.get("include_prompt") is False:
        raise _unsupported(folder, "its pooling leaves out the prompt")
    return ModelFolder(
        shape=Shape(
            layers=_number(folder, config, _SIZES["layers"]),
            heads=_number(folder, config, _SIZES["heads"]),
            hidden=_number(folder, config, _SIZES["hidden"]),
            layer_norm_eps=float(config.get("layer_norm_eps", 1e-12)),
            activation=cast(Activation, activation),
            pooling=_pooling(folder, pooling),
            first_position=first,
        ),
        max_tokens=min(int(transformer.get("max_seq_length") or positions), positions),
        lower_case=transformer.get("do_lower_case") is True,
        query_prompt=prompts[0],
        document_prompt=prompts[1],
    )


def bert_names(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """The tensors under the names that a `BertModel` has for them."""
    renamed = {}
    for name, tensor in tensors.items():
        plain = _PREFIX.sub("", name)
        if "transformer.layer." in plain:
            for old, new in _DISTILBERT_NAMES:
                plain = plain.replace(old, new)
        renamed[plain] = tensor
    return renamed


def _pooling_file(folder: Path) -> Path:
    """Where the pooling is described; refuses a folder with modules that change the vectors."""
    if not (folder / "modules.json").is_file():
        return Path("1_Pooling/config.json")
    found = Path("1_Pooling/config.json")
    modules = _read_json(folder / "modules.json", expected=list)
    for module in modules:
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind == "Pooling":
            found = Path(str(module.get("path"))) / "config.json"
        elif kind not in {"Transformer", "Normalize"}:
            raise _unsupported(folder, f"it has a module {kind!r}")
    return found


def _pooling(folder: Path, config: Mapping[str, Any]) -> Pooling:
    chosen = {kind for name, kind in _POOLINGS.items() if config.get(name) is True}
    if isinstance(word := config.get("pooling_mode"), str) and word in _POOLING_WORDS:
        chosen.add(cast(Pooling, _POOLING_WORDS[word]))
    other = [
        name
        for name, value in config.items()
        if name.startswith("pooling_mode_") and value is True and name not in _POOLINGS
    ]
    if len(chosen) != 1 or other:
        raise _unsupported(folder, "its pooling is not one of cls, max and mean")
    return chosen.pop()


def _prompts(folder: Path) -> tuple[str, str]:
    """The prompts for a query and for a document."""
    config = _read_optional(folder / "config_sentence_transformers.json")
    prompts = config.get("prompts") or {}
    default = prompts.get(config.get("default_prompt_name")) or ""
    query = prompts.get("query") or default
    document = prompts.get("document") or prompts.get("passage") or default
    return str(query), str(document)


def _number(folder: Path, config: Mapping[str, Any], names: tuple[str, ...]) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and value >= 0:
            return value
    raise ConfigurationError(
        f"{folder / 'config.json'} lacks a usable {names[0]}. Fetch the model's folder again."
    )


def _unsupported(folder: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The embedding model in {folder} cannot be run here: {why}. BERT, DistilBERT and RoBERTa "
        "with absolute positions and cls, max or mean pooling can. Set MSP_EMBEDDING_PATH to such "
        "a folder, or unset it to use the shipped model."
    )


def _read_optional(path: Path) -> dict[str, Any]:
    return _read_json(path) if path.is_file() else {}


def _read_json(path: Path, expected: type = dict) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} of the embedding model is missing or not JSON ({error}). Fetch the model's "
            "folder again."
        ) from error
    if not isinstance(content, expected):
        raise ConfigurationError(f"{path} of the embedding model does not hold what it should.")
    return content
