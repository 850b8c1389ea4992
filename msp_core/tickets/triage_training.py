"""Learn a triage from labelled tickets; every choice is made out of fold, by customer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from msp_core.errors import InvalidInput
from msp_core.learning.calibration import (
    fit_temperature,
    log_loss,
    probabilities,
    threshold_for_precision,
)
from msp_core.learning.folds import folds_of
from msp_core.learning.logistic import Floats, Head, fit_columns, fit_head
from msp_core.learning.scaling import Scaling
from msp_core.tickets.triage import MOST_SIMILAR, Embed
from msp_core.tickets.triage_features import telling_matrix
from msp_core.tickets.triage_model import (
    LabelHead,
    PairHead,
    Report,
    Reported,
    TriageModel,
    TriageTrainedOn,
    Vectors,
    log_odds,
    message_of,
    pair_matrix,
    reported_before,
    triage_matrix,
)

LEAST_ROWS = 40
PRECISION = 0.8
_RIDGES = (30.0, 10.0, 3.0, 1.0, 0.3)
_SPREADS = (0.25, 0.5, 1.0)  # of a telling word, beside vectors of this length:
_VECTOR_SPREAD = 3.0
_PAIR_RIDGE = 0.1
_LEAST_PAIR_CHANCE = 0.5  # what is less likely than not is not said, whatever the share above it
_BUSY_MINUTES = (10, 100, 1000)  # three other matters on a day, whatever the hour
_FOLDS = 5
_EMBED_AT_ONCE = 256

Field = Literal["category", "priority", "team"]


@dataclass(frozen=True)
class LabelledTicket:
    """A ticket and the truth about it.

    Attributes:
        duplicate_of: the earlier ticket of the same event.
    """

    ticket: Reported
    category: str
    priority: str
    team: str
    duplicate_of: str | None


@dataclass(frozen=True, eq=False)
class _Rows:
    """Labelled tickets as columns; `telling` is unscaled."""

    labels: Sequence[LabelledTicket]
    telling: Floats
    texts: Vectors
    titles: Vectors
    fold: npt.NDArray[np.intp]

    @property
    def groups(self) -> list[str]:
        return [label.ticket.customer_id for label in self.labels]


def train_triage(
    labels: Sequence[LabelledTicket],
    embed: Embed,
    *,
    embedder_id: str,
    trained_on: TriageTrainedOn,
    precision: float = PRECISION,
) -> TriageModel:
    """The triage of these labels; nothing is drawn, so the same labels give the same model.

    Ridge, spread and temperature of each field are those of the least log loss out of fold; its
    threshold is the lowest confidence that reaches `precision` out of fold.

    Raises:
        InvalidInput: fewer than `LEAST_ROWS` tickets, a field that is the same for all, or no
            two tickets of one event.
    """
    if len(labels) < LEAST_ROWS:
        raise InvalidInput(
            f"{len(labels)} labelled tickets are too few to learn a triage from; {LEAST_ROWS} are"
            " the least, and a few hundred are needed for a useful one. Label more."
        )
    rows = _Rows(
        labels,
        telling_matrix([message_of(label.ticket) for label in labels]),
        _embedded(embed, [message_of(label.ticket) for label in labels]),
        _embedded(embed, [label.ticket.title for label in labels]),
        folds_of([label.ticket.customer_id for label in labels], _FOLDS),
    )
    duplicate = _pair_head(rows, precision)  # the quickest to find that something is missing
    return TriageModel(
        trained_on=trained_on,
        embedder_id=embedder_id,
        precision=precision,
        scaling=Scaling.of(rows.telling),
        category=_label_head(rows, "category", precision),
        priority=_label_head(rows, "priority", precision),
        team=_label_head(rows, "team", precision),
        duplicate=duplicate,
        likeness=_likeness(rows),
    )


def _embedded(embed: Embed, texts: Sequence[str]) -> Vectors:
    parts = range(0, len(texts), _EMBED_AT_ONCE)
    return np.vstack([embed(texts[start : start + _EMBED_AT_ONCE]) for start in parts])


def _label_head(rows: _Rows, field: Field, precision: float) -> LabelHead:
    read: dict[Field, Callable[[LabelledTicket], str]] = {
        "category": lambda label: label.category,
        "priority": lambda label: label.priority,
        "team": lambda label: label.team,
    }
    named = [read[field](label) for label in rows.labels]
    values = tuple(sorted(set(named)))
    if len(values) < 2:
        raise InvalidInput(
            f"The {field} of all tickets is {values[0]!r}: there is nothing to learn. Label other"
            " tickets too."
        )
    truth = np.array([values.index(name) for name in named])
    tried = [
        (spread, ridge, scores)
        for spread in _SPREADS
        for ridge, scores in zip(
            _RIDGES, _out_of_fold(rows, truth, len(values), spread), strict=True
        )
    ]
    losses = [
        log_loss(probabilities(scores, fit_temperature(scores, truth)), truth)
        for _, _, scores in tried
    ]
    spread, ridge, scores = tried[int(np.argmin(np.round(losses, 9)))]
    temperature = fit_temperature(scores, truth)
    shares = probabilities(scores, temperature)
    right = shares.argmax(axis=1) == truth
    heads = _fit_all(_design(rows, Scaling.of(rows.telling), spread), truth, len(values), [ridge])
    return LabelHead(
        values,
        tuple(_unspread(head, rows.telling.shape[1], spread) for head in heads[0]),
        temperature,
        threshold_for_precision(shares.max(axis=1), right, precision),
    )


def _out_of_fold(
    rows: _Rows, truth: npt.NDArray[np.intp], count: int, spread: float
) -> list[Floats]:
    """For each ridge the log odds of every row by heads that never saw its customer."""
    scores = [np.empty((len(truth), count)) for _ in _RIDGES]
    for held in range(int(rows.fold.max()) + 1):
        inside, outside = rows.fold != held, rows.fold == held
        design = _design(rows, Scaling.of(rows.telling[inside]), spread)
        for at, heads in enumerate(_fit_all(design[inside], truth[inside], count, _RIDGES)):
            scores[at][outside] = log_odds(heads, design[outside])
    return scores


def _design(rows: _Rows, scaling: Scaling, spread: float) -> Floats:
    return triage_matrix(
        scaling.apply(rows.telling) * spread,
        rows.texts * np.float32(_VECTOR_SPREAD),
        rows.titles * np.float32(_VECTOR_SPREAD),
    )


def _fit_all(
    design: Floats, truth: npt.NDArray[np.intp], count: int, ridges: Sequence[float]
) -> list[tuple[Head, ...]]:
    """For each ridge a head per value."""
    is_value = (truth[:, None] == np.arange(count)).astype(np.float64)
    return fit_columns(design, is_value, ridges=ridges)


def _unspread(head: Head, telling: int, spread: float) -> Head:
    """The same head for features that are not spread."""
    factors = np.where(np.arange(head.weights.size) < telling, spread, _VECTOR_SPREAD)
    return Head(head.weights * factors, head.intercept)


def _pair_head(rows: _Rows, precision: float) -> PairHead:
    """Learned from all pairs of a customer's tickets within the window, as on a busy day.

    Labelled tickets are few to a day: what comes within one is mostly one event, and a head that
    learned from these alone would take nearness in time for sameness.
    """
    at = {label.ticket.ticket_id: row for row, label in enumerate(rows.labels)}
    tickets = [label.ticket for label in rows.labels]
    events = [event_of(label) for label in rows.labels]
    parts, same, folds = [], [], []
    for row, ticket in enumerate(tickets):
        recent = [*reported_before(ticket, tickets), *busy_day(rows.labels[row], rows.labels)]
        others = [at[other.ticket_id] for other in recent]
        if not others:
            continue
        parts.append(pair_matrix(ticket, rows.texts[row], recent, rows.texts[others]))
        same += [events[other] == events[row] for other in others]
        folds += [int(rows.fold[row])] * len(others)
    truth = np.array(same, dtype=bool)
    if not truth.any():
        raise InvalidInput(
            "No two tickets of one customer report the same event within a day, so duplicates"
            " cannot be learned. Label such tickets with duplicate_of."
        )
    pairs, fold = np.vstack(parts), np.array(folds)
    chances = np.empty(len(truth))
    for held in sorted(set(folds)):
        inside = fold != held
        if not inside.any():
            inside = np.ones_like(inside)
        head = fit_head(pairs[inside], truth[inside].astype(np.float64), ridge=_PAIR_RIDGE)
        chances[fold == held] = head.probability(pairs[fold == held])
    # Where too few pairs lie above any threshold to choose it on, the chance itself is asked for.
    threshold = threshold_for_precision(chances, truth, precision)
    return PairHead(
        fit_head(pairs, truth.astype(np.float64), ridge=_PAIR_RIDGE),
        max(threshold if threshold <= 1 else precision, _LEAST_PAIR_CHANCE),
    )


def event_of(label: LabelledTicket) -> str:
    """The id of its event's first ticket."""
    return label.duplicate_of or label.ticket.ticket_id


