"""What the JSON exports of all desks share: records by kind, looked up by id."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from msp_core.html_text import html_to_text, looks_like_html
from msp_core.importing.drafts import ArticleDraft, Person, TicketDraft
from msp_core.importing.report import ImportReport, Place, SourceFile
from msp_core.importing.source_text import json_records
from msp_core.knowledge.article import Article
from msp_core.tickets.ticket import Ticket

Record = dict[str, Any]
Placed = tuple[Place, Record]
Built = TypeVar("Built")


@dataclass
class Export:
    """What a source gives, in the order it is to be read: all but the tickets, then these.

    Attributes:
        customers: names of companies, tickets or not.
        customer_rows, team_rows: rows that are canonical already.
        tickets: streamed; a canonical ticket comes with its place.
    """

    customers: list[str]
    people: list[Person]
    articles: Iterable[ArticleDraft | tuple[Place, Article]]
    tickets: Iterator[TicketDraft | tuple[Place, Ticket]]
    known_values: dict[str, dict[str, str]]
    customer_rows: list[Record]
    team_rows: list[Record]


class Records:
    """The records of all files of an export, by kind and by id.

    Args:
        classify: (key of the list, record) -> kind, or None for what is of no use here.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        report: ImportReport,
        classify: Callable[[str, Record], str | None],
    ) -> None:
        self._by_kind: dict[str, list[Placed]] = {}
        for path in paths:
            rows, encoding = json_records(path, report)
            kinds: dict[str, int] = {}
            for key, place, record in rows:
                kind = classify(key, record)
                if kind is None:
                    report.reject(place, "not a record of a kind that is read here")
                    continue
                kinds[kind] = kinds.get(kind, 0) + 1
                self._by_kind.setdefault(kind, []).append((place, record))
            held = ", ".join(kinds) or "nothing"
            report.files.append(SourceFile(path.name, held, encoding, sum(kinds.values())))

    def of(self, kind: str) -> list[Placed]:
        """The records of a kind, in order."""
        return self._by_kind.get(kind, [])

    def by_id(self, kind: str) -> dict[str, Record]:
        """The records of a kind by their id as text; of two with one id the later."""
        return {str(record.get("id")): record for _, record in self.of(kind)}

    def grouped(self, kind: str, key: str) -> dict[str, list[Record]]:
        """The records of a kind by another field, such as the ticket they belong to."""
        groups: dict[str, list[Record]] = {}
        for _, record in self.of(kind):
            groups.setdefault(str(record.get(key)), []).append(record)
        return groups


def each_built(
    rows: Iterable[Placed],
    build: Callable[[Place, Record], Built | None],
    report: ImportReport,
) -> Iterator[Built]:
    """What `build` makes of each record; one whose fields have other types is rejected."""
    for place, row in rows:
        try:
            built = build(place, row)
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            reason = f"record {row.get('id')}: a field has another form than the desk documents"
            report.reject(place, f"{reason} ({error})")
            continue
        if built is not None:
            yield built


def text_of(value: object) -> str:
    """A field as text; HTML becomes Markdown, nothing becomes an empty text."""
    if value is None:
        return ""
    text = str(value)
    return html_to_text(text) if looks_like_html(text) else text


def word_of(value: object) -> str | None:
    """A field as a word, None when it is empty."""
    return None if value is None or str(value).strip() == "" else str(value).strip()


def at_path(record: Record, path: str) -> str | None:
    """The value at a path such as `custom_fields.cf_area`, also in a list of {id, value}."""
    value: object = record
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list):
            named = (item for item in value if isinstance(item, dict))
            fitting = (i for i in named if step in {str(i.get("id")), str(i.get("name"))})
            value = next(fitting, {}).get("value")
        else:
            return None
    return word_of(value) if isinstance(value, str | int | float) else None


def attachments_of(value: object, *, name_key: str) -> tuple[tuple[str, int], ...]:
    """(name, size in bytes) of a list of attachments."""
    if not isinstance(value, list):
        return ()
    sizes = (
        (item, item.get("size") or item.get("filesize") or 0)
        for item in value
        if isinstance(item, dict)
    )
    return tuple(
        (str(item.get(name_key) or "unnamed"), int(size) if str(size).isdigit() else 0)
        for item, size in sizes
    )
