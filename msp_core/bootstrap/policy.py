"""The routing policy of the settings, with the shipped router and floors."""

import hashlib
import logging
from collections.abc import Iterable
from importlib.resources import files

from msp_core.assistant.models import ModelPair
from msp_core.errors import ConfigurationError
from msp_core.knowledge.embedding import Embedder
from msp_core.routing.draft_check import check_draft
from msp_core.routing.floor_head import shipped_head
from msp_core.routing.learned import LearnedRouter
from msp_core.routing.model_file import default_model, read_model
from msp_core.routing.policy import RoutingPolicy, Trained, make_policy
from msp_core.routing.router_model import RouterModel
from msp_core.settings import Settings

logger = logging.getLogger(__name__)

FLOOR_PATTERNS, FLOOR_HEAD = "floor_patterns.toml", "floor_head.json"


def router_of(settings: Settings) -> RouterModel:
    """The router in the file of `MSP_ROUTING_MODEL`, else the shipped one.

    Raises:
        MspError: the file cannot be used; says why.
    """
    return default_model() if settings.routing_model is None else read_model(settings.routing_model)


def policy_with(
    embedder: Embedder,
    settings: Settings,
    models: ModelPair,
    *,
    router: RouterModel | None = None,
) -> RoutingPolicy:
    """The policy of the settings, which embeds turns with this embedder.

    Args:
        embedder: of the turns.
        settings: which policy, with which threshold.
        models: whose prices count.
        router: in place of that of the settings.

    Raises:
        ConfigurationError: a budget is set, and a model is unpriced: it could not be kept; or the
            router, unless it is the shipped one, was trained with another embedder.
        MspError: the router's file cannot be used.
    """
    capped = settings.daily_budget_usd, settings.customer_daily_budget_usd
    for model in (models.weak, models.strong):
        if model.price is None and capped != (None, None):
            raise ConfigurationError(
                f"A daily budget is set, and the price of {model.model_id} is not known: the"
                " budget could not be kept. Give its price in a file and set MSP_PRICES to it."
            )
    return make_policy(
        settings.routing_policy,
        models.weak.price,
        models.strong.price,
        find_floor=shipped_head().find,
        floors_version=_digest((FLOOR_PATTERNS, FLOOR_HEAD)),
        threshold=settings.routing_threshold,
        check_draft=check_draft,
        trained=_trained(embedder, settings, router),
    )


def _digest(names: Iterable[str]) -> str:
    """Of files that ship with the router."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((files("msp_core.routing") / name).read_bytes())
    return digest.hexdigest()[:12]


def _trained(embedder: Embedder, settings: Settings, router: RouterModel | None) -> Trained | None:
    """The router; None when it is the shipped one, and the vectors are another embedder's."""
    own = router is not None or settings.routing_model is not None
    model = router or router_of(settings)
    if not own and embedder.model_id != model.embedder_id:
        logger.warning(
            "the shipped router was trained with %s and is not used with %s: learned and"
            " cascade count words. Train your own with `msp routing train` and set"
            " MSP_ROUTING_MODEL to it.",
            model.embedder_id,
            embedder.model_id,
        )
        return None
    learned = LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)
    about = model.trained_on
    return Trained(
        scorer=learned.scorer("two_head"),
        threshold=model.threshold,
        familiarity=learned.familiarity,
        least_familiar=model.least_familiar,
        version="-".join((about.name, about.sha256[:12], about.words_sha256[:12])),
    )
