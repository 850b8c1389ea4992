"""Two processes that write one index while a third one reads it."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval.provenance import ROOT
from msp_core.bootstrap import local_tiers
from msp_core.knowledge.document import document_chunks, text_document
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import Filter

_WRITER = "import sys; from eval.bench_writers import write; write(*sys.argv[1:])"
_ALL = Filter(customers=frozenset(), audiences=frozenset({"public"}))


@dataclass(frozen=True)
class Writers:
    """What two writers did.

    Attributes:
        errors: writes that failed, and writers that died.
        lost: documents that were written and are not in the index.
        seen: share of the reader's looks that found what was last said to be written, 0 to 1.
        looked: how often it looked.
    """

    written: int
    errors: int
    lost: int
    seen: float
    looked: int
    seconds: float


@dataclass(frozen=True)
class _Named:
    """Stands in for an embedder where only its name and dimension are asked."""

    model_id: str
    dimension: int

    def embed(self, texts: object) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        """Not used."""
        raise NotImplementedError


def write_from_two_processes(folder: Path, embedder: Embedder, *, seconds: float) -> Writers:
    """Let two processes write single documents for a while, and look for each one from here.

    Args:
        folder: of the tiers; made.
        embedder: names model and dimension; embeds nothing.
        seconds: how long they write.
    """
    tiers = local_tiers(folder, embedder)
    tiers.hot.create()
    arguments = [str(folder), embedder.model_id, str(embedder.dimension), str(seconds)]
    started = time.perf_counter()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, name, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for name in ("one", "two")
    ]
    written: list[str] = []
    errors = looked = seen = 0
    vector = _unit(embedder.dimension)
    # The pipe of one is read line by line, each line a document to be seen now; the other writes on.
    for writer in writers:
        assert writer.stdout is not None
        for line in writer.stdout:
            said = json.loads(line)
            if said["error"]:
                errors += 1
                continue
            written.append(said["id"])
            if looked < 200 and writer is writers[0]:
                looked += 1
                only = replace(_ALL, only_documents=frozenset({said["id"]}))
                seen += len(tiers.hot.dense(vector, only, 1))
        errors += writer.wait() != 0
    held = tiers.hot.document_hashes()
    lost = sum(name not in held for name in written)
    return Writers(
        len(written), errors, lost, seen / looked if looked else 0.0, looked,
        time.perf_counter() - started,
    )  # fmt: skip


def write(name: str, folder: str, model_id: str, dimension: str, seconds: str) -> None:
    """What a writing process does: a document after the other, each said on stdout when stored."""
    index = local_tiers(Path(folder), _Named(model_id, int(dimension))).hot
    vector = _unit(int(dimension))[None, :]
    end = time.perf_counter() + float(seconds)
    number = 0
    while time.perf_counter() < end:
        document = text_document(f"{name}-{number}", f"Document {number}", "Some words to store.")
        error = False
        try:
            index.upsert(document_chunks(document), vector)
        except Exception as problem:  # noqa: BLE001  # counted, whatever it is
            print(problem, file=sys.stderr)  # noqa: T201
            error = True
        sys.stdout.write(json.dumps({"id": document.document_id, "error": error}) + "\n")
        sys.stdout.flush()
        number += 1


def _unit(dimension: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.full(dimension, dimension**-0.5, dtype=np.float32)
