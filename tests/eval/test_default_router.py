from importlib.resources import files

from eval.dataset import find_dataset
from eval.floor_training import FLOOR_TURNS, ROUTER_TURNS
from eval.routing_learning import read_training_set, train_on
from eval.routing_set import join_sets
from eval.set_vectors import training_embedder
from msp_core.bootstrap import build_services
from msp_core.routing.model_file import default_model, encode_model
from msp_core.settings import Settings


def test_the_router_that_ships_is_what_its_training_gives() -> None:
    services = build_services(Settings())
    sets = [
        read_training_set(source, split=None, group=None, catalog=services.catalog)[0]
        for source in ("routing", str(ROUTER_TURNS))
    ]
    data = join_sets(sets)
    assert (data.name, data.split, len(data.turns)) == ("routing+turns", "train", 1051)
    about = default_model().trained_on
    assert (about.name, about.split, about.sha256) == (data.name, data.split, data.sha256)
    model = train_on(
        data,
        training_embedder(services.embedder, find_dataset("routing"), ROUTER_TURNS),
        words=read_training_set(str(FLOOR_TURNS), split=None, group=None, catalog=services.catalog)[
            0
        ],
        folds=5,
        seed=about.seed,
        own_groups=False,
    )
    shipped = files("msp_core.routing") / "default_router.json"
    assert encode_model(model) == shipped.read_bytes()
