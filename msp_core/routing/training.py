"""Learn a router from outcomes: settings by grouped cross-validation, then one fit on all."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from msp_core.errors import InvalidInput
from msp_core.learning.folds import folds_of
from msp_core.learning.logistic import Floats, fit_head, fit_heads
from msp_core.learning.scaling import Scaling
from msp_core.learning.words import Terms, WordCounts, common_terms
from msp_core.routing.features import lexical_matrix
from msp_core.routing.learned import Embed, LearnedName, two_head_matrix
from msp_core.routing.meaning import what_is_meant
from msp_core.routing.request import RouteRequest
from msp_core.routing.router_model import (
    Calibration,
    Neighbours,
    RouterModel,
    TrainedOn,
    TwoHeads,
    Vectors,
)

LEAST_ROWS = 40
LEAST_OF_A_CLASS = 5
MOST_ROWS = 20_000
"""More are sampled: beyond this the fit gains nothing that its time is worth."""
_MOST_KEPT = 2_000  # neighbours and calibration rows in the file, rows that settings are chosen on
_RIDGES = (3.0, 10.0, 30.0, 100.0, 300.0)
_NEIGHBOURS = (5, 10, 20, 40, 80)
_LOSS_POINTS = 5.0
_FOREIGN_SHARE = 0.02
_WORD_FOLDS = 5
_EMBED_AT_ONCE = 256

_Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Example:
    """A turn with what both models were worth on it.

    Attributes:
        weak_score, strong_score: 0 to 1.
        group: turns of one group never stand on both sides of a fold.
    """

    request: RouteRequest
    weak_score: float
    strong_score: float
    group: str


@dataclass(frozen=True, eq=False)
class WordExamples:
    """Turns whose words alone are learned from: their terms, and what the strong model gained."""

    terms: tuple[Terms, ...] = ()
    gains: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, eq=False)
class ExampleMatrix:
    """Examples as columns; make it once, fit it on any of its rows.

    Attributes:
        lexical: unscaled, shape (n, l).
        terms: of each text, length n.
        vectors: shape (n, dimension).
        weak, strong: scores, shape (n,).
        groups: length n.
        more: what words are learned from beside the rows, whichever are chosen.
    """

    lexical: Floats
    terms: tuple[Terms, ...]
    vectors: Vectors
    weak: Floats
    strong: Floats
    groups: tuple[str, ...]
    more: WordExamples = WordExamples()

    @classmethod
    def of(
        cls, examples: Sequence[Example], embed: Embed, *, more: Sequence[Example] = ()
    ) -> "ExampleMatrix":
        """Features and vectors of the examples, each as what it means.

        Args:
            examples: one or more.
            embed: for the vectors of the examples.
            more: turns whose words alone are learned from; of other groups than the examples.
        """
        requests = [what_is_meant(example.request) for example in examples]
        texts = [request.text for request in requests]
        others = [what_is_meant(example.request).text for example in more]
        terms = common_terms([*texts, *others])
        parts = [
            embed(texts[start : start + _EMBED_AT_ONCE])
            for start in range(0, len(texts), _EMBED_AT_ONCE)
        ]
        return cls(
            lexical_matrix(requests),
            tuple(terms[: len(texts)]),
            np.vstack(parts),
            np.array([example.weak_score for example in examples]),
            np.array([example.strong_score for example in examples]),
            tuple(example.group for example in examples),
            WordExamples(
                tuple(terms[len(texts) :]),
                np.array([example.strong_score - example.weak_score for example in more]),
            ),
        )

    def rows(self, chosen: _Rows) -> "ExampleMatrix":
        """Some of the rows."""
        return ExampleMatrix(
            self.lexical[chosen],
            tuple(self.terms[row] for row in chosen),
            self.vectors[chosen],
            self.weak[chosen],
            self.strong[chosen],
            tuple(self.groups[row] for row in chosen),
            self.more,
        )

    @property
    def gains(self) -> Floats:
        """Strong less weak score."""
        return self.strong - self.weak


def sample_examples(examples: Sequence[Example], *, seed: int) -> list[Example]:
    """At most `MOST_ROWS` of them, drawn without replacement, in their order."""
    if len(examples) <= MOST_ROWS:
        return list(examples)
    drawn = np.random.default_rng(seed).choice(len(examples), MOST_ROWS, replace=False)
    return [examples[row] for row in np.sort(drawn)]


def check_learnable(examples: Sequence[Example]) -> None:
    """Pass when a router can be learned from these outcomes.

    Raises:
        InvalidInput: too few rows, too few of one kind, or the weak model is the better one.
    """
    n = len(examples)
    if n < LEAST_ROWS:
        raise InvalidInput(
            f"{n} rows are too few to learn a router from; {LEAST_ROWS} are the least, and a few"
            " hundred are needed for a useful one. Record more outcomes."
        )
    gains = np.array([example.strong_score - example.weak_score for example in examples])
    better = int((gains > 0).sum())
    if (gains < 0).any() and gains.mean() <= 0:
        raise InvalidInput(
            "The weak model is better than the strong one on average, by"
            f" {-100 * gains.mean():.1f} points. Are weak_score and strong_score swapped? If not,"
            " there is nothing to gain from routing to the strong model."
        )
    if better < LEAST_OF_A_CLASS or n - better < LEAST_OF_A_CLASS:
        raise InvalidInput(
            f"The strong model is better on {better} of {n} rows, so there is one class only:"
            f" {LEAST_OF_A_CLASS} rows of each kind are the least. Send every turn to the"
            f" {'weak' if better < LEAST_OF_A_CLASS else 'strong'} model, or record other turns."
        )


def train(
    data: ExampleMatrix, *, embedder_id: str, trained_on: TrainedOn, folds: int = 5
) -> RouterModel:
    """The router of these outcomes: nothing is drawn but what `trained_on.seed` draws.

    Ridge penalties and the number of neighbours are those with the least squared error of the
    expected gain out of fold; ties go to the stronger smoothing.

    Args:
        data: checked by `check_learnable`.
        embedder_id: of the vectors.
        trained_on: for the model file.
        folds: of the cross-validation, by group.
    """
    chosen_on = data.rows(_draw(len(data.gains), trained_on.seed))
    fold = folds_of(chosen_on.groups, folds)
    splits = [_Split.of(chosen_on, fold, held) for held in range(int(fold.max()) + 1)]
    gains = chosen_on.gains
    tried = {
        "ridge_lexical": _best(splits, gains, "lexical", _RIDGES[::-1]),
        "ridge_two_head": _best(splits, gains, "two_head", _RIDGES[::-1]),
        "neighbours": _best(splits, gains, "knn", [float(k) for k in _NEIGHBOURS[::-1]]),
    }
    lexical, two_head, neighbours = tried.values()
    order = np.argsort(two_head.out_of_fold, kind="stable")
    calibration = Calibration(two_head.out_of_fold[order], chosen_on.gains[order])
    words = _count(data)
    worded = _with_own_odds(data)
    scaling = _scaling(worded)
    scaled = scaling.apply(worded.lexical)
    both = two_head_matrix(scaled, data.vectors)
    return RouterModel(
        trained_on=trained_on,
        embedder_id=embedder_id,
        words=words,
        scaling=scaling,
        lexical=fit_head(scaled, np.maximum(data.gains, 0), ridge=lexical.setting),
        two_head=TwoHeads(
            fit_head(both, data.weak, ridge=two_head.setting),
            fit_head(both, data.strong, ridge=two_head.setting),
        ),
        neighbours=Neighbours(chosen_on.vectors, chosen_on.gains, int(neighbours.setting)),
        calibration=calibration,
        threshold=calibration.threshold_for_loss(_LOSS_POINTS),
        threshold_note=f"at most {_LOSS_POINTS:g} points of quality lost, out of fold",
        least_familiar=_least_familiar(chosen_on.vectors, fold),
        settings={name: best.setting for name, best in tried.items()},
    )


def _count(data: ExampleMatrix) -> WordCounts:
    """The words of all rows and of what stands beside them; class 1 gains more than the mean."""
    mean = data.gains.mean()
    return WordCounts.of(
        (
            (terms, int(gain > mean))
            for terms, gain in itertools.chain(
                zip(data.terms, data.gains, strict=True),
                zip(data.more.terms, data.more.gains, strict=True),
            )
        ),
        classes=2,
    )


def _with_odds(data: ExampleMatrix, odds: Floats) -> ExampleMatrix:
    """With the words' odds as one more lexical feature."""
    return replace(data, lexical=np.hstack([data.lexical, odds]))


