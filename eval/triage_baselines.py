"""How plain methods triage: what every learned one must be better than."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import get_args

import numpy as np
import numpy.typing as npt

from eval.triage_set import Field, TriageLabel
from msp_core.knowledge.embedding import Embedder
from msp_core.tickets.triage_model import message_of

FIELDS: tuple[Field, ...] = get_args(Field)
Answers = Mapping[Field, list[str]]


def most_frequent(learnt: Sequence[TriageLabel], tested: Sequence[TriageLabel]) -> Answers:
    """For every ticket the most frequent value of each field."""
    return {
        field: [Counter(label.value(field) for label in learnt).most_common(1)[0][0]] * len(tested)
        for field in FIELDS
    }


def nearest_ticket(
    learnt: Sequence[TriageLabel], tested: Sequence[TriageLabel], embedder: Embedder
) -> Answers:
    """The values of the nearest ticket of those learnt from."""
    texts, asked = ([message_of(label.ticket) for label in labels] for labels in (learnt, tested))
    nearest = nearest_rows(texts, asked, embedder)
    return {field: [learnt[int(at)].value(field) for at in nearest] for field in FIELDS}


def chosen_value(label: TriageLabel, field: Field) -> str:
    """What people first chose; "" where they chose none."""
    chosen: dict[Field, str] = {
        "category": label.ticket.category.value,
        "priority": label.ticket.priority.value,
        "team": label.ticket.team or "",
    }
    return chosen[field]


def nearest_earlier(
    tested: Sequence[TriageLabel], embedder: Embedder, *, within: timedelta | None = None
) -> list[str | None]:
    """For each ticket the nearest earlier one of the same customer; None where there is none.

    Args:
        within: how much earlier at most; None for any time.
    """
    vectors = embedder.embed([message_of(label.ticket) for label in tested])
    found: list[str | None] = []
    for label, vector in zip(tested, vectors, strict=True):
        own = label.ticket
        earlier = [
            (float(other_vector @ vector), other.ticket.ticket_id)
            for other, other_vector in zip(tested, vectors, strict=True)
            if other.ticket.customer_id == own.customer_id
            and other.ticket.created_at < own.created_at
            and (within is None or own.created_at - other.ticket.created_at <= within)
        ]
        found.append(max(earlier)[1] if earlier else None)
    return found


def nearest_rows(
    texts: Sequence[str], asked: Sequence[str], embedder: Embedder
) -> npt.NDArray[np.intp]:
    """For each text asked, the place of the nearest of the texts."""
    nearness = embedder.embed(asked) @ embedder.embed(texts).T
    return np.asarray(np.argmax(nearness, axis=1), dtype=np.intp)
