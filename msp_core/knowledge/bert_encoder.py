"""The forward pass of a BERT sentence encoder on numpy: pooled, of unit length."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

# Tokens that go through the dense layers at once: large enough for fast matrix products, small
# enough that the widest intermediate (4,096 x 1,536 floats) stays at 25 MB.
TOKENS_PER_PASS = 4096
_GELU_BLOCK = 1 << 16

Activation = Literal["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"]
Pooling = Literal["cls", "max", "mean"]


@dataclass(frozen=True)
class Shape:
    """The sizes of a BERT, as its configuration states them.

    Attributes:
        pooling: how the vectors of a text's tokens become one.
        first_position: the row of the first token in the position embeddings.
    """

    layers: int
    heads: int
    hidden: int
    layer_norm_eps: float
    activation: Activation
    pooling: Pooling
    first_position: int


@dataclass(frozen=True)
class _Dense:
    weight: Array  # (inputs, outputs)
    bias: Array

    def __call__(self, x: Array) -> Array:
        result: Array = x @ self.weight
        result += self.bias
        return result


@dataclass(frozen=True)
class _Norm:
    scale: Array
    shift: Array
    eps: float

    def __call__(self, x: Array) -> Array:
        centred: Array = x - x.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred) / np.float32(x.shape[1])
        centred /= np.sqrt(variance + np.float32(self.eps))[:, None]
        centred *= self.scale
        centred += self.shift
        return centred


@dataclass(frozen=True)
class _Layer:
    query_key_value: _Dense
    attention_out: _Dense
    attention_norm: _Norm
    widen: _Dense
    narrow: _Dense
    output_norm: _Norm


class BertEncoder:
    """Encodes token ids; holds its weights only and is safe to share between threads.

    Args:
        tensors: the model's tensors under the names that a Hugging Face `BertModel` saves.
        shape: the model's sizes.

    Raises:
        KeyError: a tensor is missing.
        ValueError: the tensors do not have these sizes.
    """

    def __init__(self, tensors: Mapping[str, Array], shape: Shape) -> None:
        self._shape = shape

        def dense(*names: str) -> _Dense:
            # The query, key and value matrices stand side by side, so one product does all three.
            return _Dense(
                np.concatenate([tensors[f"{name}.weight"] for name in names]).T,
                np.concatenate([tensors[f"{name}.bias"] for name in names]),
            )

        def norm(name: str) -> _Norm:
            return _Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"], shape.layer_norm_eps)

        self._words = tensors["embeddings.word_embeddings.weight"]
        if self._words.shape[1] != shape.hidden or shape.hidden % shape.heads:
            raise ValueError(f"embeddings of {self._words.shape[1]} do not fit {shape}")
        self._positions = tensors["embeddings.position_embeddings.weight"][shape.first_position :]
        if (types := tensors.get("embeddings.token_type_embeddings.weight")) is not None:
            self._positions = self._positions + types[0]
        self._activate = ACTIVATIONS[shape.activation]
        self._input_norm = norm("embeddings.LayerNorm")
        self._layers = []
        for number in range(shape.layers):
            at = f"encoder.layer.{number}"
            own = f"{at}.attention.self"
            self._layers.append(
                _Layer(
                    dense(f"{own}.query", f"{own}.key", f"{own}.value"),
                    dense(f"{at}.attention.output.dense"),
                    norm(f"{at}.attention.output.LayerNorm"),
                    dense(f"{at}.intermediate.dense"),
                    dense(f"{at}.output.dense"),
                    norm(f"{at}.output.LayerNorm"),
                )
            )

    def encode(self, token_ids: Sequence[Sequence[int]]) -> Array:
        """One unit vector per token list, shape (n, hidden); no list may be empty."""
        result = np.empty((len(token_ids), self._shape.hidden), dtype=np.float32)
        by_length = sorted(range(len(token_ids)), key=lambda i: len(token_ids[i]))
        batch: list[int] = []
        tokens = 0
        for i in by_length:
            if batch and tokens + len(token_ids[i]) > TOKENS_PER_PASS:
                result[batch] = self._forward([token_ids[j] for j in batch])
                batch, tokens = [], 0
            batch.append(i)
            tokens += len(token_ids[i])
        if batch:
            result[batch] = self._forward([token_ids[j] for j in batch])
        return result

    def _forward(self, sequences: Sequence[Sequence[int]]) -> Array:
        """Vectors of sequences sorted by length, laid end to end so that nothing is padded."""
        lengths = np.array([len(sequence) for sequence in sequences])
        starts = np.cumsum(lengths) - lengths
        ids = np.concatenate([np.asarray(sequence) for sequence in sequences])
        positions = np.arange(ids.size) - np.repeat(starts, lengths)
        x = self._input_norm(self._words[ids] + self._positions[positions])
        for layer in self._layers:
            attended = layer.attention_out(self._attend(layer.query_key_value(x), lengths))
            x = layer.attention_norm(attended + x)
            x = layer.output_norm(layer.narrow(self._activate(layer.widen(x))) + x)
        pooled = self._pool(x, starts)
        unit: Array = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return unit

    def _pool(self, x: Array, starts: npt.NDArray[np.int_]) -> Array:
        """A vector per sequence, of any length."""
        pooled: Array
        if self._shape.pooling == "cls":
            pooled = x[starts]
        elif self._shape.pooling == "max":
            pooled = np.maximum.reduceat(x, starts, axis=0)
        else:  # the sum: a mean is shorter, and all become of unit length
            pooled = np.add.reduceat(x, starts, axis=0)
        return pooled

    def _attend(self, projected: Array, lengths: npt.NDArray[np.int_]) -> Array:
        """Softmax attention within each sequence; sequences of one length are done together."""
        heads = self._shape.heads
        width = self._shape.hidden // heads
        context = np.empty((projected.shape[0], self._shape.hidden), dtype=np.float32)
        start = 0
        for length, count in zip(*np.unique(lengths, return_counts=True), strict=True):
            rows = slice(start, start + length * count)
            start = rows.stop
            split = projected[rows].reshape(count, length, 3, heads, width)
            query, key, value = split.transpose(2, 0, 3, 1, 4)
            weights = query @ key.swapaxes(-1, -2) * np.float32(width**-0.5)
            weights -= weights.max(axis=-1, keepdims=True)
            np.exp(weights, out=weights)
            weights /= weights.sum(axis=-1, keepdims=True)
            context[rows] = (weights @ value).transpose(0, 2, 1, 3).reshape(-1, self._shape.hidden)
        return context


def _gelu(x: Array) -> Array:
    """GELU, x * Phi(x), in place and in blocks that stay in the processor's cache.

    Phi needs the error function, which numpy lacks; Abramowitz and Stegun 7.1.26 gives it to
    1.5e-7, below the precision of float32 sums.
    """
    flat = x.reshape(-1)
    for start in range(0, flat.size, _GELU_BLOCK):
        block = flat[start : start + _GELU_BLOCK]
        magnitude = np.abs(block)
        t = np.reciprocal(magnitude * np.float32(0.3275911 / 2**0.5) + np.float32(1))
        tail = t * np.float32(1.061405429)
        for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
            tail += np.float32(coefficient)
            tail *= t
        tail *= np.exp(magnitude * magnitude * np.float32(-0.5))
        # With tail = 1 - erf(|x| / sqrt 2): x * Phi(x) = max(x, 0) - |x| * tail / 2.
        np.maximum(block, 0, out=block)
        block -= magnitude * tail * np.float32(0.5)
    return x


def _gelu_tanh(x: Array) -> Array:
    """GELU by its approximation with tanh (Hendrycks and Gimpel 2016, arXiv:1606.08415)."""
    inner = np.float32((2 / np.pi) ** 0.5) * (x + np.float32(0.044715) * x * x * x)
    result: Array = np.float32(0.5) * x * (1 + np.tanh(inner))
    return result


def _relu(x: Array) -> Array:
    return np.maximum(x, 0, out=x)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "gelu": _gelu,
    "gelu_new": _gelu_tanh,
    "gelu_pytorch_tanh": _gelu_tanh,
    "relu": _relu,
}