def _with_own_odds(data: ExampleMatrix) -> ExampleMatrix:
    """The same, each row's odds counted on other groups: its own words would give it away."""
    if len(data.groups) < 2:
        return _with_odds(data, np.zeros((len(data.groups), 1)))
    fold = folds_of(data.groups, _WORD_FOLDS)
    odds = np.empty((len(fold), 1))
    for held in range(int(fold.max()) + 1):
        own = np.flatnonzero(fold == held)
        words = _count(data.rows(np.flatnonzero(fold != held)))
        odds[own] = words.log_odds([data.terms[row] for row in own])
    return _with_odds(data, odds)


def _scaling(worded: ExampleMatrix) -> Scaling:
    """That of the lexical features, the words' odds last."""
    scaling = Scaling.of(worded.lexical)
    # Odds have a scale of their own: where no word tells, what is left is not to be blown up.
    scaling.spread[-1] = max(scaling.spread[-1], 1.0)
    return scaling


@dataclass(frozen=True, eq=False)
class _Split:
    """What one fold learns from and what it is tried on, both with their words' odds."""

    held: _Rows
    inside: ExampleMatrix
    outside: ExampleMatrix

    @classmethod
    def of(cls, data: ExampleMatrix, fold: npt.NDArray[np.intp], held: int) -> "_Split":
        """The split that holds a fold back."""
        rows = np.flatnonzero(fold == held)
        inside, outside = data.rows(np.flatnonzero(fold != held)), data.rows(rows)
        odds = _count(inside).log_odds(outside.terms)
        return cls(rows, _with_own_odds(inside), _with_odds(outside, odds))


