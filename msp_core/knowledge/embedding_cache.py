"""A shipped file of ready-made vectors, so that the first ingestion need not compute them."""

import hashlib
import logging
import threading
import zipfile
import zlib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from msp_core.files import whole_file
from msp_core.knowledge.embedding import Embedder, Purpose

logger = logging.getLogger(__name__)

_KEYS, _VECTORS = "keys", "vectors"
# What numpy and zipfile raise for a file that is cut, overwritten or of another kind.
_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


class CachedEmbedder:
    """An `Embedder` that looks in a read-only cache file first and computes what is not there.

    Cached vectors are float16, so they differ from computed ones by up to 5e-4 per component. The
    file is read at the first use. A file that is damaged, or whose vectors have another length,
    is ignored with a logged warning; a missing one silently.

    Args:
        embedder: computes what the cache lacks.
        path: written by `write_cache`.
        purposes: what the file's vectors are good for: documents alone, when the model has a
            prompt for queries.
    """

    def __init__(
        self,
        embedder: Embedder,
        path: Path,
        *,
        purposes: Collection[Purpose] = ("document", "query"),
    ) -> None:
        self._embedder = embedder
        self._path = path
        self._purposes = purposes
        self._lock = threading.Lock()
        self._cache: dict[bytes, np.ndarray[tuple[int], np.dtype[np.float16]]] | None = None

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
    ) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        """See `Embedder.embed`; the model is not even loaded when every text is in the cache."""
        cache = self._read() if purpose in self._purposes else {}
        result = np.empty((len(texts), self.dimension), dtype=np.float32)
        missing = []
        for row, text in enumerate(texts):
            vector = cache.get(_key(self.model_id, text)) if cache else None
            if vector is None:
                missing.append(row)
            else:
                result[row] = vector
        if missing:
            result[missing] = self._embedder.embed([texts[row] for row in missing], purpose=purpose)
        return result

    def _read(self) -> dict[bytes, np.ndarray[tuple[int], np.dtype[np.float16]]]:
        with self._lock:
            if self._cache is None:
                self._cache = self._load()
            return self._cache

    def _load(self) -> dict[bytes, np.ndarray[tuple[int], np.dtype[np.float16]]]:
        if not self._path.exists():
            return {}
        try:
            # Opened here, because numpy leaves a file open that it refuses.
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                keys, vectors = arrays[_KEYS], arrays[_VECTORS]
            if keys.dtype != np.uint8 or vectors.dtype != np.float16:
                raise ValueError("its arrays have other types")
            if keys.shape != (len(vectors), 32) or vectors.shape[1:] != (self.dimension,):
                raise ValueError(f"its arrays have the shapes {keys.shape} and {vectors.shape}")
        except _DAMAGE as error:
            logger.warning("embedding cache %s is ignored: %s", self._path, error)
            return {}
        return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}


def write_cache(path: Path, embedder: Embedder, texts: Iterable[str]) -> int:
    """Write the vectors of the texts; the same vectors give the same bytes.

    Given a `CachedEmbedder` over the old file, vectors that stay are kept bit by bit.

    Returns:
        How many distinct texts it holds.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    distinct = sorted({_key(embedder.model_id, text): text for text in texts}.items())
    vectors = embedder.embed([text for _, text in distinct]).astype(np.float16)
    keys = np.frombuffer(b"".join(key for key, _ in distinct), dtype=np.uint8).reshape(-1, 32)
    with whole_file(path) as file:
        _write_arrays(file, {_KEYS: keys, _VECTORS: vectors})
    return len(distinct)


def _write_arrays(file: IO[bytes], arrays: dict[str, np.ndarray]) -> None:
    """What `np.savez` writes, but with a fixed time and system in each entry."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            with archive.open(entry, "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _key(model_id: str, text: str) -> bytes:
    return hashlib.sha256(f"{model_id}\0{text}".encode("utf-8", "replace")).digest()
