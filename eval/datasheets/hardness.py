"""How far plain reference methods get on the test split: reported, never selected for."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eval.agreement import SEED
from eval.datasheets.counts import Counts
from eval.datasheets.table import Table, interval_text
from eval.retrieval import evaluate_retrieval
from eval.retrieval_set import RetrievalSet, read_retrieval_set
from eval.routing_set import FLOOR_SPLIT, Prices, Turn, read_routing_set
from eval.stats import mean_interval
from eval.triage_set import TriageLabel, read_triage_set
from msp_core.knowledge.embedding import Embedder
from msp_core.routing.catalog import load_catalog
from msp_core.routing.scorers import WORDS
from msp_core.tickets.ticket import Ticket

if TYPE_CHECKING:
    from eval.result import Result

TITLE = "Hardness on the test split"
"""A generated block holds these figures below this title."""
_TEST = "test"


def retrieval_hardness(data: RetrievalSet, embedder: Embedder) -> Table:
    """BM25 and nearest chunks on every judged query."""
    result = evaluate_retrieval(data, embedder, systems=("bm25", "dense")).result
    return Table(
        TITLE,
        ("reference", "n", "nDCG@10", "recall@10"),
        [
            (name, *_retrieval_cells(result, system))
            for name, system in (("BM25", "bm25"), ("nearest vectors", "dense"))
        ],
    )


def routing_hardness(learnt: Sequence[Turn], tested: Sequence[Turn], embedder: Embedder) -> Table:
    """How often plain methods name the required model.

    The most frequent label, the best threshold on the number of words, and the label of the
    nearest turn (message with the user's message before it), all learnt from the other splits.
    """
    truth = np.array([turn.weak_score for turn in tested])
    known = np.array([turn.weak_score for turn in learnt])
    words, known_words = _words(tested), _words(learnt)
    longest = int(known_words.max())
    at = max(
        (*sorted(set(known_words.tolist())), longest + 1),
        key=lambda least: float(((known_words < least) == known).mean()),
    )
    nearest = _nearest(list(map(_turn_text, learnt)), list(map(_turn_text, tested)), embedder)
    answers = {
        "most frequent label": np.full(len(tested), float(known.mean() >= 0.5)),
        f"strong from {at} words": (words < at).astype(np.float64),
        "label of the nearest turn": known[nearest],
    }
    groups = [turn.group for turn in tested]
    return Table(
        TITLE,
        ("reference", "n", "right label"),
        [
            (name, str(len(tested)), _share(answer == truth, groups))
            for name, answer in answers.items()
        ],
    )


def triage_hardness(
    learnt: Sequence[TriageLabel], tested: Sequence[TriageLabel], embedder: Embedder
) -> Table:
    """How often plain methods name the truth.

    The most frequent value, and that of the nearest ticket, both of the other splits; and what
    people first chose. For duplicates: whether the nearest earlier ticket of the same customer is
    the original.
    """
    texts, tested_texts = _ticket_texts(learnt), _ticket_texts(tested)
    nearest = _nearest(texts, tested_texts, embedder)
    groups = [label.ticket.customer_id for label in tested]
    fields: Mapping[str, tuple[Callable[[TriageLabel], object], Callable[[Ticket], object]]] = {
        "category": (lambda label: label.category, lambda ticket: ticket.category),
        "priority": (lambda label: label.priority, lambda ticket: ticket.priority),
        "team": (lambda label: label.team, lambda ticket: ticket.team),
    }
    rows = []
    for name, (truth, chosen) in fields.items():
        frequent = Counter(map(truth, learnt)).most_common(1)[0][0]
        answers = (
            [frequent == truth(label) for label in tested],
            [
                truth(learnt[int(at)]) == truth(label)
                for at, label in zip(nearest, tested, strict=True)
            ],
            [chosen(label.ticket) == truth(label) for label in tested],
        )
        shares = (_share(np.array(right), groups) for right in answers)
        rows.append((name, str(len(tested)), *shares))
    rows.append(_duplicates(tested, tested_texts, embedder))
    return Table(
        TITLE, ("label", "n", "most frequent", "nearest ticket", "people's first choice"), rows
    )


def set_hardness(
    folder: Path, counts: Counts, tickets: Mapping[str, Ticket], embedder: Embedder
) -> Table | None:
    """The hardness of a set.

    Args:
        counts: of the set.
        tickets: those that triage labels are about.

    Returns:
        None for a set of another kind, without a test split, or without another to learn from.
    """
    others = counts.items.keys() - {_TEST, FLOOR_SPLIT}
    if _TEST not in counts.items:
        return None
    if counts.kind == "retrieval":
        return retrieval_hardness(read_retrieval_set(folder, split=_TEST), embedder)
    if not others or counts.kind not in {"triage", "routing"}:
        return None
    if counts.kind == "triage":
        labels = read_triage_set(folder, tickets, split=_TEST)
        return triage_hardness(labels.others, labels.labels, embedder)
    prices = Prices.of("", "", load_catalog())
    learnt, tested = (
        [
            turn
            for split in splits
            for turn in read_routing_set(folder, split=split, prices=prices).turns
        ]
        for splits in (sorted(others), (_TEST,))
    )
    return routing_hardness(learnt, tested, embedder)


def _retrieval_cells(result: "Result", system: str) -> tuple[str, ...]:
    found = [result.find(name, system, "all") for name in ("ndcg@10", "recall@10")]
    n = str(found[0].n_scored) if found[0] is not None else "0"
    return n, *(
        "-" if figure is None else interval_text(figure.value, figure.low, figure.high)
        for figure in found
    )


def _words(turns: Sequence[Turn]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array([len(WORDS.findall(turn.request.text)) for turn in turns], dtype=np.int64)


def _turn_text(turn: Turn) -> str:
    return "\n".join((*turn.request.history[-1:], turn.request.text))


def _ticket_texts(labels: Sequence[TriageLabel]) -> list[str]:
    return [f"{label.ticket.title}\n{label.ticket.description}" for label in labels]


def _nearest(
    texts: Sequence[str], asked: Sequence[str], embedder: Embedder
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """For each text asked, the place of the nearest of the texts."""
    found = (embedder.embed(asked) @ embedder.embed(texts).T).argmax(axis=1)
    return np.asarray(found, dtype=np.int64)


def _duplicates(
    tested: Sequence[TriageLabel], texts: Sequence[str], embedder: Embedder
) -> tuple[str, ...]:
    """The row of duplicates: the nearest earlier ticket of the same customer."""
    vectors = embedder.embed(texts)
    right, groups = [], []
    for label, vector in zip(tested, vectors, strict=True):
        if label.duplicate_of is None:
            continue
        own = label.ticket
        earlier = [
            (float(other_vector @ vector), other.ticket.ticket_id)
            for other, other_vector in zip(tested, vectors, strict=True)
            if other.ticket.customer_id == own.customer_id
            and other.ticket.created_at < own.created_at
        ]
        right.append(bool(earlier) and max(earlier)[1] == label.duplicate_of)
        groups.append(own.customer_id)
    share = _share(np.array(right), groups) if right else "-"
    return ("duplicate_of, of duplicates", str(len(right)), "-", share, "-")


def _share(right: "np.ndarray[tuple[int], np.dtype[np.bool_]]", groups: Sequence[str]) -> str:
    interval = mean_interval(right.astype(np.float64).tolist(), groups, seed=SEED)
    return interval_text(interval.value, interval.low, interval.high)
