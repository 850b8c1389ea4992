"""Choosing a policy's threshold: by share of strong calls, by cost, or by a bound on the loss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from msp_core.errors import InvalidInput

ALL_WEAK = math.inf
"""A threshold that no score reaches."""
NEARLY_ALL = 0.7
_MOST_TESTED = 200


@dataclass(frozen=True)
class ChosenThreshold:
    """A threshold, and what it does on the turns that it was chosen from.

    Attributes:
        strong_rate: share of the turns at or above it.
        note: what a person should know before they use it; may be empty.
    """

    threshold: float
    strong_rate: float
    note: str = ""


def by_strong_rate(scores: Sequence[float], rate: float) -> ChosenThreshold:
    """The lowest threshold that sends at most `rate` of the turns strong.

    Turns of equal score go together, so fewer may go strong than asked.

    Raises:
        InvalidInput: no scores, or a rate outside of 0 to 1.
    """
    _check(scores, rate, name="rate")
    chosen = max(
        (row for row in _candidates(scores) if row.strong_rate <= rate),
        key=lambda row: row.strong_rate,
    )
    short = rate - chosen.strong_rate
    note = f"equal scores leave {short:.0%} of the turns unused" if short > 0.05 else ""
    return ChosenThreshold(chosen.threshold, chosen.strong_rate, note)


def by_cost(
    scores: Sequence[float],
    weak_costs: Sequence[float],
    strong_costs: Sequence[float],
    usd_per_1k: float,
) -> ChosenThreshold:
    """The lowest threshold at which 1,000 turns cost at most `usd_per_1k`.

    Raises:
        InvalidInput: no scores; or even all turns weak cost more.
    """
    _check(scores, 0.0, name="cost")
    rows = []
    for row in _candidates(scores):
        spent = sum(
            strong if score >= row.threshold else weak
            for score, weak, strong in zip(scores, weak_costs, strong_costs, strict=True)
        )
        if spent / len(scores) * 1_000 <= usd_per_1k + 1e-12:
            rows.append(row)
    if not rows:
        least = sum(weak_costs) / len(weak_costs) * 1_000
        raise InvalidInput(
            f"{usd_per_1k:g} USD for 1,000 turns is not enough: all of them weak cost"
            f" {least:.4g} USD. Raise the sum or take a cheaper model."
        )
    chosen = max(rows, key=lambda row: row.strong_rate)
    return ChosenThreshold(chosen.threshold, chosen.strong_rate)


def by_loss_bound(
    scores: Sequence[float],
    weak_scores: Sequence[float],
    strong_scores: Sequence[float],
    *,
    most_loss: float,
    delta: float = 0.1,
) -> ChosenThreshold:
    """The highest threshold whose loss of quality is at most `most_loss`, with confidence.

    With probability 1 - `delta` over the turns drawn, the mean loss against all-strong on turns of
    the same kind stays within the bound. Learn then test (Angelopoulos et al. 2021,
    arXiv:2110.01052) in fixed sequence, from all strong on, with the Hoeffding-Bentkus p-value
    (Bates et al. 2021, arXiv:2101.02703). A turn where the weak model is better counts as no loss.

    Args:
        scores: of a scorer that was not fitted on these turns; else the bound does not hold.
        weak_scores: quality of the weak model's answers, 0 to 1.
        strong_scores: of the strong model's, 0 to 1.
        most_loss: in quality, 0 to 1 exclusive.
        delta: the probability that the bound is broken.

    Raises:
        InvalidInput: no scores, or a bound or delta outside of its range.
    """
    _check(scores, most_loss, name="loss")
    if not 0 < most_loss < 1 or not 0 < delta < 1:
        raise InvalidInput("The loss and delta must lie between 0 and 1, both excluded.")
    losses = [max(s - w, 0.0) for w, s in zip(weak_scores, strong_scores, strict=True)]
    n = len(scores)
    chosen = min(_candidates(scores), key=lambda row: row.threshold)  # all strong loses nothing
    for row in sorted(_tested(scores), key=lambda row: row.threshold):
        loss = sum(lost for s, lost in zip(scores, losses, strict=True) if s < row.threshold) / n
        if hoeffding_bentkus(loss, n, most_loss) > delta:
            break
        chosen = row
    note = ""
    if chosen.strong_rate >= NEARLY_ALL:
        note = (
            f"the bound sends {chosen.strong_rate:.0%} of the turns strong: with {n} turns and a"
            f" loss of {most_loss:g} it proves little less than always strong"
        )
    return ChosenThreshold(chosen.threshold, chosen.strong_rate, note)


def hoeffding_bentkus(mean: float, n: int, bound: float) -> float:
    """p-value of "the expected loss is above `bound`", for n losses in 0..1 of this mean."""
    if mean >= bound:
        return 1.0
    divergence = (1 - mean) * math.log((1 - mean) / (1 - bound))
    if mean > 0:
        divergence += mean * math.log(mean / bound)
    hoeffding = math.exp(-n * divergence)
    bentkus = math.e * _binomial_cdf(math.ceil(n * mean - 1e-9), n, bound)
    return min(hoeffding, bentkus, 1.0)


def _binomial_cdf(k: int, n: int, p: float) -> float:
    logs = (
        math.lgamma(n + 1)
        - math.lgamma(i + 1)
        - math.lgamma(n - i + 1)
        + i * math.log(p)
        + (n - i) * math.log1p(-p)
        for i in range(k + 1)
    )
    return min(math.fsum(math.exp(value) for value in logs), 1.0)


def _candidates(scores: Sequence[float]) -> list[ChosenThreshold]:
    """Every threshold that makes a difference, from all strong to all weak."""
    counts: dict[float, int] = {}
    for score in scores:
        counts[score] = counts.get(score, 0) + 1
    strong, rows = len(scores), []
    for score in sorted(counts):
        rows.append(ChosenThreshold(score, strong / len(scores)))
        strong -= counts[score]
    return [*rows, ChosenThreshold(ALL_WEAK, 0.0)]


def _tested(scores: Sequence[float]) -> list[ChosenThreshold]:
    """The candidates, thinned evenly: each test in the sequence costs a pass over the turns."""
    rows = _candidates(scores)
    step = max(len(rows) / _MOST_TESTED, 1.0)
    return [
        rows[round(place * step)]
        for place in range(math.ceil(len(rows) / step))
        if round(place * step) < len(rows)
    ]


def _check(scores: Sequence[float], share: float, *, name: str) -> None:
    if not scores:
        raise InvalidInput("There are no turns to choose a threshold from.")
    if not all(0 <= score <= 1 for score in scores):
        raise InvalidInput("Every score must lie between 0 and 1.")
    if not 0 <= share <= 1:
        raise InvalidInput(f"The {name} is {share:g}; it must lie between 0 and 1.")
