"""How much a turn needs the strong model: pure functions `(RouteRequest) -> 0..1`."""

import re
from collections.abc import Callable

from msp_core.routing.request import RouteRequest

Scorer = Callable[[RouteRequest], float]
"""Returns 0 (the weak model will do) to 1 (the strong one is needed)."""

WORDS = re.compile(r"\w+")

_COMPLEX = re.compile(
    r"\b(analy[sz]e|analysis|compare|comparison|troubleshoot\w*|investigat\w+|diagnos\w+|root"
    r" cause|why|how)\b",
    re.IGNORECASE,
)
_SIMPLE = re.compile(
    r"\b(status|list|show|create|open a ticket|hi|hello|hey|good"
    r" (morning|afternoon|evening)|thanks|thank you"
    r"|yes|no|ok|okay)\b",
    re.IGNORECASE,
)


def regex_rules(request: RouteRequest) -> float:
    """The usual keyword router: 1 for complex, 0 for simple, .5 for neither.

    Complex (analyse, compare, troubleshoot, investigate, why and how, or more than 50 words) wins
    over simple (status, list, create, greetings, yes and no, or 5 words or fewer).
    """
    words = len(WORDS.findall(request.text))
    if words > 50 or _COMPLEX.search(request.text):
        return 1.0
    if words <= 5 or _SIMPLE.search(request.text):
        return 0.0
    return 0.5


def word_count(request: RouteRequest) -> float:
    """Longer is harder: n / (n + 25) for n words, so 25 words score .5.

    Only the order matters for a curve; the scale puts the threshold at a readable length.
    """
    words = len(WORDS.findall(request.text))
    return words / (words + 25)
