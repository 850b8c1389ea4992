"""What the floors' head sees of a turn that belongs to a ticket."""

from collections.abc import Sequence

import numpy as np

from msp_core.learning.logistic import Floats
from msp_core.routing.features import FEATURES_ID, NAMES, lexical_matrix
from msp_core.routing.floor_patterns import FLOORS
from msp_core.routing.request import RouteRequest

CATEGORIES = ("General", "Hardware", "Network", "Security", "Software")
PRIORITIES = ("Low", "Medium", "High", "Critical")
COUNT = len(FLOORS) + len(CATEGORIES) + len(PRIORITIES) + len(NAMES)

FLOOR_FEATURES_ID = f"floors-1-{FEATURES_ID}"
"""Changes when the features do: a head fitted on others cannot be used."""


def has_ticket(request: RouteRequest) -> bool:
    """Whether anything is known of a ticket that the turn belongs to."""
    return request.category is not None or request.priority is not None


def floor_features(requests: Sequence[RouteRequest], text_log_odds: Floats) -> Floats:
    """Unscaled features, shape (n, COUNT).

    They are the log odds of each floor by the message's vector, the ticket's category and priority
    (an unknown one, or one of another name, is all zeros), and the router's lexical features, which
    count in the conversation too.

    Args:
        requests: n turns, as what they mean.
        text_log_odds: shape (n, 4), in the order of `FLOORS`.
    """
    ticket = [
        [float(request.category == name) for name in CATEGORIES]
        + [float(request.priority == name) for name in PRIORITIES]
        for request in requests
    ]
    columns = np.array(ticket).reshape(len(requests), len(CATEGORIES) + len(PRIORITIES))
    return np.hstack([text_log_odds, columns, lexical_matrix(requests)])
