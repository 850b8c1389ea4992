"""Embeddings of Amazon Titan Text Embeddings V2 through Bedrock."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from msp_core.aws_calls import explained, is_code
from msp_core.errors import DependencyFailed

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Purpose, Vectors

DIMENSIONS = (1024, 512, 256)
CONNECTIONS = 8
MAX_CHARACTERS = 50_000
"""The model reads 8,192 tokens and refuses more; a text with more of them is cut in halves."""
_LEAST_CHARACTERS = 1000
_NOTHING = "-"
"""Stands for a blank text, which the model refuses."""


class Titan:
    """An `Embedder` that calls Bedrock, one text per call, some calls at a time.

    Args:
        client: of boto3, for `bedrock-runtime`, with `CONNECTIONS` connections.
        model: `amazon.titan-embed-text-v2:0`.
        dimension: one of `DIMENSIONS`.

    Raises (from `embed`):
        ConfigurationError: no credentials, or they do not permit this model.
        DependencyFailed: Bedrock does not answer, or not with vectors of this dimension.
    """

    def __init__(self, client: Any, *, model: str, dimension: int = DIMENSIONS[0]) -> None:
        if dimension not in DIMENSIONS:
            raise ValueError(f"dimension must be one of {DIMENSIONS}, not {dimension}")
        self._client = client
        self._model = model
        self._dimension = dimension

    @property
    def model_id(self) -> str:
        """The model with its dimension: shorter vectors are not the starts of longer ones."""
        return f"{self._model}/{self._dimension}"

    @property
    def dimension(self) -> int:
        """See `Embedder.dimension`."""
        return self._dimension

    def embed(self, texts: Sequence[str], *, purpose: "Purpose" = "document") -> "Vectors":
        """See `Embedder.embed`; the model makes no difference between questions and documents."""
        # pylint: disable=unused-argument
        import numpy as np

        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        clean = [text.encode("utf-8", "replace").decode() for text in texts]  # lone surrogates
        with ThreadPoolExecutor(min(CONNECTIONS, len(texts))) as pool:
            vectors = np.array(list(pool.map(self._embed_one, clean)), dtype=np.float32)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def _embed_one(self, text: str) -> list[float]:
        text = text[:MAX_CHARACTERS] if text.strip() else _NOTHING
        while True:
            try:
                vector = self._invoke(text)
            except DependencyFailed as error:
                if not _is_too_long(error.__cause__) or len(text) < _LEAST_CHARACTERS:
                    raise
                text = text[: len(text) // 2]
            else:
                return vector

    def _invoke(self, text: str) -> list[float]:
        body = {"inputText": text, "dimensions": self._dimension, "normalize": True}
        with explained(f"The embedding model {self._model}"):
            answer = self._client.invoke_model(
                modelId=self._model,
                body=json.dumps(body),
                contentType="application/json",
                accept="application/json",
            )
            content = json.loads(answer["body"].read())
        vector: list[float] = content.get("embedding", [])
        if len(vector) != self._dimension or not any(vector):
            raise DependencyFailed(
                f"The embedding model {self._model} gave a vector of length {len(vector)} or of "
                f"zeros, not one of {self._dimension}. Check BEDROCK_EMBEDDING_MODEL."
            )
        return vector


def _is_too_long(error: BaseException | None) -> bool:
    return is_code(error, "ValidationException") and "too many input tokens" in str(error).lower()
