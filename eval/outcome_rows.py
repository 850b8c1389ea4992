"""The rows of an outcome file, CSV or JSONL, one at a time."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, field_validator

from eval.dataset import Problems, Row, raw_lines, text_lines

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Id = Annotated[str, StringConstraints(min_length=1)]

_ALL_OR_NONE = ("router_score", "weak_cost", "strong_cost", "weak_response", "group", "split")
_NEVER_GROUPS = {"id", "query", "weak_score", "strong_score"}
_LARGEST_CELL = 10_000_000  # answers and passages stand in a cell of their own


class OutcomeRow(Row):
    """What both models did on one query; empty cells are None."""

    id: Id
    query: str
    weak_score: Share
    strong_score: Share
    router_score: Annotated[float, Field(allow_inf_nan=False)] | None = None
    weak_cost: Usd | None = None
    strong_cost: Usd | None = None
    weak_response: str | None = None
    passages: tuple[str, ...] = ()
    category: str | None = None
    group: str | None = None
    split: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _blank(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("passages", mode="before")
    @classmethod
    def _json_list(cls, value: object) -> object:
        if value is None or value == "":
            return ()
        try:
            return json.loads(value) if isinstance(value, str) else value
        except RecursionError as error:
            raise ValueError("lists are nested too deeply") from error


def read_outcome_rows(
    path: Path, problems: Problems, *, group_column: str | None, ignored: set[str]
) -> Iterator[tuple[int, OutcomeRow]]:
    """The valid rows with their line; what is wrong with the others is noted.

    A column other than `category` and `passages` that some rows fill and others leave empty is
    noted too: a mean over what is left would be of other turns.

    Args:
        group_column: whose value takes the place of `group`; None for `group` itself.
        ignored: takes up the names of columns that nobody reads.
    """
    read = _csv_cells if path.name.endswith((".csv", ".csv.gz")) else _json_cells
    known = OutcomeRow.model_fields.keys() | {group_column}
    given: frozenset[str] | None = None
    for line, cells in read(path, problems):
        ignored |= cells.keys() - known
        if group_column is not None and given is None and group_column not in cells:
            there = ", ".join(sorted(cells.keys() - _NEVER_GROUPS))
            what = f"there is no column {group_column!r} to group by"
            problems.add(path, line, f"{what}; there are {there}" if there else what)
            return
        if group_column is not None:
            if cells.get(group_column) in (None, ""):
                problems.add(path, line, f"{group_column}: it is empty or not there, to group by")
                continue
            cells["group"] = cells[group_column]
        try:
            row = OutcomeRow.model_validate(cells)
        except ValidationError as error:
            problems.add_invalid(path, line, error)
            continue
        has = frozenset(name for name in _ALL_OR_NONE if getattr(row, name) is not None)
        given = has if given is None else given
        for name in sorted(has ^ given):
            problems.add(path, line, f"{name}: it must be there in every row or in none")
        yield line, row


_Cells = Iterator[tuple[int, dict[str, Any]]]


def _json_cells(path: Path, problems: Problems) -> _Cells:
    for line, text in text_lines(path, problems):
        try:
            cells = json.loads(text)
        except (ValueError, RecursionError) as error:
            problems.add(path, line, f"it is not JSON ({error})")
            continue
        if isinstance(cells, Mapping):
            yield line, dict(cells)
        else:
            problems.add(path, line, "it is no JSON object")


def _csv_cells(path: Path, problems: Problems) -> _Cells:
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(text for _, text in raw_lines(path, problems))
    try:
        columns = next(reader, [])
        required = [name for name, field in OutcomeRow.model_fields.items() if field.is_required()]
        if missing := [name for name in required if name not in columns]:
            what = f"the header lacks {', '.join(missing)}; docs/outcomes.md lists the columns"
            if len(columns) == 1 and ";" in columns[0]:
                what += ", which are parted by commas, not by semicolons"
            problems.add(path, 1, what)
            return
        if twice := sorted({name for name in columns if columns.count(name) > 1}):
            problems.add(path, 1, f"the header has {', '.join(twice)} more than once")
            return
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(columns):
                what = f"it has {len(cells)} cells, and the header has {len(columns)}"
                problems.add(path, reader.line_num, what)
                continue
            yield reader.line_num, dict(zip(columns, cells, strict=True))
    except csv.Error as error:
        problems.add(path, reader.line_num, str(error))