@dataclass(frozen=True, eq=False)
class _Best:
    setting: float
    out_of_fold: Floats


def _best(
    splits: Sequence[_Split], gains: Floats, name: LearnedName, settings: Sequence[float]
) -> _Best:
    """The setting of least squared error out of fold, the first on a tie, and its scores."""
    scores = np.empty((len(settings), len(gains)))
    for split in splits:
        scores[:, split.held] = _fold_scores(split.inside, split.outside, name, settings)
    # The one head gives the gain itself, the others the gain moved to 0..1.
    wanted = np.maximum(gains, 0) if name == "lexical" else (1 + gains) / 2
    errors = ((scores - wanted) ** 2).mean(axis=1).round(9)
    best = int(np.argmin(errors))
    return _Best(float(settings[best]), scores[best])


def _fold_scores(
    inside: ExampleMatrix, outside: ExampleMatrix, name: LearnedName, settings: Sequence[float]
) -> list[Floats]:
    if name == "knn":
        return [
            Neighbours(inside.vectors, inside.gains, int(k)).scores(outside.vectors)
            for k in settings
        ]
    scaling = _scaling(inside)
    seen, new = scaling.apply(inside.lexical), scaling.apply(outside.lexical)
    if name == "lexical":
        wanted = np.maximum(inside.gains, 0)
        return [head.probability(new) for head in fit_heads(seen, wanted, ridges=settings)]
    seen, new = two_head_matrix(seen, inside.vectors), two_head_matrix(new, outside.vectors)
    weak = fit_heads(seen, inside.weak, ridges=settings)
    strong = fit_heads(seen, inside.strong, ridges=settings)
    return [TwoHeads(*pair).scores(new) for pair in zip(weak, strong, strict=True)]


def _least_familiar(vectors: Vectors, fold: npt.NDArray[np.intp]) -> float:
    """What all but a fiftieth of the rows reach with their nearest of another fold."""
    nearness = vectors @ vectors.T
    nearness[fold[:, None] == fold[None, :]] = -1
    return float(np.quantile(nearness.max(axis=1), _FOREIGN_SHARE))


def _draw(n: int, seed: int) -> _Rows:
    if n <= _MOST_KEPT:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, _MOST_KEPT, replace=False))
