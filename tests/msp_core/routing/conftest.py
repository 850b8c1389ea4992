"""A small trained router over an embedder that needs no model."""

import pytest

from msp_core.routing.request import RouteRequest
from msp_core.routing.router_model import RouterModel, TrainedOn
from msp_core.routing.training import Example, ExampleMatrix, train
from tests.fakes.word_embedder import WordEmbedder


def examples(n: int = 120) -> list[Example]:
    """Every third turn is hard, and says so."""
    hard = "why does the tunnel {} drop, and what is the risk"
    easy = "show the status of ticket {}"
    return [
        Example(
            RouteRequest((easy if row % 3 else hard).format(row)),
            weak_score=float(row % 3 > 0),
            strong_score=1.0,
            group=f"g{row % 7}",
        )
        for row in range(n)
    ]


def train_small() -> RouterModel:
    about = TrainedOn("small", "train", "ab", 120, 0, 7, "simulated", 7)
    matrix = ExampleMatrix.of(examples(), WordEmbedder().embed)
    return train(matrix, embedder_id=WordEmbedder.model_id, trained_on=about)


@pytest.fixture(scope="session")
def small_model() -> RouterModel:
    return train_small()


@pytest.fixture
def word_embedder() -> WordEmbedder:
    return WordEmbedder()
