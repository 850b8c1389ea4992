"""A desk's ticket or article made canonical: ids, times, words; or refused with a reason."""

import hashlib
import re
from datetime import datetime
from typing import Literal

from msp_core.errors import InvalidInput
from msp_core.importing.clean_text import TextCleaner
from msp_core.importing.conversation import QUOTED_MAIL, Message, build_conversation
from msp_core.importing.dates import names_no_zone, parse_moment
from msp_core.importing.desk_history import canonical_history
from msp_core.importing.drafts import ArticleDraft, Moment, TicketDraft
from msp_core.importing.mapping import Mapping, mapped_value
from msp_core.importing.names import CustomerBook, TeamBook
from msp_core.importing.report import ImportReport
from msp_core.knowledge.article import Article
from msp_core.tickets.record import ticket_from_record, ticket_to_record
from msp_core.tickets.ticket import (
    DONE,
    Attachment,
    Category,
    Change,
    Note,
    Priority,
    Resolution,
    Status,
    Ticket,
)
from msp_core.tickets.values import MAX_TITLE

NO_RESOLUTION = "No resolution text in the export."
_MAX_TAG = 100
# What can be an article's id in a resolution: a word of letters and digits, or a number too long to
# be there by chance.
_ID_IN_TEXT = re.compile(r"\b(?=[\w-]*[A-Za-z]|\d{6})[A-Za-z0-9][\w-]{2,}\b")

KnownValues = dict[str, dict[str, str]]
"""Field -> a desk's documented words, in lower case -> ours."""


