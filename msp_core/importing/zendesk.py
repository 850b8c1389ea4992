"""Zendesk: tickets with comments and audits, people, organizations, Help Center articles.

Read are the answers of the REST API (`/api/v2/incremental/tickets.json`, `/users.json`,
`/organizations.json`, `/groups.json`, `/tickets/{id}/comments.json` with the ticket's id added,
`/ticket_audits.json`, `/help_center/articles.json`) and the account's full JSON export (one ticket
a line, with its comments and people inside).
"""

import re
from collections.abc import Iterator
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
from msp_core.importing.drafts import ArticleDraft, ChangeDraft, NoteDraft, Person, TicketDraft
from msp_core.importing.mapping import Mapping
from msp_core.importing.report import ImportReport, Place

# Zendesk's own words: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
KNOWN_VALUES = {
    "status": {
        "new": "Open",
        "open": "In Progress",
        "pending": "On Hold",
        "hold": "On Hold",
        "solved": "Resolved",
        "closed": "Closed",
    },
    "priority": {"low": "Low", "normal": "Medium", "high": "High", "urgent": "Critical"},
}
_KINDS = {
    key: key
    for key in ("tickets", "comments", "audits", "users", "organizations", "groups", "articles")
}
_ARTICLE_LINK = re.compile(r"/hc/(?:[A-Za-z-]{2,8}/)?articles/(\d{1,20})")
_MERGED = re.compile(r"merged into (?:request|ticket) #(\d{1,12})", re.I)
_FIELDS = {
    "status": "status",
    "priority": "priority",
    "group_id": "team",
    "assignee_id": "assigned_to",
}


def open_export(paths: list[Path], mapping: Mapping, report: ImportReport) -> Export:
    """The export in these files, however it is divided among them."""
    records = Records(paths, report, _classify)
    desk = _Desk(records, mapping, report)
    return Export(
        customers=[str(row["name"]) for _, row in records.of("organizations") if row.get("name")],
        people=desk.people(),
        articles=desk.articles(),
        tickets=desk.tickets(),
        known_values=KNOWN_VALUES,
        customer_rows=[],
        team_rows=[],
    )


def _classify(key: str, record: Record) -> str | None:
    if key in _KINDS:
        return _KINDS[key]
    for kind, marks in (
        ("tickets", {"subject", "requester_id"}),
        ("audits", {"events", "ticket_id"}),
        ("articles", {"title", "body", "section_id"}),
        ("comments", {"body", "author_id", "ticket_id"}),
        ("users", {"email", "role"}),
        ("organizations", {"name", "domain_names"}),
    ):
        if marks <= record.keys():
            return kind
    return None


