"""How far plain reference methods get on the test split: reported, never selected for."""

from collections.abc import Mapping, Sequence
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
from eval.triage_baselines import (
    FIELDS,
    chosen_value,
    most_frequent,
    nearest_earlier,
    nearest_rows,
    nearest_ticket,
)
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
    nearest = nearest_rows(list(map(_turn_text, learnt)), list(map(_turn_text, tested)), embedder)
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
    groups = [label.ticket.customer_id for label in tested]
    frequent, near = most_frequent(learnt, tested), nearest_ticket(learnt, tested, embedder)
    rows = []
    for name in FIELDS:
        truth = [label.value(name) for label in tested]
        answers = frequent[name], near[name], [chosen_value(label, name) for label in tested]
        shares = (
            _share(
                np.array([given == wanted for given, wanted in zip(one, truth, strict=True)]),
                groups,
            )
            for one in answers
        )
        rows.append((name, str(len(tested)), *shares))
    rows.append(_duplicates(tested, embedder))
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


def _duplicates(tested: Sequence[TriageLabel], embedder: Embedder) -> tuple[str, ...]:
    """The row of duplicates: the nearest earlier ticket of the same customer."""
    named = [
        (label, given)
        for label, given in zip(tested, nearest_earlier(tested, embedder), strict=True)
        if label.duplicate_of is not None
    ]
    right = np.array([given == label.duplicate_of for label, given in named])
    groups = [label.ticket.customer_id for label, _ in named]
    share = _share(right, groups) if named else "-"
    return ("duplicate_of, of duplicates", str(len(named)), "-", share, "-")


def _share(right: "np.ndarray[tuple[int], np.dtype[np.bool_]]", groups: Sequence[str]) -> str:
    interval = mean_interval(right.astype(np.float64).tolist(), groups, seed=SEED)
    return interval_text(interval.value, interval.low, interval.high)
