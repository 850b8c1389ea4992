import itertools

import pytest

from eval.ticket_cost import TokenProfile, usd_per_1k_tickets
from msp_core.errors import UsageError
from msp_core.routing.price import Price

PROFILE = TokenProfile(turns=2, calls=2, prefix=1000, input=100, output=50)
WEAK = Price(1.0, 2.0)
STRONG = Price(10.0, 20.0, 1.0, 12.5)


def test_all_strong_without_cache_by_hand() -> None:
    # Reads 1100, 1250, 1400, 1550; writes 4 * 50.
    usd = usd_per_1k_tickets(PROFILE, WEAK, STRONG, strong_rate=1, cached=False)
    assert usd == pytest.approx(1000 * (5300 * 10 + 200 * 20) / 1e6, abs=1e-9)


def test_all_strong_with_cache_by_hand() -> None:
    # Seen before: 0, 1100, 1250, 1400; new to the cache: 1100, 150, 150, 150.
    usd = usd_per_1k_tickets(PROFILE, WEAK, STRONG, strong_rate=1, cached=True)
    assert usd == pytest.approx(1000 * (3750 * 1 + 1550 * 12.5 + 200 * 20) / 1e6, abs=1e-9)


def test_a_model_without_a_cache_price_costs_the_same() -> None:
    for cached in (False, True):
        usd = usd_per_1k_tickets(PROFILE, WEAK, STRONG, strong_rate=0, cached=cached)
        assert usd == pytest.approx(1000 * (5300 * 1 + 200 * 2) / 1e6, abs=1e-9)


def ticket_usd(models: tuple[bool, ...]) -> float:
    """One ticket, call by call: what each model's cache holds is what it read last."""
    seen, read, usd = {True: 0, False: 0}, PROFILE.prefix, 0.0
    prices = {True: STRONG, False: Price(1.0, 2.0, 0.5, 1.0)}
    for strong in models:
        for _ in range(PROFILE.calls):
            read += PROFILE.input
            usd += prices[strong].cost_usd(
                input_tokens=0,
                output_tokens=PROFILE.output,
                cache_tokens=seen[strong],
                cache_write_tokens=read - seen[strong],
            )
            seen[strong] = read
            read += PROFILE.output
    return usd


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_a_mixture_is_the_mean_over_all_courses_of_a_ticket(rate: float) -> None:
    expected = sum(
        rate ** sum(models) * (1 - rate) ** (2 - sum(models)) * ticket_usd(models)
        for models in itertools.product((False, True), repeat=2)
    )
    weak = Price(1.0, 2.0, 0.5, 1.0)
    usd = usd_per_1k_tickets(PROFILE, weak, STRONG, strong_rate=rate, cached=True)
    assert usd == pytest.approx(1000 * expected, abs=1e-9)


def test_a_profile_is_read_and_the_rest_stays() -> None:
    assert TokenProfile.parse(" turns = 6, output=90") == TokenProfile(turns=6, output=90)
    assert TokenProfile.parse("") == TokenProfile()


@pytest.mark.parametrize("text", ["turn=6", "turns", "turns=0", "turns=-1", "turns=1.5", "calls=x"])
def test_no_profile(text: str) -> None:
    with pytest.raises(UsageError, match="token profile"):
        TokenProfile.parse(text)


@pytest.mark.parametrize("text", ["turns=51", "calls=99", "prefix=1000001"])
def test_a_profile_of_no_ticket(text: str) -> None:
    with pytest.raises(UsageError, match="is too many for one ticket"):
        TokenProfile.parse(text)
