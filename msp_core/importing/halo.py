"""HaloPSA: tickets with actions, clients, users, statuses, priorities and knowledge-base articles.

Read are the answers of the REST API (`/api/Tickets` as `{"tickets": [...]}`, `/api/Actions`,
`/api/Client`, `/api/Users`, `/api/Status`, `/api/Priority`, `/api/KBArticle`), and the CSV that a
ticket list exports, by the way of the CSV format.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from msp_core.importing.csv_rows import open_csv
from msp_core.importing.desk_json import (
    Export,
    Record,
    Records,
    at_path,
    attachments_of,
    each_built,
    text_of,
    word_of,
)
from msp_core.importing.drafts import ArticleDraft, NoteDraft, Person, TicketDraft
from msp_core.importing.mapping import Mapping
from msp_core.importing.report import ImportReport, Place
from msp_core.tickets.ticket import Category, Ticket

# A new HaloPSA's own statuses and priorities, by name: their numbers differ between instances.
KNOWN_VALUES = {
    "status": {
        "new": "Open",
        "re-opened": "Open",
        "reopened": "Open",
        "action required": "In Progress",
        "updated": "In Progress",
        "awaiting input": "On Hold",
        "with user": "On Hold",
        "awaiting user": "On Hold",
        "with supplier": "On Hold",
        "awaiting supplier": "On Hold",
        "with client": "On Hold",
        "completed": "Resolved",
        "closed": "Closed",
        "closed order": "Closed",
    },
    "priority": {"p1": "Critical", "p2": "High", "p3": "Medium", "p4": "Low", "urgent": "Critical"},
}
_ARTICLE_LINK = re.compile(r"/kb\?(?:[^\s\"'<>]{0,100}&(?:amp;)?)?id=(\d{1,12})")
_LISTS = {
    "tickets": "tickets",
    "actions": "actions",
    "clients": "clients",
    "users": "users",
    "statuses": "statuses",
    "priorities": "priorities",
    "articles": "articles",
    "kbarticles": "articles",
    "faqlists": "faqlists",
    "sites": "sites",
    "agents": "agents",
}


def open_export(paths: list[Path], mapping: Mapping, report: ImportReport) -> Export:
    """The export in these files: JSON and CSV may stand side by side."""
    tables = [path for path in paths if path.suffix.lower() == ".csv"]
    records = Records([path for path in paths if path not in tables], report, _classify)
    desk = _Desk(records, mapping, report)
    export = Export(
        customers=[str(row["name"]) for _, row in records.of("clients") if row.get("name")],
        people=desk.people(),
        articles=each_built(records.of("articles"), desk.article, report),
        tickets=each_built(records.of("tickets"), desk.ticket, report),
        known_values=KNOWN_VALUES,
        customer_rows=[],
        team_rows=[],
    )
    return _joined(export, open_csv(tables, mapping, report)) if tables else export


def _joined(one: Export, other: Export) -> Export:
    def tickets() -> Iterator[TicketDraft | tuple[Place, Ticket]]:
        yield from one.tickets
        yield from other.tickets

    return Export(
        customers=[*one.customers, *other.customers],
        people=[*one.people, *other.people],
        articles=[*one.articles, *other.articles],
        tickets=tickets(),
        known_values=one.known_values,
        customer_rows=[],
        team_rows=[],
    )


def _classify(key: str, record: Record) -> str | None:
    if key.lower() in _LISTS:
        return _LISTS[key.lower()]
    for kind, marks in (
        ("actions", {"ticket_id", "outcome"}),
        ("tickets", {"summary", "dateoccurred"}),
        ("articles", {"name", "resolution"}),
        ("users", {"emailaddress"}),
        ("clients", {"name", "toplevel_id"}),
        ("priorities", {"priorityid", "name"}),
        ("statuses", {"name", "shortname", "type"}),
    ):
        if marks <= record.keys():
            return kind
    return None


class _Desk:
    def __init__(self, records: Records, mapping: Mapping, report: ImportReport) -> None:
        self._mapping = mapping
        self._report = report
        self._statuses = records.by_id("statuses")
        self._priorities = {
            str(row.get("priorityid") or row.get("id")): row for _, row in records.of("priorities")
        }
        self._users = records.by_id("users")
        self._agents = records.by_id("agents")
        self._clients = records.by_id("clients")
        self._actions = records.grouped("actions", "ticket_id")

    def people(self) -> list[Person]:
        rows = [*self._users.values(), *self._agents.values()]
        return [
            Person(
                str(row.get("name") or ""), str(row.get("emailaddress") or row.get("email") or "")
            )
            for row in rows
        ]

    def article(self, place: Place, row: Record) -> ArticleDraft | None:
        if row.get("inactive"):
            self._report.reject(place, f"article {row.get('id')}: it is inactive")
            return None
        parts = [
            text_of(row.get(f"{name}_html") or row.get(name))
            for name in ("description", "resolution")
        ]
        heads = ("", "## Resolution\n\n")
        text = "\n\n".join(
            head + part for head, part in zip(heads, parts, strict=True) if part.strip()
        )
        tags = row.get("tag_string") or row.get("tags") or ""
        return ArticleDraft(
            place=place,
            source_id=str(row["id"]),
            title=str(row.get("name") or row.get("title") or ""),
            text=text,
            category=self._known_word(row.get("category")),
            updated_at=row.get("date_edited") or row.get("date_created"),
            public=None,
            tags=tuple(tag.strip() for tag in str(tags).split(",") if tag.strip()),
        )

    def ticket(self, place: Place, row: Record) -> TicketDraft | None:
        source_id = str(row["id"])
        if row.get("inactive") or row.get("deleted"):
            self._report.reject(place, f"ticket {source_id}: it was deleted")
            return None
        actions = sorted(row.get("actions") or self._actions.get(source_id, []), key=_time_of)
        fields = self._mapping.fields
        public = [
            str(a.get("note_html") or a.get("note")) for a in actions if not a.get("hiddenfromuser")
        ]
        return TicketDraft(
            place=place,
            source_id=source_id,
            title=str(row.get("summary") or ""),
            body=text_of(row.get("details_html") or row.get("details")),
            status=self._status(row),
            priority=self._priority(row),
            category=(
                at_path(row, fields["category"]) if "category" in fields else self._category(row)
            ),
            customer=(
                at_path(row, fields["customer"]) if "customer" in fields else self._client(row)
            ),
            requester=self._requester(row),
            created_at=row.get("dateoccurred") or row.get("datecreated"),
            updated_at=row.get("lastactiondate") or row.get("last_update"),
            resolved_at=row.get("dateclosed") or row.get("datecleared"),
            resolution=at_path(row, fields.get("resolution", "clearance_note")),
            assigned_to=word_of(row.get("agent_name")) or self._agent(row.get("agent_id")),
            team=word_of(row.get("team")),
            tags=tuple(
                str(tag.get("text")) if isinstance(tag, dict) else str(tag)
                for tag in row.get("tags") or ()
            ),
            notes=tuple(
                NoteDraft(
                    at=_time_of(action),
                    author=str(action.get("who") or action.get("emailfrom") or "unknown"),
                    text=text_of(action.get("note_html") or action.get("note")),
                    internal=bool(action.get("hiddenfromuser")),
                )
                for action in actions
                if str(action.get("note") or action.get("note_html") or "").strip()
            ),
            attachments=tuple(
                item
                for holder in (row, *actions)
                for item in attachments_of(holder.get("attachments"), name_key="filename")
            ),
            duplicate_of=word_of(row.get("merged_into_id")) or None,
            links=tuple(link for note in public for link in _ARTICLE_LINK.findall(note)),
        )

    def _status(self, row: Record) -> str | None:
        if "status" in self._mapping.fields:
            return at_path(row, self._mapping.fields["status"])
        listed = self._statuses.get(str(row.get("status_id")), {}).get("name")
        inner = row.get("status")
        named = inner.get("name") if isinstance(inner, dict) else inner
        return word_of(row.get("status_name") or listed or named or row.get("status_id"))

    def _priority(self, row: Record) -> str | None:
        if "priority" in self._mapping.fields:
            return at_path(row, self._mapping.fields["priority"])
        inner = row.get("priority")
        named = inner.get("name") if isinstance(inner, dict) else inner
        listed = self._priorities.get(str(row.get("priority_id")), {}).get("name")
        return word_of(row.get("priority_name") or named or listed or row.get("priority_id"))

    def _category(self, row: Record) -> str | None:
        """category_1 (`Hardware>Printer`) where the mapping file has it, else its first level."""
        whole = word_of(row.get("category_1"))
        return self._known_word(whole) or word_of((whole or "").partition(">")[0])

    def _known_word(self, value: object) -> str | None:
        known = {key.casefold() for key in self._mapping.values.category}
        known |= {str(category).casefold() for category in Category}
        word = word_of(value)
        return word if word and word.casefold() in known else None

    def _client(self, row: Record) -> str | None:
        listed = self._clients.get(str(row.get("client_id")), {}).get("name")
        return word_of(row.get("client_name") or listed)

    def _requester(self, row: Record) -> str:
        user = self._users.get(str(row.get("user_id")), {})
        address = row.get("user_email") or row.get("user_emailaddress") or user.get("emailaddress")
        return str(
            address or row.get("emailfrom") or row.get("user_name") or user.get("name") or ""
        )

    def _agent(self, number: object) -> str | None:
        return word_of(self._agents.get(str(number), {}).get("name"))


def _time_of(action: Record) -> str:
    return str(action.get("actiondatecreated") or action.get("datetime") or "")
