"""CSV files, streamed: a row is read, made a draft, and forgotten."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.importing.desk_json import Export
from msp_core.importing.drafts import ArticleDraft, TicketDraft
from msp_core.importing.mapping import Kind, Mapping
from msp_core.importing.report import ImportReport, Place, SourceFile
from msp_core.importing.row_drafts import KNOWN_HEADERS, REQUIRED, Cell, article_draft, ticket_draft
from msp_core.importing.source_text import detect_encoding

_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_CELL = 10_000_000
_KINDS: tuple[Kind, ...] = ("tickets", "articles", "customers")
_TITLES = KNOWN_HEADERS["tickets"]["title"]
_Row = tuple[Place, Cell]


def open_csv(paths: list[Path], mapping: Mapping, report: ImportReport) -> Export:
    """The tickets, articles and customers of CSV files.

    What a file holds is said by the mapping file, or by its header. Columns that are recognised
    by their names alone are noted in the report.
    """
    tables = [table for path in paths if (table := _open_table(path, mapping, report)) is not None]

    def rows(kind: Kind) -> Iterator[_Row]:
        for table in tables:
            if table.kind == kind:
                yield from table.rows()

    def tickets() -> Iterator[TicketDraft]:
        for place, cell in rows("tickets"):
            try:
                yield ticket_draft(place, cell)
            except InvalidInput as error:
                report.reject(place, str(error))

    def articles() -> Iterator[ArticleDraft]:
        for place, cell in rows("articles"):
            try:
                yield article_draft(place, cell)
            except InvalidInput as error:
                report.reject(place, str(error))

    return Export(
        customers=[cell("name") for _, cell in rows("customers") if cell("name")],
        people=[],
        articles=articles(),
        tickets=tickets(),
        known_values={},
        customer_rows=[],
        team_rows=[],
    )


class _Table:
    """One file with its header understood."""

    def __init__(
        self,
        path: Path,
        kind: Kind,
        *,
        encoding: str,
        delimiter: str,
        width: int,
        columns: dict[str, int],
        report: ImportReport,
    ) -> None:
        self.kind = kind
        self._path, self._encoding, self._delimiter = path, encoding, delimiter
        self._width, self._columns, self._report = width, columns, report

    def rows(self) -> Iterator[_Row]:
        """The rows below the header that have as many cells as it."""
        count = 0
        with _open(self._path, self._encoding) as file:
            reader = csv.reader(file, delimiter=self._delimiter)
            begin = 1
            while True:
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    self._report.reject(Place(self._path.name, begin), f"not CSV ({error})")
                    begin = reader.line_num + 1
                    continue
                if cells is None:
                    break
                place, begin = Place(self._path.name, begin), reader.line_num + 1
                if place.line == 1 or not any(cell.strip() for cell in cells):
                    continue
                count += 1
                if len(cells) != self._width:
                    self._report.reject(
                        place, f"it has {len(cells)} cells, and the header has {self._width}"
                    )
                    continue
                yield place, self._cell_of(cells)
        self._report.files.append(SourceFile(self._path.name, self.kind, self._encoding, count))

    def _cell_of(self, cells: list[str]) -> Cell:
        def cell(field: str) -> str:
            column = self._columns.get(field)
            return "" if column is None else cells[column].strip()

        return cell


def _open_table(path: Path, mapping: Mapping, report: ImportReport) -> _Table | None:
    """The file with its columns found; None when one is missing or stands twice."""
    csv.field_size_limit(_LONGEST_CELL)
    encoding = mapping.csv.encoding or detect_encoding(path)
    place = Place(path.name, 1)
    try:
        with _open(path, encoding) as file:
            first = file.readline(1_000_000)
            delimiter = mapping.csv.delimiter or _delimiter(first)
            file.seek(0)
            header = [name.strip() for name in next(csv.reader(file, delimiter=delimiter), [])]
    except (LookupError, csv.Error, UnicodeError) as error:
        report.reject(place, f"its header cannot be read ({error})")
        return None
    if not any(header):
        report.reject(place, "it has no header")
        return None
    kind = mapping.kind_of(path.name)
    wanted = (kind,) if kind else _KINDS
    problems = []
    for candidate in wanted:
        try:
            columns = _columns(header, candidate, mapping)
        except InvalidInput as error:
            problems.append(str(error))
            continue
        if not mapping.rows(candidate).columns:
            shown = ", ".join(f"{field} = {header[at]!r}" for field, at in columns.items())
            report.note(f"{path.name}: columns recognised by their names: {shown}")
        if unused := sorted({name for at, name in enumerate(header) if at not in columns.values()}):
            report.note(f"{path.name}: columns not used: {', '.join(map(repr, unused))}")
        return _Table(
            path, candidate, encoding=encoding, delimiter=delimiter, width=len(header),
            columns=columns, report=report,
        )  # fmt: skip
    report.reject(place, problems[0])
    return None


def _columns(header: list[str], kind: Kind, mapping: Mapping) -> dict[str, int]:
    """Field -> number of its column.

    Raises:
        InvalidInput: a needed column is missing, or stands twice.
    """
    places: dict[str, list[int]] = {}
    for number, name in enumerate(header):
        places.setdefault(name.casefold(), []).append(number)
    given = mapping.rows(kind).columns
    choices = {field: (name,) for field, name in given.items()} or KNOWN_HEADERS[kind]
    columns: dict[str, int] = {}
    for field, names in choices.items():
        name = next((name for name in names if name.casefold() in places), "")
        if not name:
            if given:
                raise InvalidInput(f"the column {names[0]!r}, mapped to {field}, is missing")
            continue
        numbers = places[name.casefold()]
        if len(numbers) > 1:
            shown = " and ".join(str(number + 1) for number in numbers)
            raise InvalidInput(
                f"the column {header[numbers[0]]!r} stands twice (as number {shown}); rename one"
            )
        columns[field] = numbers[0]
    if kind == "customers" and not given and any(name in places for name in _TITLES):
        raise InvalidInput("it has titles, so its rows are no customers")
    missing = [field for field in REQUIRED[kind] if field not in columns]
    if missing:
        raise InvalidInput(
            f"no column for {', '.join(missing)}; name it under [{kind}.columns] in a mapping file"
        )
    return columns


def _delimiter(first_line: str) -> str:
    """The delimiter that cuts the header into most cells."""
    return max(
        _DELIMITERS, key=lambda mark: len(next(csv.reader([first_line], delimiter=mark), []))
    )


def _open(path: Path, encoding: str) -> IO[str]:
    try:
        return path.open(encoding=encoding, errors="replace", newline="")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}). Check the path."
        ) from error
