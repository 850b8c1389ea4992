import pytest

from msp_core.knowledge.fusion import best_per_document, convex


def test_scores_are_divided_by_their_maximum_and_averaged() -> None:
    fused = convex({"a": 10.0, "b": 5.0}, {"b": 0.8, "c": 0.4, "d": -0.3})
    assert fused == pytest.approx({"a": 0.5, "b": 0.75, "c": 0.25, "d": 0.0})


def test_one_side_alone_and_nothing_at_all() -> None:
    assert convex({"a": 4.0, "b": 1.0}, {"b": 0.9}, lexical_weight=1.0) == {"a": 1.0, "b": 0.25}
    assert convex({}, {"a": -0.1}) == {"a": 0.0}
    assert convex({}, {}) == {}


def test_a_weight_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        convex({}, {}, lexical_weight=1.5)


def test_a_document_is_ranked_by_its_best_chunk_and_ties_by_chunk_id() -> None:
    scores = {"y#1": 0.5, "x#2": 0.5, "x#1": 0.2, "z#1": 0.9, "gone#1": 1.0}
    documents = {"y#1": "y", "x#2": "x", "x#1": "x", "z#1": "z"}
    assert best_per_document(scores, documents) == [("z#1", 0.9), ("x#2", 0.5), ("y#1", 0.5)]
