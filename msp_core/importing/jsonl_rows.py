"""Canonical files, and JSON Lines of any form with a mapping file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msp_core.customers import Customer, Team
from msp_core.errors import InvalidInput
from msp_core.importing.desk_json import Export, Record, at_path
from msp_core.importing.drafts import ArticleDraft, TicketDraft
from msp_core.importing.mapping import Mapping
from msp_core.importing.names import read_rows
from msp_core.importing.report import ImportReport, Place, SourceFile
from msp_core.importing.row_drafts import Cell, article_draft, ticket_draft
from msp_core.importing.source_text import detect_encoding
from msp_core.knowledge.article import Article, read_article
from msp_core.tickets.record import ticket_from_record
from msp_core.tickets.ticket import Ticket


def open_export(paths: list[Path], mapping: Mapping, report: ImportReport) -> Export:
    """Files of a folder like `data/` (tickets.jsonl, customers.json, `*.md`), or others.

    A row with `ticket_id` is canonical and keeps its id. Any other row is read by
    `[tickets.columns]` or `[articles.columns]`, whose right sides are then paths such as
    `fields.subject`.
    """
    named: dict[str, type[Customer] | type[Team]] = {"customers.json": Customer, "teams.json": Team}
    tables = [
        path
        for path in paths
        if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} and path.name not in named
    ]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in named}
    for path in paths:
        if path.name in named:
            rows[path.name] += read_rows(path, named[path.name])
            report.files.append(SourceFile(path.name, path.stem, "utf-8", len(rows[path.name])))
    return Export(
        customers=[],
        people=[],
        articles=_articles(paths, tables, mapping, report),
        tickets=_tickets(tables, mapping, report),
        known_values={},
        customer_rows=rows["customers.json"],
        team_rows=rows["teams.json"],
    )


def _articles(
    paths: list[Path], tables: list[Path], mapping: Mapping, report: ImportReport
) -> Iterator[ArticleDraft | tuple[Place, Article]]:
    for path in paths:
        if path.suffix.lower() == ".md" and path.name.upper() != "README.MD":
            try:
                yield Place(path.name, 1), read_article(path)
            except InvalidInput as error:
                report.reject(Place(path.name, 1), str(error))
            report.files.append(SourceFile(path.name, "article", "utf-8", 1))
    for path in tables:
        if mapping.kind_of(path.name) == "articles":
            for place, record in _records(path, report, "articles"):
                try:
                    yield article_draft(place, _cell_of(record, mapping.articles.columns))
                except InvalidInput as error:
                    report.reject(place, str(error))


def _tickets(
    tables: list[Path], mapping: Mapping, report: ImportReport
) -> Iterator[TicketDraft | tuple[Place, Ticket]]:
    for path in tables:
        if mapping.kind_of(path.name) not in {None, "tickets"}:
            continue
        for place, record in _records(path, report, "tickets"):
            try:
                if "ticket_id" in record:
                    yield place, ticket_from_record(record)
                elif mapping.tickets.columns:
                    yield ticket_draft(place, _cell_of(record, mapping.tickets.columns))
                else:
                    raise InvalidInput(
                        "it is no canonical ticket (it has no ticket_id), and no mapping file says "
                        "where its fields stand ([tickets.columns])"
                    )
            except InvalidInput as error:
                report.reject(place, str(error))


def _records(path: Path, report: ImportReport, holds: str) -> Iterator[tuple[Place, Record]]:
    """The objects of a JSON Lines file, streamed; a line that is none is rejected."""
    encoding, count = detect_encoding(path), 0
    with path.open(encoding=encoding, errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            place, count = Place(path.name, number), count + 1
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                report.reject(place, f"not JSON ({error.msg}, column {error.colno})")
                continue
            if isinstance(record, dict):
                yield place, record
            else:
                report.reject(place, f"not an object but {type(record).__name__}")
    report.files.append(SourceFile(path.name, holds, encoding, count))


def _cell_of(record: Record, columns: dict[str, str]) -> Cell:
    def cell(field: str) -> str:
        return at_path(record, columns[field]) or "" if field in columns else ""

    return cell
