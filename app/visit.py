"""What the app remembers of one visitor between two runs of the page."""

from dataclasses import dataclass
from typing import cast

import streamlit as st

from msp_core.assistant.assistant import new_session_id


@dataclass(frozen=True)
class Send:
    """A message to send; with `turn_id`, one that was cut off and is sent again."""

    message: str
    turn_id: str | None = None


@dataclass(frozen=True)
class Decide:
    """A decision on the approval that waits."""

    approval_id: str
    approved: bool


Task = Send | Decide


@dataclass
class Visit:
    """Which conversation is open, and what is to be done next.

    Attributes:
        customer_id: None is the desk-wide view.
        started: the conversation has a first message, so it is listed and has an address.
    """

    customer_id: str | None
    session_id: str
    started: bool
    task: Task | None = None

    def begin(self, customer_id: str | None) -> None:
        """Start another conversation."""
        self.customer_id = customer_id
        self.session_id = new_session_id()
        self.started = False
        self.task = None

    def open(self, session_id: str) -> None:
        """Go to an earlier conversation of the same customer."""
        self.session_id = session_id
        self.started = True
        self.task = None

    def plan(self, task: Task) -> None:
        """Have the next run of the page do this."""
        self.task = task

    def take_task(self) -> Task | None:
        """What this run has to do; once."""
        task, self.task = self.task, None
        return task

    def write_address(self) -> None:
        """Let the page's address lead back here after a reload."""
        wanted = {"customer": self.customer_id, "chat": self.session_id if self.started else None}
        address = {name: value for name, value in wanted.items() if value is not None}
        if st.query_params.to_dict() != address:
            st.query_params.from_dict(address)


def current_visit(customers: dict[str, str]) -> Visit:
    """The visit of this browser tab; at first what the page's address says."""
    if "visit" not in st.session_state:
        named = st.query_params.get("customer")
        chat = st.query_params.get("chat")
        st.session_state["visit"] = Visit(
            customer_id=named if named in customers else None,
            session_id=chat or new_session_id(),
            started=chat is not None,
        )
    return cast("Visit", st.session_state["visit"])
