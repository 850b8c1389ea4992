"""The chat page."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

import streamlit as st

from app.client import Client
from app.first_start import FirstStart, show_first_start
from app.sidebar import show_sidebar
from app.suggestions import suggestions
from app.transcript import read_turn, titles_of
from app.turn_display import LiveTurn, show_question, show_turn
from app.visit import Decide, Send, Task, Visit, current_visit
from msp_core.assistant.assistant import MAX_MESSAGE
from msp_core.bootstrap import build_services
from msp_core.conversations.store import Event, Turn
from msp_core.errors import MspError, NotFound
from msp_core.settings import Settings, configure_logging

_ASSISTANT = ":material/support_agent:"


def show() -> None:
    """Draw the page, and do what its last run planned."""
    client, start = _parts()
    show_first_start(start)
    customers = client.customers()
    visit = current_visit(customers)
    task = visit.take_task()
    turns = _load_turns(client, visit)
    show_sidebar(client, visit, customers)
    _show_input(visit, busy=task is not None)
    welcome = st.empty()  # a place of its own, so that nothing of it lingers beside an answer
    if not turns and task is None:
        with welcome.container():
            _show_welcome(visit, customers)
    _Conversation(client, visit, turns).show(task)
    visit.write_address()


@st.cache_resource(show_spinner="Starting the assistant")
def _parts() -> tuple[Client, FirstStart]:
    settings = Settings.from_env()
    configure_logging(settings.log_level)
    services = build_services(settings)
    assert services.assistant  # made here, so that a setting it cannot work with is told at once
    return Client(services), FirstStart(services)


def _load_turns(client: Client, visit: Visit) -> list[Turn]:
    if not visit.started:
        return []
    try:
        return client.turns(visit.customer_id, visit.session_id)
    except NotFound as error:
        visit.begin(visit.customer_id)
        st.info(str(error))
        return []


def _show_input(visit: Visit, *, busy: bool) -> None:
    def submit() -> None:
        visit.plan(Send(st.session_state["message"]))

    if busy:
        with st.bottom:
            # Any click runs the page anew, which ends this run and with it the turn.
            st.button("Stop", icon=":material/stop_circle:", key="stop")
    st.chat_input(
        "Answering" if busy else "Describe a problem, or ask about a ticket",
        key="message",
        max_chars=MAX_MESSAGE,
        disabled=busy,
        on_submit=submit,
    )


def _show_welcome(visit: Visit, customers: dict[str, str]) -> None:
    st.title("How can I help?")
    whom = customers.get(visit.customer_id or "", "all customers")
    st.caption(
        f"Answers for {whom}, from the knowledge base and the tickets. "
        "Changes that matter wait for your approval."
    )
    for text in suggestions(visit.customer_id):
        st.button(text, key=f"suggest-{text}", on_click=visit.plan, args=(Send(text),))


class _Conversation:
    """The turns of one conversation, and the one that this run adds or continues."""

    def __init__(self, client: Client, visit: Visit, turns: list[Turn]) -> None:
        self._client = client
        self._visit = visit
        self._turns = turns
        self._titles: dict[str, str] = {}
        self._open_approval = client.open_approval(*self._key) if turns else None

    def show(self, task: Task | None) -> None:
        """Draw the turns, then do the task."""
        continued = isinstance(task, Decide)
        again = task.turn_id if isinstance(task, Send) else None
        turns = [turn for turn in self._turns if turn.turn_id != again]
        for turn in turns[:-1] if continued else turns:
            self._show_turn(turn)
        if isinstance(task, Send):
            show_question(task.message)
            events = self._client.send(*self._key, task.message, turn_id=task.turn_id)
            self._run(events, earlier=())
        elif isinstance(task, Decide) and turns:
            show_question(turns[-1].message)
            answer = self._client.answer(*self._key, task.approval_id, approved=task.approved)
            self._run(answer, earlier=turns[-1].events)

    @property
    def _key(self) -> tuple[str | None, str]:
        return self._visit.customer_id, self._visit.session_id

    def _show_turn(self, turn: Turn) -> None:
        show_question(turn.message)
        view = read_turn(turn.events, self._titles)
        self._titles |= titles_of(turn.events)
        with st.chat_message("assistant", avatar=_ASSISTANT):
            show_turn(
                view,
                turn.turn_id,
                open_approval=self._open_approval,
                decide=lambda approval_id, approved: self._visit.plan(
                    Decide(approval_id, approved)
                ),
            )
            if not turn.finished:
                st.caption(":material/pending: This answer is still being written, or was cut off.")
                st.button(
                    "Ask again",
                    icon=":material/refresh:",
                    key=f"again-{turn.turn_id}",
                    on_click=self._visit.plan,
                    args=(Send(turn.message, turn.turn_id),),
                )

    def _run(self, events: Iterator[Event | None], *, earlier: tuple[Event, ...]) -> None:
        seen = list(earlier)
        with st.chat_message("assistant", avatar=_ASSISTANT):
            live = LiveTurn()
            if earlier:
                live.update(read_turn(seen, self._titles))
            try:
                # Closing stops the turn, also when Streamlit ends this run in the middle.
                with closing(cast("Any", events)):
                    for event in events:
                        if event is None:
                            live.beat()
                            continue
                        if not self._visit.started:
                            self._visit.started = True
                            self._visit.write_address()  # a reload leads back here from now on
                        seen.append(event)
                        live.update(read_turn(seen, self._titles))
            except MspError as error:
                st.error(str(error), icon=":material/error:")
                return
        st.rerun()
