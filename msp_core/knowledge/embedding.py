"""The port through which texts become vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

Purpose = Literal["document", "query"]
"""Some models were trained with another prompt in front of a question than of a document."""


class VectorSpace(Protocol):
    """What vectors must have in common to be compared: all that an index knows of its embedder."""

    @property
    def model_id(self) -> str:
        """Names model and weights: two embedders with one id give comparable vectors."""

    @property
    def dimension(self) -> int:
        """Length of each vector."""


@dataclass(frozen=True)
class NamedSpace:
    """A `VectorSpace` without the embedder, for who is given ready-made vectors."""

    model_id: str
    dimension: int


class Embedder(VectorSpace, Protocol):
    """Turns texts into vectors whose dot product is their similarity.

    Implementations are safe to call from several threads. A text longer than the model reads is
    cut at its end, silently: chunks are made short enough, and a question's start matters most.
    """

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> "Vectors":
        """One row per text, in order: float32, shape (len(texts), dimension), of unit length.

        An empty text has a vector too. Texts that are compared with each other are all documents;
        only a question to documents is a query. Rows depend on their own text only, to about 1e-6.

        Raises:
            MspError: the model is missing, damaged or does not answer.
        """
