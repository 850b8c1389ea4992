"""A desk's record of changes in our words, kept only where it hangs together."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import pairwise

from msp_core.errors import InvalidInput
from msp_core.importing.drafts import ChangeDraft, Moment
from msp_core.importing.report import ImportReport
from msp_core.tickets.ticket import LEGAL_MOVES, Change, Status

Translate = Callable[[str, str], str]
"""(field, the desk's word) -> our word; raises InvalidInput for an unknown one."""


def canonical_history(
    changes: Iterable[ChangeDraft],
    current: Mapping[str, str | None],
    *,
    translate: Translate,
    moment: Callable[[Moment], datetime],
    report: ImportReport,
) -> tuple[Change, ...]:
    """The changes of the fields in `current`, in order of time.

    A field is left out as a whole when one of its words is unknown, when a line does not begin
    where the one before ended, or when the last does not end at the field's value: half a history
    would be wrong. A move that is not legal here (solved to on hold) passes through In Progress.
    """
    ordered = sorted(changes, key=lambda change: moment(change.at))
    kept: list[Change] = []
    for field, value in current.items():
        try:
            lines = [
                line
                for change in ordered
                if change.field == field
                for line in _translated(change, translate, moment(change.at))
            ]
        except InvalidInput:
            report.note(f"histories of {field} left out, a word in them being unknown")
            continue
        if lines and (not _hangs_together(lines) or lines[-1].to != value):
            report.note(f"histories of {field} left out, being incomplete")
            continue
        kept += lines
    return tuple(sorted(kept, key=lambda line: line.at))


def _translated(change: ChangeDraft, translate: Translate, at: datetime) -> list[Change]:
    before, after = (
        translate(change.field, value) if value else None for value in (change.before, change.after)
    )
    if before == after:
        return []
    steps = [before, after]
    moves = change.field == "status" and before is not None and after is not None
    if moves and Status(str(after)) not in LEGAL_MOVES[Status(str(before))]:
        steps = [before, str(Status.IN_PROGRESS), after]
    return [
        Change(at=at, actor=change.actor, field=change.field, from_=one, to=other)
        for one, other in pairwise(steps)
    ]


def _hangs_together(lines: list[Change]) -> bool:
    return all(line.from_ == previous.to for previous, line in pairwise(lines))