def busy_day(label: LabelledTicket, labels: Sequence[LabelledTicket]) -> list[Report]:
    """The customer's last tickets of other events from before, as if all came on this day.

    They are three at most, 10, 100 and 1,000 minutes before; what did come within the window is
    not among them.
    """
    own = label.ticket
    near = {other.ticket_id for other in reported_before(own, [one.ticket for one in labels])}
    before = sorted(
        (
            one.ticket
            for one in labels
            if one.ticket.customer_id == own.customer_id
            and (one.ticket.created_at, one.ticket.ticket_id) < (own.created_at, own.ticket_id)
            and one.ticket.ticket_id not in near
            and event_of(one) != event_of(label)
        ),
        key=lambda other: (other.created_at, other.ticket_id),
        reverse=True,
    )
    return [
        Report(
            other.ticket_id,
            other.customer_id,
            other.title,
            other.description,
            own.created_at - timedelta(minutes=minutes),
        )
        for other, minutes in zip(before, _BUSY_MINUTES, strict=False)
    ]


def _likeness(rows: _Rows) -> Head:
    """From the nearest earlier tickets of the same customer."""
    groups = np.array(rows.groups)
    times = np.array([label.ticket.created_at.timestamp() for label in rows.labels])
    kinds = np.array([f"{label.category} {label.team}" for label in rows.labels])
    cosines, same = [np.empty(0)], [np.empty(0)]
    for row in range(len(rows.labels)):
        others = np.flatnonzero((groups == groups[row]) & (times < times[row]))
        near = rows.texts[others] @ rows.texts[row]
        nearest = np.argsort(-near, kind="stable")[:MOST_SIMILAR]
        cosines.append(near[nearest].astype(np.float64))
        same.append((kinds[others[nearest]] == kinds[row]).astype(np.float64))
    return fit_head(np.concatenate(cosines)[:, None], np.concatenate(same), ridge=_PAIR_RIDGE)
