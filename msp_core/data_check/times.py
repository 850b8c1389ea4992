"""Times: nothing before its ticket, nothing after its last update, nothing in the future."""

from collections.abc import Iterator

from msp_core.clock import to_iso
from msp_core.data_check.findings import Check, Problem
from msp_core.data_check.folder import Folder, article_file
from msp_core.data_check.profile import Profile
from msp_core.tickets.ticket import Ticket


def check_times(folder: Folder, profile: Profile) -> Check:
    """Order of all times of a ticket, and the latest that the profile allows."""
    problems: list[Problem] = []
    count = 0
    for ticket in folder.tickets:
        problems += [folder.error(ticket, reason) for reason in _reasons(ticket)]
        count += 2 + len(ticket.notes) + len(ticket.history) + (ticket.resolution is not None)
        if ticket.updated_at > profile.no_later_than:
            problems.append(
                folder.error(ticket, f"updated_at {to_iso(ticket.updated_at)} lies in the future")
            )
    for article in folder.articles:
        count += 1
        if article.updated > profile.no_later_than.date():
            reason = f"updated {article.updated} lies in the future"
            problems.append(Problem("error", article_file(article), 0, reason))
    return Check("times", "times", count, tuple(problems))


def _reasons(ticket: Ticket) -> Iterator[str]:
    events = [(f"note {note.id}", note.at) for note in ticket.notes]
    events += [(f"a change of {change.field}", change.at) for change in ticket.history]
    if ticket.resolution is not None:
        events.append(("its resolution", ticket.resolution.at))
    for what, at in events:
        if at < ticket.created_at:
            yield f"{what} ({to_iso(at)}) lies before its creation ({to_iso(ticket.created_at)})"
        if at > ticket.updated_at:
            yield f"{what} ({to_iso(at)}) lies after updated_at ({to_iso(ticket.updated_at)})"
    times = [note.at for note in ticket.notes]
    if times != sorted(times):
        yield "its notes are not in order of time"
