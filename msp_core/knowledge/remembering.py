"""An embedder that does not compute again what it was asked a moment ago."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from msp_core.knowledge.embedding import Embedder, Purpose


class RememberingEmbedder:
    """An `Embedder` that keeps the vectors of the texts it was asked for last; safe in threads.

    In a turn the floors, the router and the search often ask for the same text, and in an
    evaluation every system does.

    Args:
        embedder: computes what is not remembered.
        most: texts to remember, 1 or more; None for all.
        has_prompts: whether a text's vector depends on the purpose.
    """

    def __init__(
        self, embedder: Embedder, *, most: int | None = None, has_prompts: bool = True
    ) -> None:
        self._embedder = embedder
        self._most = most
        self._has_prompts = has_prompts
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Purpose, str], npt.NDArray[np.float32]] = OrderedDict()

    @property
    def model_id(self) -> str:
        """See `Embedder.model_id`."""
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        """See `Embedder.dimension`."""
        return self._embedder.dimension

    def embed(
        self, texts: Sequence[str], *, purpose: Purpose = "document"
    ) -> npt.NDArray[np.float32]:
        """See `Embedder.embed`."""
        if not texts:
            return self._embedder.embed(texts, purpose=purpose)
        kept_as: Purpose = purpose if self._has_prompts else "document"
        with self._lock:
            found = {
                text: self._known[kept_as, text] for text in texts if (kept_as, text) in self._known
            }
        if missing := [text for text in dict.fromkeys(texts) if text not in found]:
            computed = self._embedder.embed(missing, purpose=purpose)
            found.update(zip(missing, computed, strict=True))
        with self._lock:
            for text, vector in found.items():
                self._known[kept_as, text] = vector
                self._known.move_to_end((kept_as, text))
            while self._most is not None and len(self._known) > self._most:
                self._known.popitem(last=False)
        return np.stack([found[text] for text in texts])
