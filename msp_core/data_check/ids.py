"""Ids: one thing each, and of the right form."""

from collections import Counter

from msp_core.data_check.findings import Check, Problem
from msp_core.data_check.folder import Folder
from msp_core.data_check.profile import Profile


def check_ids(folder: Folder, profile: Profile) -> Check:
    """A ticket's id names its day of creation (a limit); the ids of its notes differ (an error)."""
    problems: list[Problem] = []
    notes = 0
    for ticket in folder.tickets:
        day = f"{ticket.created_at:%Y%m%d}"
        if ticket.ticket_id.split("-")[1] != day:
            reason = f"{ticket.ticket_id}: it was created on {day}, and its id says another day"
            problems.append(profile.problem(*folder.at(ticket), reason))
        notes += len(ticket.notes)
        for note_id, times in Counter(note.id for note in ticket.notes).items():
            if times > 1:
                problems.append(folder.error(ticket, f"{times} notes have the id {note_id}"))
    return Check("ids", "ids", len(folder.tickets) + notes, tuple(problems))
