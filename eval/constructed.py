"""Outcomes made from a known law, to see whether an evaluation finds what is there and no more."""

import hashlib

import numpy as np

from eval.routing_set import RoutingSet, Turn
from msp_core.routing.request import RouteRequest

_FILLER = """
    the printer and our gateway since monday on floor two with that cable user at desk group policy
    mail again mobile console before after update green orange light
    """.split()  # noqa: SIM905  # reads as what it is
_PASSAGE = "Restart the spooler service, clear the queue folder, then print the test page."
_ASTRAY = "Reinstall Windows, replace every cable, reorder toner cartridges and buy licences."
_UNSEEN = 0.25
_MOST_NUMBERS = 12
_LENGTHS = (24, 60)
_GROUPS = 40
WEAK_UP_TO, STRONG_UP_TO = 1 / 3, 2 / 3
WEAK_COST_USD, STRONG_COST_USD = 0.001, 0.01


def constructed_outcomes(n: int, *, noise: float, seed: int, told: bool = True) -> RoutingSet:
    """Turns whose difficulty, 0 to 1, shows in how many numbers their text has.

    The weak model is right on the easiest third, the strong one on the easiest two thirds; each
    answer is then turned round with the probability `noise`. So the strong model gains in the
    middle only, which no router that is linear in the difficulty can say. The length of a text
    tells nothing.

    Args:
        n: turns, 1 or more.
        noise: 0 to .5.
        told: False leaves the numbers to chance: then nothing in a text tells anything.

    The weak model's answer repeats the passage it was given where it is right, and mostly wanders
    off where it is wrong (in three of four cases): a check of the answer knows more than the text
    of the question.

    Returns:
        Turns in 40 groups, with costs; the same arguments give the same turns.
    """
    generator = np.random.default_rng(seed)
    difficulty = generator.random(n)
    shown = difficulty if told else generator.random(n)
    weak = (difficulty < WEAK_UP_TO) ^ (generator.random(n) < noise)
    strong = (difficulty < STRONG_UP_TO) ^ (generator.random(n) < noise)
    turns = tuple(
        Turn(
            turn_id=f"constructed-{row}",
            request=RouteRequest(_text(generator, round(_MOST_NUMBERS * float(shown[row])))),
            group=f"group {row % _GROUPS}",
            weak_score=float(weak[row]),
            strong_score=float(strong[row]),
            weak_cost_usd=WEAK_COST_USD,
            strong_cost_usd=STRONG_COST_USD,
            weak_response=_PASSAGE if weak[row] or generator.random() < _UNSEEN else _ASTRAY,
            passages=(_PASSAGE,),
        )
        for row in range(n)
    )
    digest = hashlib.sha256(f"{n} {noise} {seed} {told}".encode()).hexdigest()
    return RoutingSet("constructed", "all", digest, "simulated", turns, ())


def _text(generator: np.random.Generator, numbers: int) -> str:
    length = int(generator.integers(*_LENGTHS))
    words = list(generator.choice(_FILLER, size=length - numbers))
    words += [str(number) for number in generator.integers(100, 1000, size=numbers)]
    return " ".join(words[place] for place in generator.permutation(length))
