import pytest

from msp_core.errors import ConfigurationError
from msp_core.routing.catalog import Price, load_catalog
from msp_core.settings import Settings

CATALOG = load_catalog()


def test_every_card_is_consistent() -> None:
    for card in CATALOG.cards.values():
        assert card.lifecycle in {"active", "retired"}, card
        if card.lifecycle == "retired":
            assert card.successor is not None, card
            assert CATALOG.cards[card.successor].lifecycle == "active", card
        if card.price is not None:
            assert 0 < card.price.input_usd_per_million < card.price.output_usd_per_million, card


def test_the_default_models_are_alive_priced_and_have_tools() -> None:
    for model_id in (Settings().claude_model, Settings().titan_model):
        CATALOG.check_alive(model_id)
        assert CATALOG.cards[model_id].tools
        assert CATALOG.price(model_id) is not None


def test_the_prices_say_whence_and_when() -> None:
    assert CATALOG.source
    assert CATALOG.read_on.year >= 2026


def test_an_unlisted_model_is_allowed_and_unpriced() -> None:
    CATALOG.check_alive("llama3.2:3b")
    assert CATALOG.price("llama3.2:3b") is None


def test_a_retired_model_names_its_successor() -> None:
    with pytest.raises(ConfigurationError, match=r"us\.amazon\.nova-2-lite-v1:0"):
        CATALOG.check_alive("amazon.titan-text-express-v1")


def test_cost_of_tokens() -> None:
    price = Price(3.0, 15.0, 0.3)
    cost = price.cost_usd(input_tokens=1_000_000, output_tokens=100_000, cache_tokens=1_000_000)
    assert cost == pytest.approx(3.0 + 1.5 + 0.3)
    assert price.cost_usd(input_tokens=0, output_tokens=0) == 0.0


def test_cached_tokens_without_a_price_of_their_own_cost_the_full_one() -> None:
    cost = Price(3.0, 15.0).cost_usd(input_tokens=0, output_tokens=0, cache_tokens=1_000_000)
    assert cost == pytest.approx(3.0)
