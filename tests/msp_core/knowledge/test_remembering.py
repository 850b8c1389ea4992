"""An embedder that remembers."""

import numpy as np
import pytest

from msp_core.knowledge.remembering import RememberingEmbedder
from tests.fakes.knowledge import HashEmbedder


@pytest.fixture
def inner() -> HashEmbedder:
    return HashEmbedder()


def test_a_text_is_computed_once_and_each_row_is_its_own(inner: HashEmbedder) -> None:
    remembering = RememberingEmbedder(inner)
    first = remembering.embed(["a", "b", "a"])
    second = remembering.embed(["b", "c"])
    assert inner.texts == ["a", "b", "c"]
    np.testing.assert_array_equal(first, HashEmbedder().embed(["a", "b", "a"]))
    np.testing.assert_array_equal(second, HashEmbedder().embed(["b", "c"]))


def test_no_text_gives_no_row(inner: HashEmbedder) -> None:
    assert RememberingEmbedder(inner).embed([]).shape == (0, inner.dimension)


def test_what_was_asked_longest_ago_is_forgotten_first(inner: HashEmbedder) -> None:
    remembering = RememberingEmbedder(inner, most=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        remembering.embed([text])
    assert inner.texts == ["a", "b", "c", "b"]


def test_more_texts_than_are_kept_are_still_all_answered(inner: HashEmbedder) -> None:
    texts = list("abcde")
    remembering = RememberingEmbedder(inner, most=2)
    np.testing.assert_array_equal(remembering.embed(texts), HashEmbedder().embed(texts))


@pytest.mark.parametrize(("has_prompts", "times"), [(True, 2), (False, 1)])
def test_a_question_is_another_text_only_to_a_model_with_prompts(
    inner: HashEmbedder, has_prompts: bool, times: int
) -> None:
    remembering = RememberingEmbedder(inner, has_prompts=has_prompts)
    remembering.embed(["a"], purpose="document")
    remembering.embed(["a"], purpose="query")
    assert len(inner.texts) == times
