"""A learned triage as numbers: what a suggestion is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from msp_core.learning.calibration import probabilities
from msp_core.learning.logistic import Floats, Head
from msp_core.learning.scaling import Scaling
from msp_core.tickets.ticket import Resolution, Status

Vectors = npt.NDArray[np.float32]

WINDOW = timedelta(hours=24)
"""Reports of one event come within it; the same trouble weeks later is a new ticket."""
_BURST = timedelta(hours=2)
PAIR_NAMES = ("likeness", "minutes_apart", "company")


class Reported(Protocol):
    """What is known of a ticket when it comes in: all that a triage looks at."""

    @property
    def ticket_id(self) -> str:
        """Its id."""

    @property
    def customer_id(self) -> str:
        """Whose it is."""

    @property
    def title(self) -> str:
        """As the requester put it."""

    @property
    def description(self) -> str:
        """Likewise."""

    @property
    def created_at(self) -> datetime:
        """When it came in."""


class Earlier(Reported, Protocol):
    """A ticket that is there already."""

    @property
    def status(self) -> Status:
        """Where it stands."""

    @property
    def resolution(self) -> Resolution | None:
        """What was done."""


@dataclass(frozen=True)
class Report:
    """A ticket that nobody has stored yet."""

    ticket_id: str
    customer_id: str
    title: str
    description: str
    created_at: datetime


AnyReported = TypeVar("AnyReported", bound=Reported)


@dataclass(frozen=True)
class TriageTrainedOn:
    """The labels that a triage was learned from; `sha256` is that of their file."""

    name: str
    split: str
    sha256: str
    n: int
    groups: int


@dataclass(frozen=True, eq=False)
class LabelHead:
    """One field of a ticket: a head for each of its values.

    Attributes:
        values: at least two.
        heads: one per value, each against all others, on `triage_matrix`.
        temperature: by which their log odds are divided before they share out.
        threshold: a confidence below it is no suggestion to rely on; above 1: none is.
    """

    values: tuple[str, ...]
    heads: tuple[Head, ...]
    temperature: float
    threshold: float

    def shares(self, features: Floats) -> Floats:
        """The probability of each value, shape (n, len(values)), rows sum to 1."""
        return probabilities(log_odds(self.heads, features), self.temperature)


@dataclass(frozen=True, eq=False)
class PairHead:
    """Whether two tickets report the same event, on `pair_matrix`.

    Attributes:
        threshold: from which on a ticket is called a duplicate.
    """

    head: Head
    threshold: float


@dataclass(frozen=True, eq=False)
class TriageModel:
    """All that one training learned.

    Attributes:
        embedder_id: whose vectors it understands.
        precision: the share of right suggestions that thresholds were chosen for.
        likeness: the chance that a ticket of such a cosine has the same category and team.
    """

    trained_on: TriageTrainedOn
    embedder_id: str
    precision: float
    scaling: Scaling
    category: LabelHead
    priority: LabelHead
    team: LabelHead
    duplicate: PairHead
    likeness: Head


def log_odds(heads: Sequence[Head], features: Floats) -> Floats:
    """What each head gives to each row, shape (n, len(heads))."""
    return np.stack([features @ head.weights + head.intercept for head in heads], axis=1)


def triage_matrix(scaled_telling: Floats, texts: Vectors, titles: Vectors) -> Floats:
    """Telling words beside the vectors of the whole message and of its title alone."""
    return np.hstack([scaled_telling, texts.astype(np.float64), titles.astype(np.float64)])


def pair_matrix(
    ticket: Reported, vector: Vectors, earlier: Sequence[Reported], vectors: Vectors
) -> Floats:
    """A ticket beside each of the earlier ones: cosine, time between, and its company.

    How many came in shortly says nothing: one requester may well report five matters in an hour.
    Company does: the likeness, or, where it is more, how much a third ticket within two hours of
    the earlier one resembles both. Reports of an outage differ, and others lie between them.

    Args:
        vector: of the ticket's message, shape (dimension,).
        earlier: what `reported_before` gives.
        vectors: of their messages, shape (len(earlier), dimension).

    Returns:
        Shape (len(earlier), len(PAIR_NAMES)).
    """
    gaps = [ticket.created_at - other.created_at for other in earlier]
    minutes = np.array([gap.total_seconds() / 60 for gap in gaps])
    near = (vectors @ vector).astype(np.float64)
    between = np.minimum((vectors @ vectors.T).astype(np.float64), near)
    apart = np.abs(minutes[:, None] - minutes) > _BURST.total_seconds() / 60
    between[apart | np.eye(len(gaps), dtype=bool)] = 0
    company = np.maximum(near, between.max(axis=1, initial=0))
    return np.column_stack([near, np.log1p(minutes), company])


def reported_before(ticket: Reported, tickets: Sequence[AnyReported]) -> list[AnyReported]:
    """Those of the same customer that came within `WINDOW` before it, oldest first."""
    return sorted(
        (
            other
            for other in tickets
            if other.customer_id == ticket.customer_id
            and (other.created_at, other.ticket_id) < (ticket.created_at, ticket.ticket_id)
            and ticket.created_at - other.created_at <= WINDOW
        ),
        key=lambda other: (other.created_at, other.ticket_id),
    )


def message_of(ticket: Reported) -> str:
    """What the requester wrote: title and description, nothing that was added since."""
    return f"{ticket.title}\n{ticket.description}"
