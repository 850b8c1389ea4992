"""What a ticket costs at a user's own token profile, with and without prompt cache."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from msp_core.errors import UsageError
from msp_core.routing.price import Price

TICKETS = 1000
MOST_CALLS, MOST_TOKENS = 50, 1_000_000
_WHOLE = re.compile(r"[1-9][0-9]{0,8}")


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
            UsageError: another name, or a number that is not whole, 1 or more, and at most 50 for
                turns and calls, a million for tokens.
        """
        known = {entry.name for entry in fields(cls)}
        values: dict[str, int] = {}
        for part in filter(None, text.split(",")):
            name, _, number = (piece.strip() for piece in part.partition("="))
            if name not in known or not _WHOLE.fullmatch(number):
                raise UsageError(
                    f"{part!r} is no part of a token profile. Write it as "
                    "turns=6,calls=3,prefix=2500,input=300,output=200 with whole numbers above 0."
                )
            values[name] = int(number)
            most = MOST_CALLS if name in ("turns", "calls") else MOST_TOKENS
            if values[name] > most:
                raise UsageError(f"{part!r} is too many for one ticket: {most:,} is the most.")
        return cls(**values)


def usd_per_1k_tickets(
    profile: TokenProfile, weak: Price, strong: Price, *, strong_rate: float, cached: bool
) -> float:
    """Expected cost of a thousand tickets when each turn goes strong with this probability.

    A turn stays with its model for all its calls, and each call carries everything before it.
    With a cache, a model pays the cache's read price for what it saw at its last call in the
    ticket and the write price for the rest, so changing the model has its price; nothing expires
    within the ticket. A model without a known cache price has no cache.

    Args:
        strong_rate: 0 to 1, independent between turns.
    """
    total = 0.0
    for price, rate in ((weak, 1 - strong_rate), (strong, strong_rate)):
        with_cache = cached and price.cache_read_usd_per_million is not None
        for turn in range(profile.turns):
            for call in range(profile.calls):
                if with_cache:
                    total += rate * _cached_usd(profile, price, turn, call, rate)
                else:
                    total += rate * price.cost_usd(
                        input_tokens=_read_by(profile, turn * profile.calls + call),
                        output_tokens=profile.output,
                    )
    return TICKETS * total


def _read_by(profile: TokenProfile, call: int) -> int:
    """Tokens that the ticket's call of this number, from 0, reads."""
    return profile.prefix + call * (profile.input + profile.output) + profile.input


def _cached_usd(profile: TokenProfile, price: Price, turn: int, call: int, rate: float) -> float:
    """Expected cost of a call of a model that has each turn with probability `rate`."""
    number = turn * profile.calls + call
    read = _read_by(profile, number)
    usd = 0.0
    for chance, seen in _seen_before(profile, turn, call, rate):
        usd += chance * price.cost_usd(
            input_tokens=0,
            output_tokens=profile.output,
            cache_tokens=seen,
            cache_write_tokens=read - seen,
        )
    return usd


def _seen_before(
    profile: TokenProfile, turn: int, call: int, rate: float
) -> Iterator[tuple[float, int]]:
    """What the model may have read at its last call of the ticket, each with its probability.

    That call was the one before in this turn, or the last one of the last turn it had: `back`
    turns ago with probability rate * (1 - rate)^(back - 1).
    """
    if call:
        yield 1.0, _read_by(profile, turn * profile.calls + call - 1)
        return
    for back in range(1, turn + 1):
        last = (turn - back + 1) * profile.calls - 1
        yield rate * (1 - rate) ** (back - 1), _read_by(profile, last)
    yield (1 - rate) ** turn, 0
