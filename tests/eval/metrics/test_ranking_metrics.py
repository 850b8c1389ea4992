from math import log2

import pytest

from eval.metrics.average_precision import average_precision
from eval.metrics.ndcg import ndcg_at_k
from eval.metrics.recall import recall_at_k
from eval.metrics.reciprocal_rank import reciprocal_rank
from eval.metrics.unjudged import unjudged_at_k

GRADES = {"a": 3, "b": 2, "c": 0, "d": 1}


def exactly(value: float) -> object:
    return pytest.approx(value, abs=1e-9, rel=0)


def test_ndcg_of_a_mixed_ranking() -> None:
    gain = 2 + 3 / log2(4)  # b at 1, x at 2, a at 3
    ideal = 3 + 2 / log2(3) + 1 / log2(4)
    assert ndcg_at_k(GRADES, ["b", "x", "a"], 3) == exactly(gain / ideal)


def test_ndcg_cuts_both_the_ranking_and_the_ideal() -> None:
    assert ndcg_at_k(GRADES, ["b", "a"], 1) == exactly(2 / 3)
    assert ndcg_at_k(GRADES, ["a", "b", "d"], 10) == exactly(1)


def test_ndcg_without_relevant_documents_or_answers_is_0() -> None:
    assert ndcg_at_k({"a": 0}, ["a"], 10) == 0
    assert ndcg_at_k({"a": -1, "b": 1}, ["a"], 10) == 0
    assert ndcg_at_k(GRADES, [], 10) == 0


def test_recall_counts_every_relevant_document() -> None:
    assert recall_at_k(GRADES, ["c", "a", "x", "d"], 3) == exactly(1 / 3)
    assert recall_at_k(GRADES, ["c", "a", "x", "d"], 4) == exactly(2 / 3)
    assert recall_at_k({"c": 0}, ["c"], 5) == 0


def test_reciprocal_rank_is_of_the_first_relevant_document() -> None:
    assert reciprocal_rank(GRADES, ["x", "c", "d", "a"]) == exactly(1 / 3)
    assert reciprocal_rank(GRADES, ["x", "c"]) == 0


def test_average_precision_adds_0_for_what_is_missing() -> None:
    assert average_precision(GRADES, ["a", "x", "d"]) == exactly((1 + 2 / 3) / 3)
    assert average_precision({"c": 0}, ["c"]) == 0


def test_a_grade_of_0_is_a_judgement() -> None:
    assert unjudged_at_k(GRADES, ["a", "c", "x", "y"], 4) == exactly(0.5)
    assert unjudged_at_k(GRADES, ["a", "c", "x"], 2) == 0
    assert unjudged_at_k(GRADES, [], 10) == 0


@pytest.mark.parametrize("metric", [ndcg_at_k, recall_at_k, unjudged_at_k])
def test_a_cut_off_below_1_is_refused(metric) -> None:
    with pytest.raises(ValueError, match="k must be 1 or more"):
        metric(GRADES, ["a"], 0)


@pytest.mark.parametrize("metric", [reciprocal_rank, average_precision])
def test_a_document_may_stand_only_once(metric) -> None:
    with pytest.raises(ValueError, match="twice"):
        metric(GRADES, ["a", "b", "a"])
    with pytest.raises(ValueError, match="twice"):
        ndcg_at_k(GRADES, ["a", "a"], 2)