class _Desk:
    def __init__(self, records: Records, mapping: Mapping, report: ImportReport) -> None:
        self._records = records
        self._mapping = mapping
        self._report = report
        self._users = records.by_id("users")
        self._organizations = records.by_id("organizations")
        self._groups = records.by_id("groups")
        self._comments = records.grouped("comments", "ticket_id")
        self._audits = records.grouped("audits", "ticket_id")
        for _, ticket in records.of("tickets"):
            self._take_embedded(ticket)
        self._domains = {
            str(domain).lower(): str(row.get("name"))
            for row in self._organizations.values()
            for domain in row.get("domain_names") or ()
        }

    def _take_embedded(self, ticket: Record) -> None:
        """People, organization and group that the full export puts inside each ticket."""
        for key, table in (
            ("requester", self._users),
            ("submitter", self._users),
            ("assignee", self._users),
            ("organization", self._organizations),
            ("group", self._groups),
        ):
            inner = ticket.get(key)
            if isinstance(inner, dict) and inner.get("id") is not None:
                table.setdefault(str(inner["id"]), inner)

    def people(self) -> list[Person]:
        return [
            Person(str(user.get("name") or ""), str(user.get("email") or ""))
            for user in self._users.values()
        ]

    def articles(self) -> Iterator[ArticleDraft]:
        return each_built(self._records.of("articles"), self._article, self._report)

    def _article(self, place: Place, row: Record) -> ArticleDraft | None:
        if row.get("draft"):
            self._report.reject(place, f"article {row.get('id')}: it is a draft")
            return None
        return ArticleDraft(
            place=place,
            source_id=str(row.get("id")),
            title=str(row.get("title") or row.get("name") or ""),
            text=text_of(row.get("body")),
            category=self._word_among(row.get("label_names")),
            updated_at=row.get("edited_at") or row.get("updated_at"),
            # Without a user segment everybody may read it, signed in or not.
            public=row["user_segment_id"] is None if "user_segment_id" in row else None,
            tags=tuple(map(str, row.get("label_names") or ())),
        )

    def tickets(self) -> Iterator[TicketDraft]:
        return each_built(self._records.of("tickets"), self._ticket, self._report)

    def _ticket(self, place: Place, row: Record) -> TicketDraft | None:
        if row.get("status") == "deleted":
            self._report.reject(place, f"ticket {row.get('id')}: it was deleted")
            return None
        source_id = str(row["id"])
        audits = sorted(
            self._audits.get(source_id, ()), key=lambda item: str(item.get("created_at"))
        )
        comments = self._all_comments(row, source_id, audits)
        opening = comments[0] if comments else {}
        links = [
            _ARTICLE_LINK.findall(str(c.get("html_body") or c.get("body")))
            for c in comments
            if c.get("public", True)
        ]
        merged = [m[1] for c in comments if (m := _MERGED.search(str(c.get("body") or "")))]
        fields = self._mapping.fields
        return TicketDraft(
            place=place,
            source_id=source_id,
            title=str(row.get("subject") or row.get("raw_subject") or ""),
            body=text_of(opening.get("html_body") or opening.get("body") or row.get("description")),
            status=at_path(row, fields.get("status", "status")),
            priority=at_path(row, fields.get("priority", "priority")),
            category=(
                at_path(row, fields["category"])
                if "category" in fields
                else self._word_among(row.get("tags"))
            ),
            customer=self._customer(row),
            requester=self._who(row.get("requester_id")),
            created_at=row.get("created_at"),
            updated_at=row.get("updated_at"),
            resolved_at=self._metric(row, "solved_at"),
            resolution=at_path(row, fields["resolution"]) if "resolution" in fields else None,
            assigned_to=self._who(row.get("assignee_id")) or None,
            team=self._group(row.get("group_id")),
            tags=tuple(map(str, row.get("tags") or ())),
            notes=tuple(
                NoteDraft(
                    at=comment.get("created_at"),
                    author=self._who(comment.get("author_id")),
                    text=text_of(comment.get("html_body") or comment.get("body")),
                    internal=not comment.get("public", True),
                )
                for comment in comments[1:]
            ),
            changes=tuple(self._changes(audits)),
            attachments=tuple(
                item
                for comment in comments
                for item in attachments_of(comment.get("attachments"), name_key="file_name")
            ),
            duplicate_of=(merged[-1] if merged else None) or word_of(row.get("problem_id")),
            links=tuple(link for found in links for link in found),
        )

    def _all_comments(self, row: Record, source_id: str, audits: list[Record]) -> list[Record]:
        """The comments, oldest first: from the ticket, from files of comments, or from audits."""
        own = row.get("comments")
        found = list(own) if isinstance(own, list) else self._comments.get(source_id, [])
        if not found:
            found = [
                {
                    "created_at": audit.get("created_at"),
                    "author_id": audit.get("author_id"),
                    **event,
                }
                for audit in audits
                for event in audit.get("events") or ()
                if event.get("type") == "Comment"
            ]
        return sorted(found, key=lambda comment: str(comment.get("created_at")))

    def _changes(self, audits: list[Record]) -> Iterator[ChangeDraft]:
        for audit in audits:
            for event in audit.get("events") or ():
                field = _FIELDS.get(str(event.get("field_name")))
                if field is None or event.get("type") not in {"Create", "Change"}:
                    continue
                before = event.get("previous_value") if event["type"] == "Change" else None
                yield ChangeDraft(
                    at=audit.get("created_at"),
                    actor=self._who(audit.get("author_id")) or "system",
                    field=field,
                    before=self._named(field, before),
                    after=self._named(field, event.get("value")),
                )

    def _named(self, field: str, value: Any) -> str | None:
        if field == "team":
            return self._group(value)
        return (self._who(value) or None) if field == "assigned_to" else word_of(value)

    def _who(self, user_id: Any) -> str:
        """A user's address, else the name, else what stands for an unknown user."""
        if user_id is None or str(user_id) == "-1":  # -1 is Zendesk's own automation
            return "system" if user_id is not None else ""
        user = self._users.get(str(user_id))
        if user is None:
            self._report.note("users that the export names only by number")
            return f"zendesk-user-{user_id}"
        return str(user.get("email") or user.get("name") or f"zendesk-user-{user_id}")

    def _group(self, group_id: Any) -> str | None:
        if group_id is None or str(group_id) == "":
            return None
        return str(self._groups.get(str(group_id), {}).get("name") or f"group {group_id}")

    def _customer(self, row: Record) -> str | None:
        if "customer" in self._mapping.fields:
            return at_path(row, self._mapping.fields["customer"])
        requester = self._users.get(str(row.get("requester_id")), {})
        for number in (row.get("organization_id"), requester.get("organization_id")):
            if name := self._organizations.get(str(number), {}).get("name"):
                return str(name)
        return self._domains.get(str(requester.get("email") or "").rpartition("@")[2].lower())

    def _word_among(self, labels: object) -> str | None:
        """The first label or tag that the mapping file knows as a category."""
        known = {key.casefold() for key in self._mapping.values.category}
        found = labels if isinstance(labels, list) else []
        return next((str(label) for label in found if str(label).casefold() in known), None)

    def _metric(self, row: Record, name: str) -> Any:
        metrics = row.get("metric_set")
        return metrics.get(name) if isinstance(metrics, dict) else None
