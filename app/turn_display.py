"""Draws a turn: finished from its view, or growing while it runs."""

import time
from collections.abc import Callable

import streamlit as st

from app.approval_display import Decision, State, show_approval
from app.steps import Step, format_cost
from app.transcript import ApprovalCard, Source, TurnView, Usage
from app.wording import plain, shortened

_ENDS = {
    "cancelled": "Stopped. What was written until then is kept.",
    "limit": "Stopped at the limit of one turn.",
}
_SLOW_S = 2.0


def show_question(text: str) -> None:
    """The person's message, as it was typed."""
    with st.chat_message("user", avatar=":material/person:"):
        st.text(text)


def show_turn(view: TurnView, turn_id: str, *, open_approval: str | None, decide: Decision) -> None:
    """A turn that is not running."""
    _show_steps(view.steps)
    _show_parts(
        view,
        state_of=lambda card: "open" if card.approval_id == open_approval else "closed",
        decide=decide,
    )
    _show_end(view, turn_id)


class LiveTurn:
    """A turn that grows; draw it inside the assistant's chat message."""

    def __init__(self) -> None:
        self._status = st.status("Thinking", type="compact")
        self._steps = self._status.empty()
        self._body = st.empty()
        self._shown: TurnView | None = None
        self._since = time.perf_counter()

    def update(self, view: TurnView) -> None:
        """Show what is new."""
        if self._shown is None or view.steps != self._shown.steps:
            self._steps.markdown(_step_list(view.steps))
            self._since = time.perf_counter()
        if self._shown is None or view.parts != self._shown.parts:
            with self._body.container():
                _show_parts(view, state_of=lambda card: "busy")
        self._shown = view
        self.beat()

    def beat(self) -> None:
        """Show that it goes on. Every call touches the page, which is where a Stop takes hold."""
        steps = self._shown.steps if self._shown else ()
        running = next((step.text for step in reversed(steps) if step.ok is None), "Thinking")
        waited = time.perf_counter() - self._since
        self._status.update(label=running if waited < _SLOW_S else f"{running} · {waited:.0f} s")


def _show_steps(steps: tuple[Step, ...]) -> None:
    if not steps:
        return
    bad = any(step.ok is False for step in steps)
    tools = sum(step.tool is not None for step in steps)
    label = f"{len(steps)} steps" + (f", {tools} tool call{'s' * (tools > 1)}" if tools else "")
    with st.status(label, state="error" if bad else "complete", type="compact"):
        st.markdown(_step_list(steps))


def _step_list(steps: tuple[Step, ...]) -> str:
    lines = []
    for step in steps:
        mark = " :red[failed:]" if step.ok is False and step.tool else ""
        result = f" · {plain(step.result)}" if step.result else ""
        lines.append(f"- :material/{step.icon}: **{plain(step.text)}**{mark}{result}")
        lines += [f"    - :gray[{plain(shortened(line, 200))}]" for line in step.details]
    return "\n".join(lines)


def _show_parts(
    view: TurnView, *, state_of: Callable[[ApprovalCard], State], decide: Decision | None = None
) -> None:
    for part in view.parts:
        if isinstance(part, ApprovalCard):
            show_approval(part, state=state_of(part), decide=decide)
        else:
            st.markdown(part)


def _show_end(view: TurnView, turn_id: str) -> None:
    if view.sources:
        with st.container(horizontal=True, gap="xsmall"):
            for source in view.sources:
                _show_source(source, turn_id)
    for notice in view.notices:
        st.caption(f":material/info: {plain(notice)}")
    for error in view.errors:
        st.error(plain(error), icon=":material/error:")
    if view.stop in _ENDS:
        st.caption(f":material/stop_circle: {_ENDS[view.stop]}")
    if view.usage is not None:
        st.caption(
            _usage_line(view.usage, simulated=view.simulated is not None), help=view.simulated
        )


def _show_source(source: Source, turn_id: str) -> None:
    label = f"{source.number} · {plain(shortened(source.title, 40))}"
    with st.popover(label, key=f"source-{turn_id}-{source.number}"):
        st.markdown(f"**{plain(source.title)}**")
        st.caption(plain(source.document_id))
        for quote in source.quotes:
            if quote != source.title:
                st.text(f"“{quote}”")


def _usage_line(usage: Usage, *, simulated: bool) -> str:
    tokens = f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens"
    pieces = [plain(", ".join(usage.models)), tokens, plain(format_cost(usage.cost_usd))]
    if simulated:
        pieces.append("**simulated**")
    return " · ".join(pieces)
