"""The messages of a ticket as notes: quoted mails become notes of their own, repeats go."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msp_core.importing.clean_text import TextCleaner
from msp_core.importing.mail_thread import Mail, split_thread
from msp_core.importing.report import ImportReport
from msp_core.tickets.ticket import Note

QUOTED_MAIL = "(quoted mail"
"""How the text of a note begins that was quoted in a message."""

_ENOUGH = 40
"""Characters from which a message found inside a quoted mail shows that the mail repeats it."""


@dataclass(frozen=True)
class Message:
    """A message with its time read."""

    at: datetime
    author: str
    text: str
    internal: bool


@dataclass(frozen=True)
class Conversation:
    """The description of a ticket, empty when there is none, and its notes in order of time."""

    description: str
    notes: tuple[Note, ...]


def build_conversation(
    opening: Message, messages: Sequence[Message], report: ImportReport
) -> Conversation:
    """The conversation of a ticket.

    The newest mail of the opening message is the description. A mail that is quoted anywhere and
    was not seen before becomes a note with the time of the message that quotes it, its own date in
    the first line; one that repeats a message is left out. No note is older than the opening.
    """
    return _Builder(opening, report).build(messages)


class _Builder:
    def __init__(self, opening: Message, report: ImportReport) -> None:
        self._opening = opening
        self._report = report
        self._cleaner = TextCleaner(report)
        self._seen: list[str] = []
        self._notes: list[Note] = []

    def build(self, messages: Sequence[Message]) -> Conversation:
        newest, *quoted = split_thread(self._cleaner.clean(self._opening.text))
        description = newest.text
        if not description and quoted:
            description = quoted.pop(0).text
        self._seen.append(_squeezed(description))
        self._add_quoted(self._opening, quoted)
        for message in sorted(messages, key=lambda item: item.at):
            newest, *quoted = split_thread(self._cleaner.clean(message.text))
            self._add_quoted(message, quoted)
            if newest.text and _squeezed(newest.text) != self._seen[0]:
                self._seen.append(_squeezed(newest.text))
                self._add(message, message.author, newest.text)
        return Conversation(self._cleaner.text(description), tuple(self._notes))

    def _add_quoted(self, message: Message, quoted: Sequence[Mail]) -> None:
        for mail in reversed(quoted):
            squeezed = _squeezed(mail.text)
            if not squeezed:
                continue
            if any(
                squeezed in other or (len(other) > _ENOUGH and other in squeezed)
                for other in self._seen
            ):
                self._report.note("quoted mails that repeat a message, left out")
                continue
            self._report.note("quoted mails made notes of their own")
            self._seen.append(squeezed)
            dated = f" of {mail.sent}" if mail.sent else ""
            self._add(message, mail.author or "unknown", f"{QUOTED_MAIL}{dated})\n{mail.text}")

    def _add(self, message: Message, author: str, text: str) -> None:
        self._notes.append(
            Note(
                id=f"n{len(self._notes) + 1}",
                at=max(message.at, self._opening.at),
                author=self._cleaner.line(author) or "unknown",
                text=self._cleaner.text(text),
                visibility="internal" if message.internal else "public",
            )
        )


def _squeezed(text: str) -> str:
    """Letters and digits only, without the addresses of links: mail programs change the rest."""
    return re.sub(r"\]\([^()\s]{1,2000}\)|https?://\S{1,2000}|\W+", "", text).casefold()
