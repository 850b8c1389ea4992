"""How far two labelling passes agree: measured, and kept as `agreement.json` beside a data set."""

import json
import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.files import write_lines
from eval.metrics.kappa import kappa_interval
from eval.stats import mean_interval
from msp_core.errors import CorruptData, InvalidInput

AGREEMENT_FILE = "agreement.json"
SEED = 7

Kind = Literal["routing", "retrieval", "triage"]
Judge = Literal["model", "person"]
Labels = Mapping[str, object]
"""One pass's labels of an item by name; a list counts as a set."""

LABELS: Mapping[Kind, Mapping[str, tuple[int, ...] | None]] = {
    "routing": {
        "required_model": None,
        "reason": None,
        "floor": None,
        "tools": None,
        "output": (40, 120, 300, 600),
    },
    "retrieval": {"grade": (0, 1, 2)},
    "triage": {"category": None, "priority": None, "team": None, "duplicate_of": None},
}
"""The labels of each kind; those with an order have their scale, lowest first."""

AVERAGED = "output"
"""A length is averaged over the passes, so a difference in it alone is none to decide."""

_Share = Annotated[float, Field(ge=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelAgreement(_Record):
    """Two passes over one label, as they were before anybody looked at both.

    Attributes:
        n: items that both passes labelled.
        agreed: share of them with equal labels.
        kappa: Cohen's, linearly weighted for labels with an order; None where it is undefined.
        low, high: its 95% interval, or None.
    """

    n: int
    agreed: _Share
    kappa: float | None
    low: float | None
    high: float | None


class SpotCheck(_Record):
    """Somebody new labelled a sample without seeing the labels.

    Attributes:
        n: items.
        changed: share of items of which at least one label would change.
        by_label: share by label.
    """

    judge: Judge
    n: int
    changed: _Share
    low: float | None = None
    high: float | None = None
    by_label: dict[str, _Share] = {}


class Agreement(_Record):
    """`agreement.json`.

    Attributes:
        passes: who made the two passes; one entry when there was one pass only.
        third_reading: who decided where they differ; None when nobody did.
    """

    schema_: Literal["msp.agreement/1"] = Field(default="msp.agreement/1", alias="schema")
    passes: tuple[Judge, ...]
    third_reading: Judge | None = None
    labels: dict[str, LabelAgreement] = {}
    spot_checks: tuple[SpotCheck, ...] = ()


def measure_agreement(
    kind: Kind,
    first: Mapping[str, Labels],
    second: Mapping[str, Labels],
    groups: Mapping[str, str],
) -> dict[str, LabelAgreement]:
    """Kappa of each label that both passes gave, over the items that both labelled.

    Args:
        first, second: labels by item id; a label that an item lacks in either pass is not counted.
        groups: the group of each item (its customer, say): items of a group are resampled together.

    Raises:
        InvalidInput: a value that is not on its label's scale.
    """
    common = [item for item in first if item in second]
    found: dict[str, LabelAgreement] = {}
    for label, scale in LABELS[kind].items():
        items = [item for item in common if label in first[item] and label in second[item]]
        if items:
            one = [_comparable(first[item][label]) for item in items]
            two = [_comparable(second[item][label]) for item in items]
            found[label] = _agreement(label, one, two, [groups[i] for i in items], scale)
    return found


def measure_spot_check(
    kind: Kind,
    final: Mapping[str, Labels],
    given: Mapping[str, Labels],
    groups: Mapping[str, str],
    judge: Judge,
) -> SpotCheck:
    """The share of items of which somebody new would change a label.

    An item counts once, whatever differs; the length of an answer alone is no change.

    Args:
        final: labels of the set.
        given: labels given without sight of them, of a sample; only what both have is compared.
        groups: as for `measure_agreement`.

    Raises:
        InvalidInput: nothing was given, or an item that the set does not have.
    """
    unknown = sorted(given.keys() - final.keys())
    if unknown or not given:
        raise InvalidInput(
            f"The spot check has {len(unknown)} items that the set lacks, such as {unknown[0]!r}."
            if unknown
            else "The spot check holds no item. Label some first."
        )
    item, own = next(iter(given.items()))
    labels = [label for label in LABELS[kind] if label in own and label in final[item]]
    differ = {
        item: {label for label in labels if not same_label(own.get(label), final[item].get(label))}
        for item, own in given.items()
    }
    interval = mean_interval(
        [float(bool(found - {AVERAGED})) for found in differ.values()],
        [groups[item] for item in differ],
        seed=SEED,
    )
    return SpotCheck(
        judge=judge,
        n=len(given),
        changed=round(interval.value, 4),
        low=_rounded(interval.low),
        high=_rounded(interval.high),
        by_label={
            label: round(sum(label in found for found in differ.values()) / len(given), 4)
            for label in labels
        },
    )


def same_label(one: object, other: object) -> bool:
    """Whether two values of a label are equal; lists are compared as sets."""
    return _comparable(one) == _comparable(other)


def read_agreement(folder: Path) -> Agreement | None:
    """The folder's `agreement.json`, or None when it has none.

    Raises:
        CorruptData: it is malformed.
    """
    path = folder / AGREEMENT_FILE
    if not path.is_file():
        return None
    try:
        return Agreement.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise CorruptData(
            f"{path} is no record of agreement: {where}: {problem['msg']}. Mend or remove it."
        ) from error


def write_agreement(folder: Path, agreement: Agreement) -> None:
    """Write the folder's `agreement.json`.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    content = agreement.model_dump(mode="json", by_alias=True)
    write_lines(folder / AGREEMENT_FILE, [json.dumps(content, indent=2), "\n"])


def _agreement(
    label: str,
    one: Sequence[Hashable],
    two: Sequence[Hashable],
    groups: Sequence[str],
    scale: tuple[int, ...] | None,
) -> LabelAgreement:
    try:
        interval = kappa_interval(one, two, groups, scale=scale, seed=SEED)
    except ValueError as error:
        raise InvalidInput(
            f"The labels {label!r} of the two passes cannot be compared: {error}. Mend the value.",
            field=label,
        ) from error
    agreed = sum(a == b for a, b in zip(one, two, strict=True)) / len(one)
    defined = math.isfinite(interval.value)
    return LabelAgreement(
        n=len(one),
        agreed=round(agreed, 4),
        kappa=_rounded(interval.value) if defined else None,
        low=_rounded(interval.low) if defined else None,
        high=_rounded(interval.high) if defined else None,
    )


def _comparable(value: object) -> Hashable:
    if isinstance(value, list | tuple):
        return tuple(sorted(map(str, value)))
    return value if isinstance(value, Hashable) else json.dumps(value, sort_keys=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
