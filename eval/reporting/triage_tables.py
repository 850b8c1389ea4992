"""The tables on triage."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.reporting.figure import Format
from eval.reporting.table import Cell, Column, Table, figure_cell, row_of, system_name


def triage_tables(section: Mapping[str, Any]) -> list[Table]:
    """Suggestions by system; how far to trust the triage's own; duplicates and similar tickets."""
    systems = section["systems"]
    kind = section["kind"]
    fields: dict[str, tuple[str, Format]] = {
        f"{row['field']}_macro_f1": (f"{row['field'].capitalize()}, macro-F1", "ratio")
        for row in section["fields"]
    }
    found: dict[str, tuple[str, Format]] = {
        "duplicate_precision": ("Duplicates, precision", "percent"),
        "duplicate_recall": ("Duplicates, recall", "percent"),
        "duplicate_false_alarms": ("Named among unrelated ones", "percent"),
        "similar_coverage": ("Similar ones shown for", "percent"),
        "similar_precision": ("Of these, same category and team", "percent"),
    }
    trust: dict[str, tuple[str, Format]] = {
        "f1_over_nearest": ("Macro-F1 over the nearest ticket", "ratio"),
        "ece": ("Calibration error", "ratio"),
        "sure_coverage": ("Sure of", "percent"),
        "sure_precision": ("Right where sure", "percent"),
    }
    searching = [row for row in systems if any(row[name] is not None for name in found)]
    tables = [
        _table(
            f"Triage of {section['n']} tickets from their first message",
            "system", systems, fields,
            kind=kind,
            note=(
                f"Small figures: 95% interval from resampling {section['customers']} customers. "
                "Nearest copies the most alike ticket of the training split; people is what was "
                "first chosen for the ticket."
            ),
            best=row_of(systems, section["main"]),
        ),
        _table(
            "How far to trust a suggestion",
            "field", section["fields"], trust,
            kind=kind,
            note="Below its confidence bound a suggestion is shown as unsure; a dash: never sure.",
        ),
        _table(
            "Duplicates and similar solved tickets",
            "system", searching, found,
            kind=kind,
            note=(
                "A duplicate is found when its original is named."
                + _counted(searching)
                + " Unrelated ones were moved near in time; naming one is a false alarm."
            ),
        ),
    ]  # fmt: skip
    return [table for table in tables if table.rows]


def _counted(rows: Sequence[Mapping[str, Any]]) -> str:
    recall = next((row["duplicate_recall"] for row in rows if row["duplicate_recall"]), None)
    return "" if recall is None else f" There are {recall['n']}."


def _table(
    caption: str,
    named: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, tuple[str, Format]],
    *,
    kind: str,
    note: str,
    best: int | None = None,
) -> Table:
    return Table(
        caption=caption,
        columns=[
            Column(named.capitalize(), number=False),
            *(Column(label) for label, _ in columns.values()),
        ],
        rows=[
            [
                Cell(system_name(row[named])),
                *(figure_cell(row[key], form) for key, (_, form) in columns.items()),
            ]
            for row in rows
        ],
        kind=kind,
        note=note,
        best=best,
    )
