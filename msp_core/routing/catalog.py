"""What is known of models (price, lifecycle, abilities) and of the tiers: `catalog.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from msp_core.errors import ConfigurationError


@dataclass(frozen=True)
class Price:
    """USD per million tokens."""

    input_usd_per_million: float
    output_usd_per_million: float
    cache_read_usd_per_million: float | None = None

    def cost_usd(self, *, input_tokens: int, output_tokens: int, cache_tokens: int = 0) -> float:
        """What these tokens cost; cached ones at the input price where no cache price is known."""
        cached = self.cache_read_usd_per_million
        cached_price = self.input_usd_per_million if cached is None else cached
        return (
            input_tokens * self.input_usd_per_million
            + output_tokens * self.output_usd_per_million
            + cache_tokens * cached_price
        ) / 1e6


@dataclass(frozen=True)
class ModelCard:
    """One model; `price` None means unpriced."""

    model_id: str
    lifecycle: str
    tools: bool
    price: Price | None
    successor: str | None = None


@dataclass(frozen=True)
class KnowledgePrices:
    """What the tiers of knowledge cost on AWS: OpenSearch Serverless (hot), S3 Vectors (cold)."""

    opensearch_usd_per_ocu_hour: float
    opensearch_minimum_ocus: int
    s3_vectors_usd_per_gb_month: float
    s3_vectors_usd_per_million_queries: float


@dataclass(frozen=True)
class Catalog:
    """All model cards and the tiers' prices, with where and when they were read."""

    cards: dict[str, ModelCard]
    knowledge: KnowledgePrices
    source: str
    read_on: date

    def price(self, model_id: str) -> Price | None:
        """The model's price, or None when the catalogue does not know it."""
        card = self.cards.get(model_id)
        return card.price if card else None

    def check_alive(self, model_id: str) -> None:
        """Pass for an active or an unlisted model.

        Raises:
            ConfigurationError: the model is retired; the message names its successor.
        """
        card = self.cards.get(model_id)
        if card is not None and card.lifecycle == "retired":
            raise ConfigurationError(
                f"The model {model_id} is retired and no longer answers. Use {card.successor}."
            )


@cache
def load_catalog() -> Catalog:
    """The shipped catalogue."""
    raw = tomllib.loads((files("msp_core.routing") / "catalog.toml").read_text(encoding="utf-8"))
    cards = {}
    for row in raw["model"]:
        price = None
        if "input_usd_per_million" in row:
            price = Price(
                row["input_usd_per_million"],
                row["output_usd_per_million"],
                row.get("cache_read_usd_per_million"),
            )
        cards[row["id"]] = ModelCard(
            row["id"], row["lifecycle"], row["tools"], price, row.get("successor")
        )
    return Catalog(cards, KnowledgePrices(**raw["knowledge"]), raw["source"], raw["read_on"])
