"""What is known of each model: price, lifecycle, abilities (`catalog.toml`)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from msp_core.errors import ConfigurationError
from msp_core.routing.price import LongPrompt, Price

Lifecycle = Literal["active", "legacy", "retired", "unlisted"]
Thinking = Literal["none", "optional", "always"]

IN_REGION = "region"
"""The profile of a bare model id, without a cross-region prefix."""

_PROFILE = re.compile(r"(us|us-gov|eu|apac|jp|au|ca|global)\.(?=[a-z0-9-]+\.)")


@dataclass(frozen=True)
class Abilities:
    """What a model can do; None is unknown.

    Attributes:
        sampling: takes temperature and top-p.
        thinking: writes hidden reasoning: never, when asked, or always.
    """

    tools: bool | None = None
    system_prompt: bool | None = None
    streaming: bool | None = None
    sampling: bool | None = None
    thinking: Thinking | None = None


@dataclass(frozen=True)
class ModelCard:
    """One model.

    Attributes:
        model_id: without a profile's prefix.
        prices: by inference profile (`us`, `eu`, `region`, ...); one that is not there is unpriced.
        successor: a model id with prefix, for a retired or legacy model.
        context_tokens: None is unknown.
    """

    model_id: str
    lifecycle: Lifecycle
    kind: Literal["chat", "embedding"] = "chat"
    abilities: Abilities = Abilities()
    prices: Mapping[str, Price] = field(default_factory=dict)
    successor: str | None = None
    context_tokens: int | None = None


@dataclass(frozen=True)
class Catalog:
    """All model cards, with where and when the prices were read.

    Model ids are taken with a profile's prefix (`us.anthropic.claude-sonnet-4-6`) or without one.
    """

    cards: Mapping[str, ModelCard]
    source: str
    read_on: date

    def card(self, model_id: str) -> ModelCard | None:
        """The model's card, or None when the catalogue does not know it."""
        return self.cards.get(model_id) or self.cards.get(split_profile(model_id)[1])

    def price(self, model_id: str) -> Price | None:
        """The price under the id's profile, or None: unpriced."""
        card = self.card(model_id)
        return card.prices.get(split_profile(model_id)[0]) if card else None

    def check_alive(self, model_id: str) -> None:
        """Pass for any model that is not known to be retired.

        Raises:
            ConfigurationError: the model is retired; the message names its successor.
        """
        card = self.card(model_id)
        if card is not None and card.lifecycle == "retired":
            raise ConfigurationError(
                f"The model {model_id} is retired and no longer answers. Use {card.successor}."
            )

    def with_prices(self, prices: Mapping[str, Price]) -> "Catalog":
        """The catalogue with these prices, by model id, in place of its own.

        A model that it does not know gets a card of lifecycle `unlisted`.
        """
        cards = dict(self.cards)
        for model_id, price in prices.items():
            profile, bare = split_profile(model_id)
            card = cards.get(bare) or ModelCard(bare, "unlisted")
            cards[bare] = replace(card, prices={**card.prices, profile: price})
        return replace(self, cards=cards)


def split_profile(model_id: str) -> tuple[str, str]:
    """Inference profile and bare id: `("us", "amazon.nova-pro-v1:0")`."""
    match = _PROFILE.match(model_id)
    return (match[1], model_id[match.end() :]) if match else (IN_REGION, model_id)


def join_profile(profile: str, bare_id: str) -> str:
    """The id to call a model by; the inverse of `split_profile`."""
    return bare_id if profile == IN_REGION else f"{profile}.{bare_id}"


@cache
def load_catalog() -> Catalog:
    """The shipped catalogue."""
    raw = tomllib.loads((files("msp_core.routing") / "catalog.toml").read_text(encoding="utf-8"))
    cards = {row["id"]: _card(row) for row in raw["model"]}
    return Catalog(cards, raw["source"], raw["read_on"])


def _card(row: dict[str, Any]) -> ModelCard:
    return ModelCard(
        model_id=row["id"],
        lifecycle=row["lifecycle"],
        kind=row.get("kind", "chat"),
        abilities=Abilities(
            row.get("tools"),
            row.get("system_prompt"),
            row.get("streaming"),
            row.get("sampling"),
            row.get("thinking"),
        ),
        prices={profile: _price(figures) for profile, figures in row.get("price", {}).items()},
        successor=row.get("successor"),
        context_tokens=row.get("context_tokens"),
    )


def _price(row: dict[str, Any]) -> Price:
    long = row.get("long")
    return Price(
        row["input"],
        row["output"],
        row.get("cache_read"),
        row.get("cache_write"),
        LongPrompt(long["above_tokens"], long["input"], long["output"]) if long else None,
        row.get("source", ""),
        row.get("read_on"),
    )
