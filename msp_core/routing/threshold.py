"""Choosing a policy's threshold: by share of strong calls, by cost, or by a bound on the loss."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msp_core.errors import InvalidInput

ALL_WEAK = 1.01
"""A threshold that no score reaches; give it as the score of a turn that goes strong anyway."""
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
    candidates = _candidates(scores)
    fits = [row for row in candidates if row.strong_rate <= rate]
    if not fits:
        note = "floors and turns out of distribution alone are more than that"
        return ChosenThreshold(ALL_WEAK, candidates[-1].strong_rate, note)
    chosen = max(fits, key=lambda row: row.strong_rate)
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
    more = [strong - weak for weak, strong in zip(weak_costs, strong_costs, strict=True)]
    all_strong = sum(strong_costs)
    rows = []
    for row, saved in _below(scores, more):
        if (all_strong - saved) / len(scores) * 1_000 <= usd_per_1k * (1 + 1e-9):
            rows.append(row)
    if not rows:
        least = all_strong - sum(m for m, s in zip(more, scores, strict=True) if s < ALL_WEAK)
        raise InvalidInput(
            f"{usd_per_1k:g} USD for 1,000 turns is not enough: with as few strong calls as the"
            f" floors allow they cost {least / len(scores) * 1_000:.4g} USD. Raise the sum or take"
            " a cheaper model."
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
    tested = list(_below(scores, losses))
    chosen = tested[0][0]  # all strong, which loses nothing
    step = max(len(tested) // _MOST_TESTED, 1)  # each test in the sequence is a chance to fail
    for row, lost in [*tested[step:-1:step], tested[-1]]:
        if hoeffding_bentkus(lost / n, n, most_loss) > delta:
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
    return rows if ALL_WEAK in counts else [*rows, ChosenThreshold(ALL_WEAK, 0.0)]


def _below(
    scores: Sequence[float], values: Sequence[float]
) -> Iterator[tuple[ChosenThreshold, float]]:
    """Each candidate, from all strong on, with the sum of the values of the turns it makes weak."""
    order = sorted(range(len(scores)), key=lambda row: scores[row])
    place, total = 0, 0.0
    for candidate in _candidates(scores):
        while place < len(order) and scores[order[place]] < candidate.threshold:
            total += values[order[place]]
            place += 1
        yield candidate, total


def _check(scores: Sequence[float], share: float, *, name: str) -> None:
    if not scores:
        raise InvalidInput("There are no turns to choose a threshold from.")
    if not all(0 <= score <= 1 or score == ALL_WEAK for score in scores):
        raise InvalidInput("Every score must lie between 0 and 1.")
    if not 0 <= share <= 1:
        raise InvalidInput(f"The {name} is {share:g}; it must lie between 0 and 1.")
