"""Freshdesk: tickets with conversations, contacts, companies, agents, groups, solution articles.

Read are the answers of the REST API v2 (lists of tickets with `include=conversations,requester,
company,stats,description`, contacts, companies, agents, groups, folders, articles, and lists of
conversations) and the older account export, where each ticket stands in a `helpdesk_ticket` with
its `notes`.
"""

import re
from pathlib import Path
from typing import Any

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

# Freshdesk's own numbers: https://developers.freshdesk.com/api/#ticket_attributes
# 6 and 7 are the two further statuses of every account.
KNOWN_VALUES = {
    "status": {
        "2": "Open",
        "3": "On Hold",
        "4": "Resolved",
        "5": "Closed",
        "6": "On Hold",
        "7": "On Hold",
        "pending": "On Hold",
        "waiting on customer": "On Hold",
        "waiting on third party": "On Hold",
    },
    "priority": {"1": "Low", "2": "Medium", "3": "High", "4": "Critical", "urgent": "Critical"},
}
_ARTICLE_LINK = re.compile(r"/support/solutions/articles/(\d{1,20})")
# Who may see a folder: 1 everybody, 2 whoever is signed in, 3 agents, 4 chosen companies.
_PUBLIC_FOLDERS = {"1": True, "2": True, "3": False, "4": False}
_WRAPPERS = {
    "helpdesk_ticket": "tickets",
    "helpdesk_note": "conversations",
    "user": "contacts",
    "customer": "companies",
    "company": "companies",
    "solution_article": "articles",
}


def open_export(paths: list[Path], mapping: Mapping, report: ImportReport) -> Export:
    """The export in these files, however it is divided among them."""
    records = Records(paths, report, _classify)
    desk = _Desk(records, mapping, report)
    return Export(
        customers=[str(row["name"]) for row in desk.companies.values() if row.get("name")],
        people=desk.people(),
        articles=each_built(records.of("articles"), desk.article, report),
        tickets=each_built(records.of("tickets"), desk.ticket, report),
        known_values=KNOWN_VALUES,
        customer_rows=[],
        team_rows=[],
    )


def _classify(key: str, record: Record) -> str | None:
    for wrapper, kind in _WRAPPERS.items():
        if set(record) == {wrapper} and isinstance(record[wrapper], dict):
            return kind
    if key in {
        "tickets",
        "conversations",
        "contacts",
        "companies",
        "agents",
        "groups",
        "folders",
        "articles",
    }:
        return key
    for kind, marks in (
        ("tickets", {"subject", "status"}),
        ("conversations", {"ticket_id", "incoming"}),
        ("articles", {"title", "folder_id"}),
        ("agents", {"contact"}),
        ("companies", {"name", "domains"}),
        ("folders", {"name", "visibility"}),
        ("contacts", {"name", "email"}),
        ("groups", {"name", "agent_ids"}),
    ):
        if marks <= record.keys():
            return kind
    return None


def _bare(record: Record) -> Record:
    """The record without the wrapper of the older export."""
    if len(record) == 1:
        name, inner = next(iter(record.items()))
        if name in {*_WRAPPERS, "note"} and isinstance(inner, dict):
            return inner
    return record


