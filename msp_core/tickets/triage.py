"""What a new ticket most likely is, how sure that is, and what it repeats or resembles."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from msp_core.customers import Customer
from msp_core.learning.embedder_check import check_embedder
from msp_core.learning.logistic import Floats
from msp_core.tickets.ticket import DONE, Category, Priority
from msp_core.tickets.triage_features import telling_matrix
from msp_core.tickets.triage_model import (
    Earlier,
    LabelHead,
    Reported,
    TriageModel,
    Vectors,
    message_of,
    pair_matrix,
    reported_before,
    triage_matrix,
)

Embed = Callable[[Sequence[str]], Vectors]
"""Texts to unit vectors, one row each."""

MOST_SIMILAR = 3
_LEAST_LIKENESS = 1 / 3  # one look in three is worth it: a person reads it in seconds
_ORDER = list(Priority)


@dataclass(frozen=True)
class Guess:
    """The likeliest value of a field.

    Attributes:
        confidence: the calibrated chance that it is right, 0 to 1.
        sure: whether that reaches the model's threshold; if not, a person should choose.
    """

    value: str
    confidence: float
    sure: bool


@dataclass(frozen=True)
class Related:
    """An earlier ticket.

    Attributes:
        confidence: of a duplicate, that both report one event; of a similar ticket, that both
            have the same category and team.
    """

    ticket_id: str
    title: str
    confidence: float


@dataclass(frozen=True)
class Suggestion:
    """A triage of one ticket.

    Attributes:
        priority: as the text says, but never below what was agreed with the customer for the
            suggested category; then its confidence is that of the category.
        judged_priority: as the text says.
        team: None when the desk has no team of the likeliest name.
        duplicate_of: the oldest ticket of the same event that was not solved by then; None when
            none is sure.
        similar: up to `MOST_SIMILAR` resolved tickets of the customer, nearest first, with a
            chance of at least one in three to be of the same category and team.
    """

    category: Guess
    priority: Guess
    judged_priority: Guess
    team: Guess | None
    duplicate_of: Related | None
    similar: tuple[Related, ...]

    @property
    def raised(self) -> bool:
        """Whether the customer's minimum raised the priority."""
        return self.priority.value != self.judged_priority.value


class Triage:
    """Suggests; it neither reads a store nor writes one.

    It embeds the desk's earlier tickets for each new one: a `RememberingEmbedder` computes them
    once.

    Args:
        model: from `read_triage_model` or a training.
        embed: of the embedder that the model was trained with; its `model_id`.

    Raises:
        ConfigurationError: the model was trained with another embedder.
    """

    def __init__(self, model: TriageModel, embed: Embed, *, embedder_id: str) -> None:
        train = "msp tickets triage-train --out FILE"
        check_embedder(model.embedder_id, embedder_id, what="triage", command=train)
        self.model = model
        self._embed = embed

    def suggest(
        self,
        ticket: Reported,
        *,
        customer: Customer,
        teams: Collection[str],
        earlier: Sequence[Earlier],
    ) -> Suggestion:
        """What the ticket is, from its title, description, customer and time alone.

        Args:
            customer: of the ticket.
            teams: ids of the desk's teams.
            earlier: tickets that the caller may see; those of other customers and later ones are
                passed over.

        Raises:
            ValueError: the ticket is of another customer.
        """
        if ticket.customer_id != customer.customer_id:
            raise ValueError(f"{ticket.customer_id!r} is not {customer.customer_id!r}")
        text, title = self._embed([message_of(ticket), ticket.title])
        telling = self.model.scaling.apply(telling_matrix([message_of(ticket)]))
        features = triage_matrix(telling, text[None], title[None])
        category = _guess(self.model.category, features)
        judged = _guess(self.model.priority, features)
        team = _guess(self.model.team, features)
        return Suggestion(
            category=category,
            priority=_at_least(judged, category, customer),
            judged_priority=judged,
            team=team if team.value in teams else None,
            duplicate_of=self._duplicate(ticket, text, earlier),
            similar=self._similar(ticket, text, earlier),
        )

    def _duplicate(
        self, ticket: Reported, vector: Vectors, earlier: Sequence[Earlier]
    ) -> Related | None:
        open_then = [other for other in earlier if not _solved_before(other, ticket)]
        recent = reported_before(ticket, open_then)
        if not recent:
            return None
        vectors = self._embed([message_of(other) for other in recent])
        pairs = self.model.duplicate
        chances = pairs.head.probability(pair_matrix(ticket, vector, recent, vectors))
        same = np.flatnonzero(chances >= pairs.threshold)
        if not same.size:
            return None
        first = recent[int(same[0])]  # the first report of an event is the one that others repeat
        return Related(first.ticket_id, first.title, float(chances[same].max()))

    def _similar(
        self, ticket: Reported, vector: Vectors, earlier: Sequence[Earlier]
    ) -> tuple[Related, ...]:
        solved = [
            other
            for other in earlier
            if other.customer_id == ticket.customer_id
            and other.ticket_id != ticket.ticket_id
            and _solved_before(other, ticket)
        ]
        if not solved:
            return ()
        cosines = self._embed([message_of(other) for other in solved]) @ vector
        chances = self.model.likeness.probability(cosines[:, None].astype(np.float64))
        nearest = np.argsort(-cosines, kind="stable")[:MOST_SIMILAR]
        return tuple(
            Related(solved[at].ticket_id, solved[at].title, float(chances[at]))
            for at in nearest.tolist()
            if chances[at] >= _LEAST_LIKENESS
        )


def _solved_before(other: Earlier, ticket: Reported) -> bool:
    """Whether it was over when the ticket came in: what comes then is a new event."""
    return (
        other.status in DONE
        and other.resolution is not None
        and other.resolution.at <= ticket.created_at
    )


def _guess(head: LabelHead, features: Floats) -> Guess:
    shares = head.shares(features)[0]
    best = int(shares.argmax())
    confidence = float(shares[best])
    return Guess(head.values[best], confidence, confidence >= head.threshold)


def _at_least(judged: Guess, category: Guess, customer: Customer) -> Guess:
    """The priority, raised to what was agreed for the suggested category."""
    least = customer.minimum_priority.get(Category(category.value))
    if least is None or _ORDER.index(Priority(judged.value)) >= _ORDER.index(least):
        return judged
    return Guess(least.value, category.confidence, category.sure)
