"""A table of the report, for any form it is written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.reporting.figure import Figure, Format, write_interval, write_value

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """A value, and below it in small what qualifies it."""

    text: str
    detail: str = ""


@dataclass(frozen=True)
class Column:
    """A heading; numbers stand to the right."""

    label: str
    number: bool = True


@dataclass(frozen=True)
class Table:
    """A table with a caption.

    Attributes:
        kind: `live`, `recorded` or `simulated`, shown with the caption; empty when it holds no
            figure.
        best: the row that is set off, or None.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    kind: str = ""
    note: str = ""
    best: int | None = None


def system_name(system: str) -> str:
    """`always weak`: a system's name as it is read."""
    return system.replace("_", " ")


def figure_cell(shown: Figure | None, form: Format) -> Cell:
    """A figure above its interval, or a dash for none."""
    if shown is None:
        return Cell(NOTHING)
    return Cell(write_value(shown["value"], form), write_interval(shown, form))


def row_of(rows: Sequence[Mapping[str, Any]], system: str) -> int | None:
    """Where the system's row is, or None."""
    return next((i for i, row in enumerate(rows) if row["system"] == system), None)
