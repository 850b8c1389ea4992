"""Passes that were made elsewhere (by models, in a spreadsheet): a row of labels an item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, ConfigDict, Field

from eval.agreement import (
    LABELS,
    Agreement,
    Judge,
    Kind,
    Labels,
    measure_agreement,
    measure_spot_check,
)
from eval.dataset import Problems, Row, json_rows
from msp_core.errors import InvalidInput


@dataclass(frozen=True)
class LabelFile:
    """Labels by item, and each item's group."""

    labels: Mapping[str, Labels]
    groups: Mapping[str, str]


class _LabelRow(Row):
    model_config = ConfigDict(extra="allow")

    id: Annotated[str, Field(min_length=1, validation_alias=AliasChoices("id", "ticket_id"))]
    customer_id: str | None = None


def read_labels(path: Path, kind: Kind) -> LabelFile:
    """A JSONL file with `id` (or `ticket_id`), labels of the kind, and perhaps `customer_id`.

    Items of one customer are resampled together; one without stands for itself. Fields that are no
    label of the kind are passed over.

    Raises:
        ConfigurationError: the file cannot be read.
        InvalidInput: names malformed and repeated rows, and a row without any label.
    """
    problems = Problems()
    labels: dict[str, Labels] = {}
    groups: dict[str, str] = {}
    for line, row in json_rows(path, _LabelRow, problems):
        if row.id in labels:
            problems.add(path, line, f"id: {row.id!r} stands here for the second time")
        extra: dict[str, Any] = row.model_extra or {}
        labels[row.id] = {name: extra[name] for name in LABELS[kind] if name in extra}
        groups[row.id] = row.customer_id or row.id
        if not labels[row.id]:
            problems.add(path, line, f"it has none of the labels {', '.join(LABELS[kind])}")
    if not labels:
        problems.add(path, None, "it holds no row")
    problems.refuse(path.name)
    return LabelFile(labels, groups)


def agreement_of_files(
    kind: Kind,
    first: Path,
    second: Path,
    *,
    judge: Judge,
    final: Path | None = None,
    spot_checks: Sequence[Path] = (),
) -> Agreement:
    """What `agreement.json` says of two passes and of spot checks against the final labels.

    Args:
        judge: who made all of them.
        final: the labels after the third reading; None when nobody decided.

    Raises:
        InvalidInput: a malformed file, passes without a common item, or a spot check without
            final labels.
    """
    one, two = read_labels(first, kind), read_labels(second, kind)
    if not one.labels.keys() & two.labels.keys():
        raise InvalidInput(
            f"{first} and {second} have no item in common. Name two passes of one set."
        )
    if final is None and spot_checks:
        raise InvalidInput("A spot check is compared with the final labels. Name them too.")
    decided = read_labels(final, kind) if final else LabelFile({}, {})
    checks = [
        measure_spot_check(
            kind, decided.labels, read_labels(path, kind).labels, decided.groups, judge
        )
        for path in spot_checks
    ]
    return Agreement(
        passes=(judge, judge),
        third_reading=None if final is None else judge,
        labels=measure_agreement(kind, one.labels, two.labels, one.groups),
        spot_checks=tuple(checks),
    )
