"""The two chat models of the assistant, and which of them takes a turn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msp_core.errors import ConfigurationError
from msp_core.routing.catalog import Catalog
from msp_core.routing.price import Price
from msp_core.routing.request import ModelChoice
from msp_core.settings import Settings

if TYPE_CHECKING:
    from strands.models import Model
    from strands.models.routing import ModelRouter, RoutingCandidate, RoutingContext


@dataclass(frozen=True)
class ChatModel:
    """A model behind its Strands adapter.

    Attributes:
        model_id: as shown and as priced.
        simulated: an offline stand-in answers; cost is what the named model would have cost.
    """

    model_id: str
    price: Price | None
    simulated: bool
    model: "Model"


@dataclass(frozen=True)
class ModelPair:
    """The weak and the strong model."""

    weak: ChatModel
    strong: ChatModel

    def __getitem__(self, choice: ModelChoice) -> ChatModel:
        return self.strong if choice == "strong" else self.weak

    def of(self, model: "Model") -> ChatModel:
        """The pair's entry whose adapter is `model`."""
        return self.strong if model is self.strong.model else self.weak

    def router(self, strategy: "ChosenModel") -> "ModelRouter":
        """Strands' router over the pair."""
        from strands.models.routing import ModelRouter, RoutingCandidate

        candidates = [
            RoutingCandidate(self.weak.model, "weak"),
            RoutingCandidate(self.strong.model, "strong"),
        ]
        return ModelRouter(candidates, strategy=strategy, max_switches=1)


class ChosenModel:
    """Strands routing strategy: the policy's choice first, the other model when a call fails."""

    def __init__(self) -> None:
        self.choice: ModelChoice = "weak"

    async def select(self, context: "RoutingContext", **_: Any) -> "RoutingCandidate | None":
        """See `strands.models.routing.RoutingStrategy`."""
        failed = bool(context.attempts) and context.attempts[-1].exception is not None
        other: ModelChoice = "weak" if self.choice == "strong" else "strong"
        wanted = other if failed else self.choice
        return next(candidate for candidate in context.candidates if candidate.name == wanted)


def build_models(settings: Settings, catalog: Catalog) -> ModelPair:
    """The pair that the settings name.

    Raises:
        ConfigurationError: a named model is retired, or its SDK is not installed.
    """
    if settings.model_provider == "offline":
        from msp_core.assistant.offline_model import OfflineModel

        def offline(model_id: str) -> ChatModel:
            return ChatModel(model_id, catalog.price(model_id), True, OfflineModel(model_id))

        return ModelPair(weak=offline(settings.titan_model), strong=offline(settings.claude_model))

    def compatible(model_id: str | None) -> ChatModel:
        if model_id is None:
            raise ConfigurationError(
                f"MSP_MODEL_PROVIDER={settings.model_provider} needs a model id."
            )
        catalog.check_alive(model_id)
        return ChatModel(
            model_id, catalog.price(model_id), False, _openai_model(settings, model_id)
        )

    return ModelPair(weak=compatible(settings.weak_model), strong=compatible(settings.strong_model))


def _openai_model(settings: Settings, model_id: str) -> "Model":
    """A model behind any OpenAI-compatible server; Ollama speaks that protocol under `/v1`."""
    try:
        from msp_core.assistant.compatible_model import CompatibleModel
    except ImportError as error:
        raise ConfigurationError(
            "The package openai is not installed, and MSP_MODEL_PROVIDER needs it. "
            "Install the extra `agent`."
        ) from error
    url = (settings.model_url or "").rstrip("/")
    if settings.model_provider == "ollama" and not url.endswith("/v1"):
        url += "/v1"
    arguments: dict[str, Any] = {
        "base_url": url,
        "api_key": settings.openai_api_key or "none",
        "max_retries": 0,  # the agent's retry and the fallback to the other model are enough
        "timeout": 120.0,
    }
    return CompatibleModel(client_args=arguments, model_id=model_id)
