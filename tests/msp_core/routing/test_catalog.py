import pytest

from msp_core.errors import ConfigurationError
from msp_core.routing.catalog import join_profile, load_catalog, split_profile
from msp_core.routing.price import LongPrompt, Price
from msp_core.settings import Settings

CATALOG = load_catalog()


def test_every_card_is_consistent() -> None:
    for card in CATALOG.cards.values():
        assert card.lifecycle in {"active", "legacy", "retired"}, card
        assert split_profile(card.model_id)[1] == card.model_id, "a card has the bare id"
        if card.lifecycle != "active":
            assert card.successor is not None, card
            successor = CATALOG.card(card.successor)
            assert successor is not None, card
            assert successor.lifecycle == "active", card
        for price in card.prices.values():
            assert price.input_usd_per_million > 0, card
            if card.kind == "chat":
                assert price.input_usd_per_million < price.output_usd_per_million, card
            if price.cache_read_usd_per_million is not None:
                assert 0 < price.cache_read_usd_per_million < price.input_usd_per_million, card


def test_the_default_models_are_alive_priced_and_have_tools() -> None:
    for model_id in (Settings().claude_model, Settings().titan_model):
        CATALOG.check_alive(model_id)
        card = CATALOG.card(model_id)
        assert card is not None
        assert card.abilities.tools
        assert CATALOG.price(model_id) is not None


def test_the_strong_model_costs_what_notebook_07_says() -> None:
    strong, weak = (
        CATALOG.price(name) for name in (Settings().claude_model, Settings().titan_model)
    )
    assert strong is not None
    assert weak is not None
    assert strong.input_usd_per_million / weak.input_usd_per_million == pytest.approx(10)
    assert strong.output_usd_per_million / weak.output_usd_per_million == pytest.approx(6)


def test_the_prices_say_whence_and_when() -> None:
    assert CATALOG.source
    assert CATALOG.read_on.year >= 2026


def test_an_unlisted_model_is_allowed_and_unpriced() -> None:
    CATALOG.check_alive("llama3.2:3b")
    assert CATALOG.price("llama3.2:3b") is None


def test_a_price_is_that_of_the_profile_and_no_other() -> None:
    assert CATALOG.price("us.anthropic.claude-sonnet-4-6") is not None
    assert CATALOG.price("eu.anthropic.claude-sonnet-4-6") is None
    assert CATALOG.price("anthropic.claude-sonnet-4-6") is None


@pytest.mark.parametrize("prefix", ["", "us.", "eu."])
def test_a_retired_model_names_its_successor(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match=r"us\.amazon\.nova-2-lite-v1:0"):
        CATALOG.check_alive(f"{prefix}amazon.titan-text-express-v1")


@pytest.mark.parametrize(
    ("model_id", "parts"),
    [
        ("us.amazon.nova-pro-v1:0", ("us", "amazon.nova-pro-v1:0")),
        ("global.anthropic.claude-x", ("global", "anthropic.claude-x")),
        ("amazon.nova-pro-v1:0", ("region", "amazon.nova-pro-v1:0")),
        ("us.model", ("region", "us.model")),
        ("llama3.2:3b", ("region", "llama3.2:3b")),
    ],
)
def test_profiles(model_id: str, parts: tuple[str, str]) -> None:
    assert split_profile(model_id) == parts
    assert join_profile(*parts) == model_id


def test_cost_of_tokens() -> None:
    price = Price(3.0, 15.0, 0.3, 3.75)
    cost = price.cost_usd(
        input_tokens=1_000_000,
        output_tokens=100_000,
        cache_tokens=1_000_000,
        cache_write_tokens=100_000,
    )
    assert cost == pytest.approx(3.0 + 1.5 + 0.3 + 0.375)
    assert price.cost_usd(input_tokens=0, output_tokens=0) == 0.0


def test_cached_tokens_without_a_price_of_their_own_cost_the_full_one() -> None:
    cost = Price(3.0, 15.0).cost_usd(
        input_tokens=0, output_tokens=0, cache_tokens=1_000_000, cache_write_tokens=1_000_000
    )
    assert cost == pytest.approx(6.0)


def test_a_long_prompt_has_its_own_price() -> None:
    price = Price(1.0, 2.0, long_prompt=LongPrompt(1_000, 5.0, 10.0))
    assert price.cost_usd(input_tokens=1_000, output_tokens=100) == pytest.approx(1.2e-3)
    assert price.cost_usd(input_tokens=501, output_tokens=100, cache_tokens=500) == pytest.approx(
        (1_001 * 5 + 100 * 10) / 1e6
    )


def test_own_prices_win() -> None:
    own = CATALOG.with_prices(
        {"us.anthropic.claude-sonnet-4-6": Price(1.0, 2.0), "mine": Price(0.0, 0.0)}
    )
    assert own.price("us.anthropic.claude-sonnet-4-6") == Price(1.0, 2.0)
    assert own.price("mine") == Price(0.0, 0.0)
    card = own.card("mine")
    assert card is not None
    assert card.lifecycle == "unlisted"
    assert CATALOG.price("mine") is None