class Canonicaliser:
    """Makes the drafts of one import canonical; the same draft always gives the same result.

    Articles come first: a link to one that was seen is a citation.
    """

    def __init__(
        self,
        mapping: Mapping,
        customers: CustomerBook,
        teams: TeamBook,
        report: ImportReport,
        *,
        known_values: KnownValues,
    ) -> None:
        self._mapping = mapping
        self._customers = customers
        self._teams = teams
        self._report = report
        self._known = known_values
        self._cleaner = TextCleaner(report)
        self._articles: dict[str, str] = {}

    def ticket(self, draft: TicketDraft) -> Ticket:
        """The canonical ticket, without `duplicate_of`, which needs the ids of all.

        Raises:
            InvalidInput: a word, a time or a field that cannot be made ours; says what to do.
        """
        created = self._moment(draft.created_at, "created")
        title = self._cleaner.line(draft.title, limit=MAX_TITLE) or "(no subject)"
        requester = self._cleaner.line(draft.requester) or "unknown"
        conversation = build_conversation(
            Message(created, requester, draft.body, internal=False),
            [
                Message(self._moment(note.at, "note"), note.author, note.text, note.internal)
                for note in draft.notes
            ],
            self._report,
        )
        if not conversation.description:
            self._report.note("tickets without a description, which repeats the title")
        if requester == "unknown":
            self._report.note("tickets without a requester, written as unknown")
        status = Status(self._word("status", draft.status))
        priority = Priority(self._word("priority", draft.priority))
        team = self._teams.id_of(draft.team) if draft.team else None
        assigned_to = self._cleaner.line(draft.assigned_to or "") or None
        history = canonical_history(
            draft.changes,
            {"status": status, "priority": priority, "team": team, "assigned_to": assigned_to},
            translate=self._translate,
            moment=lambda at: max(self._moment(at, "history"), created),
            report=self._report,
        )
        times = [created, *(note.at for note in conversation.notes), *(line.at for line in history)]
        if draft.updated_at:
            times.append(self._moment(draft.updated_at, "updated"))
        resolution = self._resolution(
            draft,
            status,
            requester,
            conversation.notes,
            history,
            created=created,
            latest=max(times),
        )
        self._report.lost_attachments += [name for name, _ in draft.attachments]
        ticket = Ticket(
            ticket_id=self._ticket_id(draft.source_id, created),
            customer_id=self._customer(draft),
            title=title,
            description=conversation.description or title,
            status=status,
            priority=priority,
            category=Category(self._word("category", draft.category)),
            created_at=created,
            updated_at=max(*times, resolution.at if resolution else created),
            requester=requester,
            assigned_to=assigned_to,
            team=team,
            tags=(*self._tags(draft.tags), f"source:{self._report.format}-{draft.source_id}"),
            notes=conversation.notes,
            history=history,
            resolution=resolution,
            attachments=tuple(
                Attachment(self._cleaner.line(name) or "unnamed", max(0, size))
                for name, size in draft.attachments
            ),
        )
        return ticket_from_record(ticket_to_record(ticket))

    def article(self, draft: ArticleDraft) -> Article:
        """The canonical article.

        Raises:
            InvalidInput: no text, an unknown category, or a time that cannot be read.
        """
        text = self._cleaner.clean(draft.text).strip()
        if not text:
            raise InvalidInput("the article has no text")
        audience = self._mapping.defaults.audience
        if draft.public is None:
            self._report.note(f"articles whose readers are not said, taken as {audience}")
        else:
            audience = "public" if draft.public else "internal"
        source = re.sub(r"[^A-Za-z0-9]+", "-", draft.source_id).strip("-")[:80]
        article = Article(
            article_id=f"{self._report.format}-{source}",
            title=self._cleaner.line(draft.title, limit=MAX_TITLE) or "(no title)",
            category=Category(self._word("category", draft.category)),
            tags=self._tags(draft.tags)[:30],
            updated=self._moment(draft.updated_at, "updated").date(),
            audience=audience,
            customer_id=self._customers.id_of(draft.customer) if draft.customer else None,
            superseded_by=None,
            variant_of=None,
            hostile=False,
            text=text,
        )
        self._articles[draft.source_id] = article.article_id
        return article

    def _ticket_id(self, source_id: str, created: datetime) -> str:
        """The day of creation and 32 bits of the source id's SHA-256: the same at every import."""
        digest = hashlib.sha256(f"{self._report.format}:{source_id}".encode()).hexdigest()
        return f"TKT-{created:%Y%m%d}-{digest[:8].upper()}"

    def _moment(self, value: Moment, what: str) -> datetime:
        try:
            moment = parse_moment(value, order=self._mapping.dates.order, zone=self._mapping.zone)
        except InvalidInput as error:
            raise InvalidInput(f"{what}: {error}") from error
        if self._mapping.zone is None and names_no_zone(value):
            self._report.note("times without a time zone, read as UTC")
        return moment.replace(microsecond=0)

    def _word(self, field: Literal["status", "priority", "category"], raw: str | None) -> str:
        if raw is not None and raw.strip():
            return mapped_value(field, raw, self._mapping, self._known.get(field, {}))
        if field == "status":
            raise InvalidInput("status: it is missing")
        default = str(getattr(self._mapping.defaults, field))
        self._report.note(f"rows without a {field}, taken as {default}")
        return default

    def _translate(self, field: str, value: str) -> str:
        match field:
            case "status" | "priority":
                return self._word(field, value)
            case "team":
                return self._teams.id_of(value)
            case _:
                return value

    def _customer(self, draft: TicketDraft) -> str:
        name = draft.customer or self._mapping.defaults.customer
        if not name:
            raise InvalidInput(
                'customer: the ticket names none; set customer = "..." under [defaults] in the '
                "mapping file"
            )
        return self._customers.id_of(name)

    def _tags(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        clean = (self._cleaner.line(tag, limit=_MAX_TAG) for tag in tags)
        return tuple(dict.fromkeys(tag for tag in clean if tag))

    def _resolution(
        self,
        draft: TicketDraft,
        status: Status,
        requester: str,
        notes: tuple[Note, ...],
        history: tuple[Change, ...],
        *,
        created: datetime,
        latest: datetime,
    ) -> Resolution | None:
        if status not in DONE:
            return None
        solved = [line.at for line in history if line.field == "status" and line.to in DONE]
        at = self._moment(draft.resolved_at, "resolved") if draft.resolved_at else None
        text = self._cleaner.text(draft.resolution or "")
        replies = [
            note.text
            for note in notes
            if note.visibility == "public"
            and note.author != requester
            and not note.text.startswith(QUOTED_MAIL)
        ]
        if not text and replies:
            text = replies[-1]
            self._report.note("resolutions taken from the last public reply of the desk")
        elif not text:
            text = NO_RESOLUTION
            self._report.note("solved tickets without any text that says how")
        named = [*draft.links, *_ID_IN_TEXT.findall(text)]
        cited = dict.fromkeys(self._articles[name] for name in named if name in self._articles)
        return Resolution(
            max(at or (solved[-1] if solved else latest), created), text, tuple(cited)
        )
