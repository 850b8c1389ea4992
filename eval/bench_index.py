"""`msp bench index`: the speed of the embedded index, as ratios within one run."""

import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval.bench_writers import Writers, write_from_two_processes
from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Item, Metric, Result, SuiteRun
from eval.retrieval_set import RetrievalSet
from msp_core.bootstrap.knowledge import local_tiers
from msp_core.knowledge.document import Document, document_chunks
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import Chunk, Filter, KnowledgeIndex
from msp_core.knowledge.ingestion import ingest

SUITE = "bench_index"
CUSTOMERS = 200
ROUNDS = 40
ASKED_EACH = 4
OPENINGS = 5
INGESTED_CHUNKS = 400
WRITE_SECONDS = 10.0
K = 50
_NOISE = 0.3
_BATCH = 1000

Vectors = npt.NDArray[np.float32]
Note = Callable[[str], None]


@dataclass(frozen=True)
class Timings:
    """Seconds of what is compared, and of its yardstick, measured in turn."""

    name: str
    measured: Sequence[float]
    yardstick: Sequence[float]


def bench_index(
    documents: Sequence[Document],
    queries: RetrievalSet,
    embedder: Embedder,
    bare_embedder: Embedder,
    *,
    chunks: int,
    context: RunContext,
    note: Note,
) -> SuiteRun:
    """Measure an index of `chunks` chunks, blown up from the documents with seeded noise.

    What is compared runs in turn in one process; a ratio is that of the medians, its interval from
    resampling the rounds. `filtered_vs_full`: a vector search for one customer of 200, against one
    over all, for some customers in turn, each `ASKED_EACH` times; `first_filtered_vs_full`: the
    first such search for a customer, before anything of it is remembered. `hybrid_vs_product`:
    the index's own hybrid search, the question's vector being at hand, against one numpy product
    of that vector with all vectors. `open_vs_build`: a new object's first search against storing
    all chunks, their vectors being at hand.
    `ingest_vs_encoder`: one call of the encoder for all texts, against their ingestion without
    ready-made vectors: the share of the bare encoder's rate that an ingestion reaches.
    `reingest_vs_first`: the same documents again.

    Args:
        documents: the shipped ones; what is searched is made of them.
        queries: their texts are searched.
        embedder: may have ready-made vectors.
        bare_embedder: the same one without.
        chunks: how many, 1,000 or more.
        context: with the seed.
        note: told what is going on.
    """
    recording = Recording(context, models={"embedder": embedder.model_id})
    texts = [query.text for query in queries.queries]
    asked = list(zip(texts, embedder.embed(texts), strict=True))
    with tempfile.TemporaryDirectory(prefix="msp-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        note(f"making {chunks:,} chunks")
        records, vectors = _blown_up(documents, embedder, chunks, seed=context.seed)
        tiers = local_tiers(folder / "large", embedder)
        note("building")
        build_s = _build(tiers.hot, records, vectors)
        note("searching")
        opened = _openings(folder / "large", embedder, vectors[0])
        timings = [
            Timings("open_vs_build", opened, [build_s]),
            *_filtered(tiers.hot, [vector for _, vector in asked]),
            _hybrid(tiers.hot, asked, vectors),
        ]
        note(f"two writing processes for {WRITE_SECONDS:g} s")
        writers = write_from_two_processes(folder / "written", embedder, seconds=WRITE_SECONDS)
        note("ingesting")
        timings += _ingestion(documents, folder, bare_embedder)
    return SuiteRun(
        Result(
            suite=SUITE,
            dataset=DatasetInfo("shipped, blown up", "all", _digest(documents), chunks),
            provenance=recording.finish(),
            metrics=(*_metrics(timings, context.seed), *_writer_metrics(writers)),
        ),
        [_item(timing) for timing in timings],
    )


def _blown_up(
    documents: Sequence[Document], embedder: Embedder, count: int, *, seed: int
) -> tuple[list[Chunk], Vectors]:
    """Copies of the documents' chunks for 200 customers, with vectors moved a little."""
    shipped = [chunk for document in documents for chunk in document_chunks(document)]
    originals = embedder.embed([chunk.searchable for chunk in shipped])
    generator = np.random.default_rng(seed)
    made = []
    for number in range(count):
        chunk = shipped[number % len(shipped)]
        document_id = f"{number // len(shipped)}/{chunk.document_id}"
        made.append(
            replace(
                chunk,
                document_id=document_id,
                chunk_id=f"{document_id}#{chunk.chunk_id.rpartition('#')[2]}",
                customer_id=f"customer-{number % CUSTOMERS:03d}",
                superseded_by=None,
            )
        )
    vectors = originals[np.arange(count) % len(shipped)]
    noise = generator.standard_normal(vectors.shape, dtype=np.float32)
    vectors = vectors + np.float32(_NOISE / vectors.shape[1] ** 0.5) * noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return made, vectors


def _build(index: KnowledgeIndex, chunks: Sequence[Chunk], vectors: Vectors) -> float:
    start = time.perf_counter()
    at = 0
    while at < len(chunks):
        end = at + _BATCH
        # Documents are stored whole.
        while end < len(chunks) and chunks[end].document_id == chunks[end - 1].document_id:
            end += 1
        index.upsert(chunks[at:end], vectors[at:end])
        at = end
    return time.perf_counter() - start


def _openings(folder: Path, embedder: Embedder, vector: Vectors) -> list[float]:
    everyone = _everyone()

    def open_and_search() -> None:
        local_tiers(folder, embedder).hot.dense(vector, everyone, K)

    return [_seconds(open_and_search) for _ in range(OPENINGS)]


def _filtered(index: KnowledgeIndex, vectors: Sequence[Vectors]) -> list[Timings]:
    everyone = _everyone()
    measured, first, yardstick = [], [], []
    for round_ in range(ROUNDS):
        vector = vectors[round_ % len(vectors)]
        one = _only(round_ % max(ROUNDS // ASKED_EACH, 1))
        another = _only(100 + round_)
        measured.append(_seconds(partial(index.dense, vector, one, K)))
        yardstick.append(_seconds(partial(index.dense, vector, everyone, K)))
        first.append(_seconds(partial(index.dense, vector, another, K)))
    return [
        Timings("filtered_vs_full", measured, yardstick),
        Timings("first_filtered_vs_full", first, yardstick),
    ]


def _hybrid(
    index: KnowledgeIndex, asked: Sequence[tuple[str, Vectors]], matrix: Vectors
) -> Timings:
    everyone = _everyone()
    measured, yardstick = [], []
    for round_ in range(max(ROUNDS, len(asked))):
        text, vector = asked[round_ % len(asked)]
        measured.append(_seconds(partial(index.hybrid, text, vector, everyone, K)))
        yardstick.append(_seconds(partial(np.matmul, matrix, vector)))
    return Timings("hybrid_vs_product", measured, yardstick)


def _ingestion(documents: Sequence[Document], folder: Path, embedder: Embedder) -> list[Timings]:
    chosen: list[Document] = []
    texts: list[str] = []
    for document in documents:
        if len(texts) >= INGESTED_CHUNKS:
            break
        chosen.append(document)
        texts += [chunk.searchable for chunk in document_chunks(document)]
    embedder.embed(texts[:8])  # the weights are read at the first use
    encoder, first, again = [], [], []
    for round_ in range(2):
        tiers = local_tiers(folder / f"ingested-{round_}", embedder)
        encoder.append(_seconds(partial(embedder.embed, texts)))
        first.append(_seconds(partial(ingest, chosen, tiers, embedder)))
        again.append(_seconds(partial(ingest, chosen, tiers, embedder)))
    # Rates, so that more is better: the encoder's time over the ingestion's.
    return [
        Timings("ingest_vs_encoder", encoder, first),
        Timings("reingest_vs_first", again, first),
    ]


def _everyone() -> Filter:
    return Filter(
        customers=frozenset(f"customer-{number:03d}" for number in range(CUSTOMERS)),
        audiences=frozenset({"public", "internal"}),
    )


def _only(customer: int) -> Filter:
    return replace(_everyone(), customers=frozenset({f"customer-{customer:03d}"}))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _metrics(timings: Sequence[Timings], seed: int) -> list[Metric]:
    metrics = []
    generator = np.random.default_rng(seed)
    for timing in timings:
        value = statistics.median(timing.measured) / statistics.median(timing.yardstick)
        drawn = [
            float(
                np.median(generator.choice(timing.measured, len(timing.measured)))
                / np.median(generator.choice(timing.yardstick, len(timing.yardstick)))
            )
            for _ in range(1000)
        ]
        low, high = np.quantile(drawn, [0.025, 0.975])
        few = len(timing.measured) < OPENINGS
        better = timing.name == "ingest_vs_encoder"
        metrics.append(
            _metric(timing.name, value, "ratio", len(timing.measured), better,
                    None if few else (float(low), float(high)))
        )  # fmt: skip
        for what, seconds in (("", timing.measured), ("_yardstick", timing.yardstick)):
            median_ms = 1000 * statistics.median(seconds)
            metrics.append(_metric(f"{timing.name}{what}_ms", median_ms, "ms", len(seconds), False))
    return metrics


def _writer_metrics(writers: Writers) -> list[Metric]:
    return [
        _metric("writer_errors", writers.errors, "count", writers.written, False),
        _metric("writes_lost", writers.lost, "count", writers.written, False),
        _metric(
            "writes_per_second", writers.written / writers.seconds, "1/s", writers.written, True
        ),
        _metric("writes_seen_at_next_query", writers.seen, "ratio", writers.looked, True),
    ]


def _metric(
    name: str,
    value: float,
    unit: str,
    n: int,
    higher_is_better: bool,
    interval: tuple[float, float] | None = None,
) -> Metric:
    return Metric(
        name=name,
        system="embedded",
        slice="all",
        value=float(value),
        low=None if interval is None else interval[0],
        high=None if interval is None else interval[1],
        unit=unit,
        higher_is_better=higher_is_better,
        n_scored=n,
        n_failed=0,
        n_refused=0,
        kind="live",
    )


def _item(timing: Timings) -> Item:
    return Item(
        id=timing.name,
        system="embedded",
        group=timing.name,
        status="ok",
        scores={},
        raw={"seconds": list(timing.measured), "yardstick_seconds": list(timing.yardstick)},
    )


def _digest(documents: Sequence[Document]) -> str:
    hashes = sorted(document.content_hash for document in documents)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
