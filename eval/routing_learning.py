"""Learn routers from judged turns, and score others with them: by file, out of fold, left out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from eval.dataset import find_dataset
from eval.metrics.apgr import apgr
from eval.metrics.tradeoff import Floats, Outcomes
from eval.result import Metric
from eval.routing_figures import metric
from eval.routing_set import Prices, RoutingSet, Turn, read_routing_set
from eval.routing_systems import WORD_COUNT, LearnedScores
from eval.set_vectors import VECTORS_FILE
from eval.stats import statistic_intervals
from msp_core.errors import InvalidInput
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.embedding_cache import write_cache
from msp_core.learning.folds import folds_of
from msp_core.routing.catalog import Catalog
from msp_core.routing.learned import LEARNED, LearnedRouter
from msp_core.routing.meaning import what_is_meant
from msp_core.routing.router_model import RouterModel, TrainedOn
from msp_core.routing.scorers import word_count
from msp_core.routing.training import (
    Example,
    ExampleMatrix,
    check_learnable,
    sample_examples,
    train,
)

EMBEDDED_AT_MOST = 5_000
"""Of more turns the scorers that need an embedding are left out: a minute and more of computing."""
TRANSFER = "transfer_apgr"
_TRANSFERRED = "two_head"
_LEAST_LEFT_OUT = 20


def read_training_set(
    name_or_path: str, *, split: str | None, group: str | None, catalog: Catalog
) -> tuple[RoutingSet, Path]:
    """The turns to learn from, by default the split `train`, and the folder they stand in.

    Raises:
        MspError: see `read_routing_set`.
    """
    path = find_dataset(name_or_path)
    unpriced = Prices("weak", "strong", None, None, catalog.read_on)
    data = read_routing_set(path, split=split, default_split="train", prices=unpriced, group=group)
    return data, path if path.is_dir() else path.parent


def write_vectors(folder: Path, embedder: Embedder, turns: Sequence[Turn]) -> None:
    """Write `vectors.npz` of the turns, for `training_embedder`."""
    texts = [what_is_meant(turn.request).text for turn in turns]
    write_cache(folder / VECTORS_FILE, embedder, texts)


def train_on(
    data: RoutingSet,
    embedder: Embedder,
    *,
    words: RoutingSet | None = None,
    folds: int,
    seed: int,
    own_groups: bool,
) -> RouterModel:
    """The router that a set teaches.

    Args:
        data: its turns, at most 20,000 of them (a seeded draw).
        embedder: for the vectors.
        words: of its turns the words alone are learned from, as far as they are of other groups.
        folds: of the cross-validation that chooses settings and threshold.
        seed: of the draws.
        own_groups: folds by the groups of the set; else by customer, where turns have one.

    Raises:
        InvalidInput: nothing can be learned from it.
    """
    examples = examples_of(data.turns, own_groups=own_groups)
    check_learnable(examples)
    used = sample_examples(examples, seed=seed)
    groups = {example.group for example in used}
    about = TrainedOn(
        name=data.name,
        split=data.split,
        sha256=data.sha256,
        n=len(used),
        n_left_out=len(examples) - len(used),
        groups=len(groups),
        kind=data.kind,
        seed=seed,
        words_sha256="" if words is None else words.sha256,
    )
    others = () if words is None else examples_of(words.turns, own_groups=own_groups)
    more = [example for example in others if example.group not in groups]
    matrix = ExampleMatrix.of(used, embedder.embed, more=more)
    return train(matrix, embedder_id=embedder.model_id, trained_on=about, folds=folds)


def examples_of(turns: Sequence[Turn], *, own_groups: bool) -> list[Example]:
    """Turns as a training takes them."""
    return [
        Example(
            turn.request,
            turn.weak_score,
            turn.strong_score,
            turn.group if own_groups else turn.slices.get("customer", turn.group),
        )
        for turn in turns
    ]


def learned_scores(router: LearnedRouter, turns: Sequence[Turn]) -> dict[str, LearnedScores]:
    """What each scorer of a router gives to the turns, each as what it means."""
    requests = [what_is_meant(turn.request) for turn in turns]
    return {
        name: LearnedScores(
            router.scores(name, requests), router.model.threshold if name == "two_head" else None
        )
        for name in LEARNED
        if name == "lexical" or len(turns) <= EMBEDDED_AT_MOST
    }


def out_of_fold(
    data: RoutingSet, embedder: Embedder, *, folds: int, seed: int, own_groups: bool
) -> dict[str, LearnedScores]:
    """Each turn scored by routers that learned, settings and all, from the other folds.

    Every fold has its own router, so there is no one threshold, and a score is the turn's rank
    within its fold: only the order counts.

    Raises:
        InvalidInput: nothing can be learned, or the set is too large to do it `folds` times.
    """
    examples = examples_of(data.turns, own_groups=own_groups)
    check_learnable(examples)
    if len(examples) > EMBEDDED_AT_MOST:
        raise InvalidInput(
            f"{len(examples):,} rows are too many to cross-validate here; {EMBEDDED_AT_MOST:,} are"
            " the most. Give a part of them to --train and evaluate on the rest."
        )
    matrix = ExampleMatrix.of(examples, embedder.embed)
    fold = folds_of(matrix.groups, folds)
    return {
        name: LearnedScores(scores)
        for name, scores in _scored_by_others(matrix, fold, examples, embedder, seed).items()
    }


def transfer_metrics(data: RoutingSet, embedder: Embedder, *, seed: int) -> Iterator[Metric]:
    """`transfer_apgr` on each category, of two heads that learned from all others, and of length.

    Categories of fewer than 20 turns, or where the strong model gains nothing, are passed over,
    and so are sets of one category or of more than 5,000 turns.
    """
    examples = examples_of(data.turns, own_groups=False)
    names = [turn.slices.get("category", "") for turn in data.turns]
    shown = sorted({name for name in names if name and names.count(name) >= _LEAST_LEFT_OUT})
    if len(set(names)) < 2 or len(examples) > EMBEDDED_AT_MOST or not shown:
        return
    matrix = ExampleMatrix.of(examples, embedder.embed)
    categories = np.array(names)
    for name in shown:
        inside, left_out = np.flatnonzero(categories != name), np.flatnonzero(categories == name)
        if not _learnable([examples[row] for row in inside.tolist()]):
            continue
        turns = [data.turns[row] for row in left_out.tolist()]
        if np.mean([turn.strong_score - turn.weak_score for turn in turns]) <= 0:
            continue
        router = _fit(matrix.rows(inside), embedder, seed)
        requests = [what_is_meant(turn.request) for turn in turns]
        for system, scores in (
            (_TRANSFERRED, router.scores("two_head", requests)),
            (WORD_COUNT, np.array([word_count(turn.request) for turn in turns])),
        ):
            yield _apgr_metric(data, turns, scores, system, f"category={name}", seed)


def _scored_by_others(
    matrix: ExampleMatrix,
    fold: "np.ndarray[tuple[int], np.dtype[np.intp]]",
    examples: Sequence[Example],
    embedder: Embedder,
    seed: int,
) -> dict[str, Floats]:
    scores: dict[str, Floats] = {name: np.empty(len(fold)) for name in LEARNED}
    for held in range(int(fold.max()) + 1):
        inside, outside = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        check_learnable([examples[row] for row in inside.tolist()])
        router = _fit(matrix.rows(inside), embedder, seed)
        requests = [what_is_meant(examples[row].request) for row in outside.tolist()]
        for name in LEARNED:
            scores[name][outside] = _ranks(router.scores(name, requests))
    return scores


def _ranks(scores: Floats) -> Floats:
    """The share of the scores below each, ties halved.

    The level of a fold's scores comes from the other folds, so a fold with much gain is scored
    low as a whole: pooled as they are, scores without any signal would look worse than random.
    """
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: Floats = ((np.cumsum(counts) - counts / 2) / scores.size)[place]
    return ranks


def _fit(matrix: ExampleMatrix, embedder: Embedder, seed: int) -> LearnedRouter:
    n = len(matrix.weak)
    about = TrainedOn("part", "", "", n, 0, len(set(matrix.groups)), "", seed)
    model = train(matrix, embedder_id=embedder.model_id, trained_on=about)
    return LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)


def _learnable(examples: Sequence[Example]) -> bool:
    try:
        check_learnable(examples)
    except InvalidInput:
        return False
    return True


def _apgr_metric(
    data: RoutingSet, turns: Sequence[Turn], scores: Floats, system: str, slice_: str, seed: int
) -> Metric:
    outcomes = Outcomes(
        scores,
        np.array([turn.weak_score for turn in turns]),
        np.array([turn.strong_score for turn in turns]),
    )

    def statistic(weights: Floats) -> tuple[float]:
        try:
            return (apgr(outcomes.tradeoff(weights)),)
        except ValueError:
            return (float("nan"),)

    groups = [turn.group for turn in turns]
    interval = statistic_intervals(statistic, groups, seed=seed)[0]
    return metric(TRANSFER, system, slice_, interval, len(turns), data.kind)