class _Desk:
    def __init__(self, records: Records, mapping: Mapping, report: ImportReport) -> None:
        self._mapping = mapping
        self._report = report
        self.companies = _by_id(records, "companies")
        self._contacts = _by_id(records, "contacts")
        self._agents = {
            str(row.get("id")): row.get("contact") or {}
            for row in _by_id(records, "agents").values()
        }
        self._groups = _by_id(records, "groups")
        self._folders = _by_id(records, "folders")
        self._conversations = records.grouped("conversations", "ticket_id")
        self._domains = {
            str(domain).lower(): str(row.get("name"))
            for row in self.companies.values()
            for domain in row.get("domains") or ()
        }
        for _, wrapped in records.of("tickets"):
            row = _bare(wrapped)
            for key, table in (("requester", self._contacts), ("company", self.companies)):
                inner = row.get(key)
                if isinstance(inner, dict) and inner.get("id") is not None:
                    table.setdefault(str(inner["id"]), inner)

    def people(self) -> list[Person]:
        rows = [*self._contacts.values(), *self._agents.values()]
        return [Person(str(row.get("name") or ""), str(row.get("email") or "")) for row in rows]

    def article(self, place: Place, wrapped: Record) -> ArticleDraft | None:
        row = _bare(wrapped)
        if str(row.get("status")) == "1":
            self._report.reject(place, f"article {row.get('id')}: it is a draft")
            return None
        folder = self._folders.get(str(row.get("folder_id")), {})
        companies = folder.get("company_ids") or []
        owner = self.companies.get(str(companies[0]), {}) if len(companies) == 1 else {}
        return ArticleDraft(
            place=place,
            source_id=str(row["id"]),
            title=str(row.get("title") or ""),
            text=text_of(row.get("description") or row.get("description_text")),
            category=at_path(row, "category") or self._known_word(folder.get("name")),
            updated_at=row.get("updated_at") or row.get("modified_at"),
            public=_PUBLIC_FOLDERS.get(str(folder.get("visibility"))),
            tags=tuple(_tag(tag) for tag in row.get("tags") or ()),
            customer=word_of(owner.get("name")),
        )

    def ticket(self, place: Place, wrapped: Record) -> TicketDraft | None:
        row = _bare(wrapped)
        source_id = str(row.get("display_id") or row["id"])
        if row.get("deleted") or row.get("spam"):
            self._report.reject(place, f"ticket {source_id}: it was deleted or is spam")
            return None
        notes = (
            row.get("conversations") or row.get("notes") or self._conversations.get(source_id) or ()
        )
        messages = sorted(map(_bare, notes), key=lambda item: str(item.get("created_at")))
        requester = self._contacts.get(str(row.get("requester_id")), {})
        fields = self._mapping.fields
        bodies = [
            str(m.get("body_html") or m.get("body")) for m in messages if not m.get("private")
        ]
        stats = row.get("stats") or row.get("ticket_states") or {}
        return TicketDraft(
            place=place,
            source_id=source_id,
            title=str(row.get("subject") or ""),
            body=text_of(
                row.get("description_html") or row.get("description") or row.get("description_text")
            ),
            status=at_path(row, fields.get("status", "status")),
            priority=at_path(row, fields.get("priority", "priority")),
            category=(
                at_path(row, fields["category"])
                if "category" in fields
                else self._known_word(row.get("type"))
            ),
            customer=self._customer(row, requester),
            requester=str(
                requester.get("email")
                or row.get("email")
                or requester.get("name")
                or row.get("requester_name")
                or ""
            ),
            created_at=row.get("created_at"),
            updated_at=row.get("updated_at"),
            resolved_at=stats.get("resolved_at") or stats.get("closed_at"),
            resolution=at_path(row, fields["resolution"]) if "resolution" in fields else None,
            assigned_to=self._who(row.get("responder_id")) or word_of(row.get("responder_name")),
            team=word_of(self._groups.get(str(row.get("group_id")), {}).get("name")),
            tags=tuple(_tag(tag) for tag in row.get("tags") or ()),
            notes=tuple(
                NoteDraft(
                    at=message.get("created_at"),
                    author=self._who(message.get("user_id"))
                    or str(message.get("from_email") or "unknown"),
                    text=text_of(
                        message.get("body_html") or message.get("body") or message.get("body_text")
                    ),
                    internal=bool(message.get("private")),
                )
                for message in messages
            ),
            attachments=tuple(
                item
                for holder in (row, *messages)
                for item in attachments_of(holder.get("attachments"), name_key=_name_key(holder))
            ),
            links=tuple(link for body in bodies for link in _ARTICLE_LINK.findall(body)),
        )

    def _who(self, number: Any) -> str:
        row = self._contacts.get(str(number)) or self._agents.get(str(number)) or {}
        if number is not None and not row:
            self._report.note("users that the export names only by number")
            return f"freshdesk-user-{number}"
        return str(row.get("email") or row.get("name") or "")

    def _customer(self, row: Record, requester: Record) -> str | None:
        if "customer" in self._mapping.fields:
            return at_path(row, self._mapping.fields["customer"])
        for number in (
            row.get("company_id"),
            requester.get("company_id"),
            requester.get("customer_id"),
        ):
            if name := self.companies.get(str(number), {}).get("name"):
                return str(name)
        address = str(requester.get("email") or row.get("email") or "")
        return self._domains.get(address.rpartition("@")[2].lower())

    def _known_word(self, value: object) -> str | None:
        """A ticket's type or a folder's name, where the mapping file knows it as a category."""
        known = {key.casefold() for key in self._mapping.values.category}
        word = word_of(value)
        return word if word and word.casefold() in known else None


def _by_id(records: Records, kind: str) -> dict[str, Record]:
    return {str(row.get("id")): row for _, wrapped in records.of(kind) for row in [_bare(wrapped)]}


def _tag(tag: object) -> str:
    return str(tag.get("name")) if isinstance(tag, dict) else str(tag)


def _name_key(holder: Record) -> str:
    first = next((item for item in holder.get("attachments") or () if isinstance(item, dict)), {})
    return "name" if "name" in first else "content_file_name"
