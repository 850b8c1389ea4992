from importlib.resources import files

import pytest

from eval.dataset import DATASETS
from eval.routing_learning import (
    read_training_set,
    train_on,
)
from eval.set_vectors import VECTORS_FILE, training_embedder
from msp_core.bootstrap import build_services
from msp_core.routing.model_file import default_model, encode_model
from msp_core.settings import Settings


@pytest.mark.skipif(
    not (DATASETS / "routing" / VECTORS_FILE).exists(), reason="the train split is not there"
)
def test_the_router_that_ships_is_what_its_training_gives() -> None:
    services = build_services(Settings())
    data, folder = read_training_set("routing", split=None, group=None, catalog=services.catalog)
    assert data.split == "train"
    about = default_model().trained_on
    assert (about.name, about.split, about.sha256) == (data.name, data.split, data.sha256)
    model = train_on(
        data,
        training_embedder(services.embedder, folder),
        folds=5,
        seed=about.seed,
        own_groups=False,
    )
    shipped = files("msp_core.routing") / "default_router.json"
    assert encode_model(model) == shipped.read_bytes()
