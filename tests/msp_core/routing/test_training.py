from dataclasses import replace

import numpy as np
import pytest

from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.routing.learned import LEARNED, LearnedName, LearnedRouter
from msp_core.routing.request import RouteRequest
from msp_core.routing.router_model import Calibration, RouterModel, TrainedOn
from msp_core.routing.training import (
    MOST_ROWS,
    Example,
    ExampleMatrix,
    check_learnable,
    sample_examples,
    train,
)
from tests.fakes.word_embedder import WordEmbedder
from tests.msp_core.routing.conftest import examples

HARD = RouteRequest("why does the tunnel 999 drop, and what is the risk")
EASY = RouteRequest("show the status of ticket 998")


@pytest.fixture
def router(small_model: RouterModel, word_embedder: WordEmbedder) -> LearnedRouter:
    return LearnedRouter(small_model, word_embedder.embed, embedder_id=word_embedder.model_id)


@pytest.mark.parametrize("name", LEARNED)
def test_each_scorer_learned_what_is_hard(router: LearnedRouter, name: LearnedName) -> None:
    score = router.scorer(name)
    assert 0 <= score(EASY) < score(HARD) <= 1
    assert router.scores(name, [EASY, HARD]) == pytest.approx([score(EASY), score(HARD)], abs=1e-6)


def test_the_threshold_parts_them(router: LearnedRouter) -> None:
    score = router.scorer("two_head")
    assert score(EASY) < router.model.threshold <= score(HARD)


def test_a_decision_embeds_once(small_model: RouterModel, word_embedder: WordEmbedder) -> None:
    once = RememberingEmbedder(word_embedder, most=1)
    router = LearnedRouter(small_model, once.embed, embedder_id=once.model_id)
    router.scorer("two_head")(HARD)
    router.scorer("knn")(HARD)
    router.familiarity(HARD)
    assert word_embedder.calls == 1
    router.scorer("lexical")(EASY)
    assert word_embedder.calls == 1


def trained(turns: list[Example], more: list[Example]) -> LearnedRouter:
    embedder = WordEmbedder()
    matrix = ExampleMatrix.of(turns, embedder.embed, more=more)
    about = TrainedOn("own", "train", "ab", len(turns), 0, 12, "simulated", 7)
    model = train(matrix, embedder_id=embedder.model_id, trained_on=about)
    return LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)


def turn_of(text: str, *, hard: bool, group: str) -> Example:
    return Example(RouteRequest(text), float(not hard), 1.0, group)


def test_words_of_other_turns_are_learned_from() -> None:
    words = [f"w{number:02d}" for number in range(40)]
    more = [
        turn_of(f"{word} {again}", hard=row % 2 == 0, group="x")
        for row, word in enumerate(words)
        for again in "abcd"
    ]
    turns = [
        turn_of(word, hard=row % 2 == 0, group=f"g{row % 10}") for row, word in enumerate(words)
    ]
    unseen = [RouteRequest("w00 w02 w04"), RouteRequest("w01 w03 w05")]
    hard, easy = trained(turns, more).scores("lexical", unseen)
    assert hard > 0.8
    assert easy < 0.2
    hard, easy = trained(turns, []).scores("lexical", unseen)
    assert hard == pytest.approx(easy)


def test_one_turn_beside_a_single_group() -> None:
    turns = [replace(row, group="a") for row in examples()]
    assert trained([*turns[1:], replace(turns[0], group="b")], []).model.trained_on.n == len(turns)


def test_a_group_s_own_words_are_not_believed() -> None:
    """Each group has a word of its own and one kind of turn, which says nothing of others."""
    generator = np.random.default_rng(3)
    kinds = generator.permutation(np.repeat([True, False], 12)).tolist()
    turns = [
        turn_of(f"name{group:02d} said {number}", hard=hard, group=f"g{group}")
        for group, hard in enumerate(kinds)
        for number in range(5)
    ]
    names = [RouteRequest(f"name{group:02d} said 1") for group in range(24)]
    scores = trained(turns, []).scores("lexical", names)
    told = scores[kinds].mean() - scores[[not hard for hard in kinds]].mean()
    assert abs(told) < 0.02


def test_familiarity_tells_strangers(router: LearnedRouter) -> None:
    strange = RouteRequest("zzz qqq")
    assert router.familiarity(strange) < router.model.least_familiar <= router.familiarity(HARD)


def test_another_embedder_is_refused(small_model: RouterModel) -> None:
    with pytest.raises(ConfigurationError, match="trained with the embedder 'words'"):
        LearnedRouter(small_model, WordEmbedder().embed, embedder_id="other")


def test_too_few_rows() -> None:
    with pytest.raises(InvalidInput, match="3 rows are too few"):
        check_learnable(examples(3))


@pytest.mark.parametrize(("weak", "model"), [(1.0, "weak"), (0.0, "strong")])
def test_one_class_only(weak: float, model: str) -> None:
    rows = [replace(row, weak_score=weak) for row in examples()]
    with pytest.raises(InvalidInput, match=f"one class only.*to the {model} model"):
        check_learnable(rows)


def test_swapped_columns() -> None:
    rows = [
        replace(row, weak_score=float(place % 10 > 0), strong_score=float(place % 10 < 3))
        for place, row in enumerate(examples())
    ]
    with pytest.raises(InvalidInput, match=r"by 60\.0 points\. Are weak_score and strong_score"):
        check_learnable(rows)


def test_a_large_set_is_sampled_in_order() -> None:
    rows = examples(10) * (MOST_ROWS // 10 + 1)
    drawn = sample_examples(rows, seed=1)
    assert len(drawn) == MOST_ROWS
    assert drawn == sample_examples(rows, seed=1)
    assert sample_examples(rows[:50], seed=1) == rows[:50]


CALIBRATION = Calibration(np.array([0.1, 0.2, 0.2, 0.4, 0.9]), np.array([0.0, 0.0, 0.1, 0.5, 1.0]))


@pytest.mark.parametrize(("rate", "threshold"), [(1, 0.1), (0.8, 0.2), (0.4, 0.4), (0.2, 0.9)])
def test_threshold_for_a_rate(rate: float, threshold: float) -> None:
    assert CALIBRATION.threshold_for_rate(rate) == threshold
    assert CALIBRATION.threshold_for_rate(0) > 0.9


@pytest.mark.parametrize(("points", "threshold"), [(0, 0.2), (2, 0.4), (12, 0.9)])
def test_threshold_for_a_loss(points: float, threshold: float) -> None:
    assert CALIBRATION.threshold_for_loss(points) == threshold
    assert CALIBRATION.threshold_for_loss(32) > 0.9


def test_thresholds_out_of_range() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        CALIBRATION.threshold_for_rate(1.1)
    with pytest.raises(ValueError, match="0 or more"):
        CALIBRATION.threshold_for_loss(-1)
