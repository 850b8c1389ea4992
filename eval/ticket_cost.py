"""What a ticket costs at a user's own token profile, with and without prompt cache."""

from dataclasses import dataclass, fields

from msp_core.errors import UsageError
from msp_core.routing.catalog import Price

TICKETS = 1000


@dataclass(frozen=True)
class TokenProfile:
    """The model calls of a typical ticket.

    Attributes:
        turns: messages that are answered.
        calls: model calls for one of them: tool steps and the answer.
        prefix: tokens that every call of the ticket starts with (prompt and tools).
        input: new tokens of a call: the message, or what a tool returned.
        output: tokens that a call writes.
    """

    turns: int = 5
    calls: int = 3
    prefix: int = 2500
    input: int = 300
    output: int = 200

    @classmethod
    def parse(cls, text: str) -> "TokenProfile":
        """From `turns=6,calls=3,prefix=2500,input=300,output=200`; what is not named stays.

        Raises:
            UsageError: another name, or a number that is not whole and 1 or more.
        """
        known = {entry.name for entry in fields(cls)}
        values: dict[str, int] = {}
        for part in filter(None, text.split(",")):
            name, _, number = (piece.strip() for piece in part.partition("="))
            if name not in known or not number.isascii() or not number.isdecimal() or number == "0":
                raise UsageError(
                    f"{part!r} is no part of a token profile. Write it as "
                    "turns=6,calls=3,prefix=2500,input=300,output=200 with whole numbers above 0."
                )
            values[name] = int(number)
        return cls(**values)


def usd_per_1k_tickets(
    profile: TokenProfile, weak: Price, strong: Price, *, strong_rate: float, cached: bool
) -> float:
    """Expected cost of a thousand tickets when each turn goes strong with this probability.

    A turn stays with its model for all its calls, and each call carries everything before it.
    With a cache, a model pays the cache price for what it read at its last call in the ticket and
    the input price for the rest, so changing the model has its price; writing to the cache counts
    as input, and nothing expires within the ticket. A model without a cache price has no cache.

    Args:
        strong_rate: 0 to 1, independent between turns.
    """
    grown = profile.input + profile.output
    total = 0.0
    for price, rate in ((weak, 1 - strong_rate), (strong, strong_rate)):
        usable = cached and price.cache_read_usd_per_million is not None
        for turn in range(profile.turns):
            for call in range(profile.calls):
                read = profile.prefix + (turn * profile.calls + call) * grown
                seen = _seen_before(profile, turn, call, rate) if usable else 0.0
                total += rate * _call_usd(price, read, profile, seen)
    return TICKETS * total


def _seen_before(profile: TokenProfile, turn: int, call: int, rate: float) -> float:
    """Expected tokens that the model of this turn has read in an earlier call of the ticket.

    Its last call was the one before in this turn, or the last call of the last turn it had: `back`
    turns ago with probability rate * (1 - rate)^(back - 1).
    """
    grown = profile.input + profile.output

    def held_after(calls: int) -> int:
        return profile.prefix + (calls - 1) * grown + profile.input

    if call:
        return held_after(turn * profile.calls + call)
    return sum(
        rate * (1 - rate) ** (back - 1) * held_after((turn - back + 1) * profile.calls)
        for back in range(1, turn + 1)
    )


def _call_usd(price: Price, read: int, profile: TokenProfile, seen: float) -> float:
    new = read + profile.input - seen
    cached_price = price.cache_read_usd_per_million or 0.0
    return (
        new * price.input_usd_per_million
        + seen * cached_price
        + profile.output * price.output_usd_per_million
    ) / 1e6
