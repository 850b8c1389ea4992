"""Draws a change that waits, or waited, for a human's approval."""

from collections.abc import Callable
from typing import Literal

import streamlit as st

from app.steps import Step, tool_title
from app.transcript import ApprovalCard, Change
from app.wording import plain, when

Decision = Callable[[str, bool], None]
"""Called with an approval's id and whether it is approved."""

State = Literal["open", "busy", "closed"]
"""An undecided card can be decided, not while the page is at work, or no more."""

_NOTHING = "–"


def show_approval(card: ApprovalCard, *, state: State, decide: Decision | None) -> None:
    """The card: what would change, and the buttons or what came of it."""
    with st.container(border=True):
        subject = f" · {plain(card.about)}" if card.about else ""
        heading = tool_title(card.tool)
        if card.outcome is None and state != "closed":
            heading = f"Approval needed: {heading.lower()}"
        st.markdown(f":material/approval: **{heading}**{subject}")
        if card.changes:
            st.table(_rows(card.changes), border="horizontal", hide_index=True)
        if card.outcome is not None:
            _show_outcome(card.outcome)
        elif state == "closed":
            st.caption(":material/cancel: Not done · it expired, or you went on without a decision")
        else:
            _show_buttons(card, disabled=state == "busy", decide=decide)


def _show_buttons(card: ApprovalCard, *, disabled: bool, decide: Decision | None) -> None:
    at = when(card.expires_at, card.expires_at, st.context.timezone)
    st.caption(f":material/schedule: Expires at {at}")
    with st.container(horizontal=True):
        st.button(
            "Approve",
            type="primary",
            icon=":material/check:",
            key=f"approve-{card.approval_id}",
            disabled=disabled,
            on_click=decide,
            args=(card.approval_id, True),
        )
        st.button(
            "Decline",
            icon=":material/close:",
            key=f"decline-{card.approval_id}",
            disabled=disabled,
            on_click=decide,
            args=(card.approval_id, False),
        )


def _rows(changes: tuple[Change, ...]) -> list[dict[str, str]]:
    """The table; without a column for what was there before when nothing was."""
    new = all(change.before is None for change in changes)
    rows = []
    for change in changes:
        row = {"Field": plain(change.field.replace("_", " ").capitalize())}
        if not new:
            row["From"] = _cell(change.before)
        rows.append(row | {"To": _cell(change.after)})
    return rows


def _cell(value: str | None) -> str:
    """All of the value, line by line: a human must see exactly what will be written."""
    if not value:
        return _NOTHING
    return "  \n".join(plain(line) for line in value.splitlines())


def _show_outcome(outcome: Step) -> None:
    result = plain(outcome.result)
    if outcome.ok:
        st.markdown(f":small[:green[:material/check_circle: Approved] · {result}]")
    else:
        st.markdown(f":small[:material/cancel: Not done · {result}]")
