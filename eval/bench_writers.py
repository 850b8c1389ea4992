"""Two processes that write one index while a third one reads it."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.provenance import ROOT
from msp_core.bootstrap.knowledge import local_tiers
from msp_core.knowledge.document import document_chunks, text_document
from msp_core.knowledge.embedding import NamedSpace, VectorSpace
from msp_core.knowledge.index import Filter

_WRITER = "import sys; from eval.bench_writers import write; write(*sys.argv[1:])"
LOOKS = 200
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


def write_from_two_processes(folder: Path, space: VectorSpace, *, seconds: float) -> Writers:
    """Let two processes write single documents for a while, and look for each one from here.

    Args:
        folder: of the tiers; made.
        space: of the vectors, which are made up.
        seconds: how long they write.
    """
    tiers = local_tiers(folder, space)
    tiers.hot.create()
    command = [sys.executable, "-c", _WRITER]
    arguments = [str(folder), space.model_id, str(space.dimension), str(seconds)]
    started = time.perf_counter()
    said: list[dict[str, Any]] = []
    looked = seen = 0
    vector = _unit(space.dimension)
    # What the first one says is looked for at once; the second one's words are read at the end.
    with (
        tempfile.TemporaryFile("w+") as aside,
        subprocess.Popen([*command, "two", *arguments], stdout=aside, cwd=ROOT) as two,
        subprocess.Popen(
            [*command, "one", *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as one,
    ):
        assert one.stdout is not None
        for line in one.stdout:
            said.append(json.loads(line))
            if looked < LOOKS and not said[-1]["error"]:
                looked += 1
                only = replace(_ALL, only_documents=frozenset({said[-1]["id"]}))
                seen += len(tiers.hot.dense(vector, only, 1))
        died = (one.wait() != 0) + (two.wait() != 0)
        aside.seek(0)
        said += map(json.loads, aside)
    written = [row["id"] for row in said if not row["error"]]
    errors = len(said) - len(written) + died
    held = tiers.hot.document_hashes()
    lost = sum(name not in held for name in written)
    return Writers(
        len(written), errors, lost, seen / looked if looked else 0.0, looked,
        time.perf_counter() - started,
    )  # fmt: skip


def write(name: str, folder: str, model_id: str, dimension: str, seconds: str) -> None:
    """What a writing process does: a document after the other, each said on stdout when stored."""
    index = local_tiers(Path(folder), NamedSpace(model_id, int(dimension))).hot
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
