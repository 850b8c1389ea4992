"""What the floors' head sees of a turn."""

from collections.abc import Sequence

import numpy as np

from msp_core.learning.logistic import Floats
from msp_core.learning.words import odds_of
from msp_core.routing.features import FEATURES_ID, NAMES, lexical_matrix
from msp_core.routing.floor_patterns import FLOORS, Floor, match_floor
from msp_core.routing.request import RouteRequest

CATEGORIES = ("General", "Hardware", "Network", "Security", "Software")
PRIORITIES = ("Low", "Medium", "High", "Critical")
CLASSES = 1 + len(FLOORS)
ODDS = odds_of(CLASSES)
COUNT = ODDS + len(FLOORS) + len(CATEGORIES) + len(PRIORITIES) + len(NAMES)

FLOOR_FEATURES_ID = f"floors-2-{FEATURES_ID}"
"""Changes when the features do: a head fitted on others cannot be used."""


def class_of(floor: Floor | None) -> int:
    """The class that a turn's words are counted for: 0 is an ordinary one."""
    return 0 if floor is None else 1 + FLOORS.index(floor)


def floor_features(word_odds: Floats, other: Floats) -> Floats:
    """Unscaled features, shape (n, COUNT), of `WordCounts.log_odds` and `wordless_features`."""
    return np.hstack([word_odds, other])


def wordless_features(requests: Sequence[RouteRequest]) -> Floats:
    """All but the words' odds, shape (n, COUNT - ODDS).

    They are the floor that the patterns find, the ticket's category and priority (an unknown one,
    or one of another name, is all zeros), and the router's lexical features, which count in the
    conversation too.

    Args:
        requests: n turns, as what they mean.
    """
    rows = [
        [
            *_one_of(FLOORS, match_floor(request.text)),
            *_one_of(CATEGORIES, request.category),
            *_one_of(PRIORITIES, request.priority),
        ]
        for request in requests
    ]
    named = len(FLOORS) + len(CATEGORIES) + len(PRIORITIES)
    return np.hstack([np.array(rows).reshape(len(requests), named), lexical_matrix(requests)])


def _one_of(names: Sequence[str], name: str | None) -> list[float]:
    return [float(name == one) for one in names]
