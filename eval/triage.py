"""The triage suite: how often suggestions are right, and whether their confidence is true."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from eval.metrics.calibration_error import calibration_error
from eval.metrics.macro_f1 import macro_f1
from eval.metrics.tradeoff import Floats
from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Item, Metric, Result, SuiteRun
from eval.stats import statistic_intervals
from eval.triage_baselines import (
    FIELDS,
    Answers,
    chosen_value,
    most_frequent,
    nearest_earlier,
    nearest_ticket,
)
from eval.triage_learning import labelled
from eval.triage_set import Field, TriageLabel, TriageSet
from msp_core.customers import Customer
from msp_core.knowledge.embedding import Embedder
from msp_core.tickets.ticket import Resolution, Status, Ticket
from msp_core.tickets.triage import Guess, Suggestion, Triage
from msp_core.tickets.triage_model import WINDOW, Report
from msp_core.tickets.triage_training import busy_day

SUITE = "triage"
TRIAGE, NEAREST = "triage", "nearest"
PRIMARY = "category_macro_f1"
_Statistic = Callable[[Floats], float]
_Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Desk:
    """What a triage is given beside the ticket.

    Attributes:
        customers, teams, tickets: by id.
    """

    customers: Mapping[str, Customer]
    teams: Mapping[str, object]
    tickets: Mapping[str, Ticket]


def evaluate_triage(
    data: TriageSet,
    learnt: Sequence[TriageLabel],
    triage: Triage,
    embedder: Embedder,
    desk: Desk,
    *,
    context: RunContext | None = None,
) -> SuiteRun:
    """Suggest for each ticket from its first message, and score next to plain methods.

    For each field, `<field>_macro_f1` and `<field>_accuracy` of every system (the suggestion is
    scored whether sure or not; priority before the customer's minimum, as it was judged). Of the
    triage also `<field>_f1_over_nearest` (paired), `<field>_ece`, `<field>_sure_precision` and
    `<field>_sure_coverage`: how often it is right where it is sure, and how often that is.
    `duplicate_precision` counts a duplicate as found when its original is named,
    `duplicate_recall` likewise; the baseline names the nearest ticket of the last day.
    `duplicate_false_alarms` is the share of tickets that an unrelated one is named for when up to
    three of them came in on the same day, as in `busy_day`.
    `similar_precision` is the share of similar tickets shown that have the same true category and
    team, `similar_coverage` the share of tickets that any is shown for.

    Args:
        learnt: what the baselines learn from; the split that the model was trained on.
        desk: `tickets` are those that duplicates and similar ones are looked for among.

    Returns:
        Figures with intervals over customers, and how many tickets go into each. What is undefined
        (the precision of none) is left out, and `notes` says so.
    """
    context = context or RunContext()
    recording = Recording(context, models={"embedder": embedder.model_id})
    everything = list(desk.tickets.values())
    suggestions = [
        triage.suggest(
            label.ticket,
            customer=desk.customers[label.ticket.customer_id],
            teams=desk.teams,
            earlier=everything,
        )
        for label in data.labels
    ]
    systems: dict[str, Answers] = {
        TRIAGE: {field: [_guess(made, field).value for made in suggestions] for field in FIELDS},
        "majority": most_frequent(learnt, data.labels),
        NEAREST: nearest_ticket(learnt, data.labels, embedder),
        "people": {
            field: [chosen_value(label, field) for label in data.labels] for field in FIELDS
        },
    }
    named: dict[str, Sequence[str | None]] = {
        TRIAGE: [_original(made) for made in suggestions],
        NEAREST: nearest_earlier(data.labels, embedder, within=WINDOW),
    }
    statistics = [
        *_label_statistics(data.labels, systems),
        *_confidence_statistics(data.labels, suggestions),
        *_similar_statistics(data, suggestions),
        _false_alarms(data.labels, triage, desk),
    ]
    for system, ids in named.items():
        statistics += _duplicate_statistics(data.labels, system, ids)
    metrics, undefined = _metrics(statistics, data, context.seed)
    notes = [f"Undefined on these tickets and left out: {', '.join(undefined)}."] * bool(undefined)
    model = triage.model.trained_on
    if (model.sha256, model.split) == (data.sha256, data.split):
        notes.append("The triage was learned from these very tickets: its figures flatter it.")
    return SuiteRun(
        Result(
            suite=SUITE,
            dataset=DatasetInfo(data.name, data.split, data.sha256, len(data.labels)),
            provenance=recording.finish(),
            metrics=tuple(metrics),
            notes=tuple(notes),
        ),
        list(_items(data.labels, systems, suggestions)),
    )


def _original(made: Suggestion) -> str | None:
    return None if made.duplicate_of is None else made.duplicate_of.ticket_id


def _guess(made: Suggestion, field: Field) -> Guess:
    guesses: dict[Field, Guess] = {
        "category": made.category,
        "priority": made.judged_priority,
        "team": made.team or Guess("", 0.0, sure=False),
    }
    return guesses[field]


@dataclass(frozen=True)
class _Named:
    """A figure of a system; `n` tickets go into it."""

    name: str
    system: str
    of: _Statistic
    n: int


def _label_statistics(
    labels: Sequence[TriageLabel], systems: Mapping[str, Answers]
) -> Iterator[_Named]:
    for field in FIELDS:
        values = sorted({label.value(field) for label in labels})
        truth = np.array([values.index(label.value(field)) for label in labels])
        own = np.array([_place(one, values) for one in systems[TRIAGE][field]])
        near = np.array([_place(one, values) for one in systems[NEAREST][field]])
        gain = partial(_gain, truth, own, near)
        yield _Named(f"{field}_f1_over_nearest", TRIAGE, gain, len(labels))
        for system, answers in systems.items():
            given = np.array([_place(one, values) for one in answers[field]])
            score = partial(macro_f1, truth, given)
            yield _Named(f"{field}_macro_f1", system, score, len(labels))
            right = (truth == given).astype(np.float64)
            yield _share(f"{field}_accuracy", system, right, np.ones(len(labels)))


def _place(value: str, values: Sequence[str]) -> int:
    return values.index(value) if value in values else -1


def _gain(truth: _Places, own: _Places, near: _Places, weights: Floats) -> float:
    return macro_f1(truth, own, weights) - macro_f1(truth, near, weights)


def _confidence_statistics(
    labels: Sequence[TriageLabel], suggestions: Sequence[Suggestion]
) -> Iterator[_Named]:
    for field in FIELDS:
        guesses = [_guess(made, field) for made in suggestions]
        right = np.array(
            [
                float(guess.value == label.value(field))
                for guess, label in zip(guesses, labels, strict=True)
            ]
        )
        confidence = np.array([guess.confidence for guess in guesses])
        sure = np.array([float(guess.sure) for guess in guesses])
        error = partial(calibration_error, confidence, right)
        yield _Named(f"{field}_ece", TRIAGE, error, len(labels))
        yield _share(f"{field}_sure_precision", TRIAGE, right * sure, sure)
        yield _share(f"{field}_sure_coverage", TRIAGE, sure, np.ones(len(labels)))


def _duplicate_statistics(
    labels: Sequence[TriageLabel], system: str, named: Sequence[str | None]
) -> Iterator[_Named]:
    said = np.array([float(one is not None) for one in named])
    are = np.array([float(label.duplicate_of is not None) for label in labels])
    right = np.array(
        [
            float(one is not None and one == label.duplicate_of)
            for one, label in zip(named, labels, strict=True)
        ]
    )
    yield _share("duplicate_precision", system, right, said)
    yield _share("duplicate_recall", system, right, are)


@dataclass(frozen=True)
class _Open(Report):
    """A ticket that nobody has solved."""

    status: Status = Status.OPEN
    resolution: Resolution | None = None


def _false_alarms(labels: Sequence[TriageLabel], triage: Triage, desk: Desk) -> _Named:
    rows = [labelled(label) for label in labels]
    crowds = [[_Open(**vars(other)) for other in busy_day(row, rows)] for row in rows]
    named = [
        triage.suggest(
            label.ticket,
            customer=desk.customers[label.ticket.customer_id],
            teams=desk.teams,
            earlier=crowd,
        ).duplicate_of
        for label, crowd in zip(labels, crowds, strict=True)
    ]
    false = np.array([float(one is not None) for one in named])
    crowded = np.array([float(bool(crowd)) for crowd in crowds])
    return _share("duplicate_false_alarms", TRIAGE, false, crowded)


def _similar_statistics(data: TriageSet, suggestions: Sequence[Suggestion]) -> Iterator[_Named]:
    kinds = {
        label.ticket.ticket_id: (label.category, label.team)
        for label in (*data.labels, *data.others)
    }
    shown = [
        [kinds.get(one.ticket_id) == (label.category, label.team) for one in made.similar]
        for made, label in zip(suggestions, data.labels, strict=True)
    ]
    counts = np.array([float(len(one)) for one in shown])
    right = np.array([float(sum(one)) for one in shown])
    yield _share("similar_precision", TRIAGE, right, counts)
    shown_for = (counts > 0).astype(np.float64)
    yield _share("similar_coverage", TRIAGE, shown_for, np.ones(len(counts)))


def _share(name: str, system: str, part: Floats, whole: Floats) -> _Named:
    """Of weighted items; NaN where the whole is nothing."""

    def statistic(weights: Floats) -> float:
        total = float(weights @ whole)
        return float(weights @ part) / total if total else float("nan")

    return _Named(name, system, statistic, int(np.count_nonzero(whole)))


def _metrics(
    statistics: Sequence[_Named], data: TriageSet, seed: int
) -> tuple[list[Metric], list[str]]:
    groups = [label.ticket.customer_id for label in data.labels]
    intervals = statistic_intervals(
        lambda weights: [one.of(weights) for one in statistics],
        groups,
        seed=seed,
    )
    metrics, undefined = [], []
    for one, interval in zip(statistics, intervals, strict=True):
        if not np.isfinite(interval.value):
            undefined.append(f"{one.name} of {one.system}")
            continue
        metrics.append(
            Metric(
                name=one.name,
                system=one.system,
                slice="all",
                value=interval.value,
                low=interval.low,
                high=interval.high,
                unit="ratio",
                higher_is_better=not one.name.endswith(("_ece", "_alarms")),
                n_scored=one.n,
                n_failed=0,
                n_refused=0,
                kind="live",
            )
        )
    return metrics, undefined


def _items(
    labels: Sequence[TriageLabel],
    systems: Mapping[str, Answers],
    suggestions: Sequence[Suggestion],
) -> Iterator[Item]:
    for system, answers in systems.items():
        for row, label in enumerate(labels):
            raw: dict[str, object] = {
                field: {"truth": label.value(field), "given": answers[field][row]}
                for field in FIELDS
            }
            if system == TRIAGE:
                made = suggestions[row]
                raw["confidence"] = {
                    field: round(_guess(made, field).confidence, 4) for field in FIELDS
                }
                raw["duplicate_of"] = {
                    "truth": label.duplicate_of,
                    "given": _original(made),
                }
                raw["raised"] = made.raised
            yield Item(
                id=label.ticket.ticket_id,
                system=system,
                group=label.ticket.customer_id,
                status="ok",
                scores={
                    field: float(answers[field][row] == label.value(field)) for field in FIELDS
                },
                slices={"category": label.category.value, "priority": label.priority.value},
                raw=raw,
            )
