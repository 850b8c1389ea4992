"""What a turn's events mean to the person who reads them; nothing here touches Streamlit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.steps import Step, guard_step, route_step, tool_step, verification_step
from msp_core.assistant.verification import CITATION
from msp_core.clock import from_iso
from msp_core.conversations.store import Event

_STEPS = {"guard": guard_step, "route": route_step, "verification": verification_step}


@dataclass(frozen=True)
class Source:
    """A cited document; `number` is what stands in the answer."""

    number: int
    document_id: str
    title: str
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One field that an approval would change; None: nothing there."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ApprovalCard:
    """A change that waited for a human.

    Attributes:
        about: what stays as it is and tells the ticket: its id, title and customer.
        outcome: what came of it; None: undecided.
    """

    approval_id: str
    tool: str
    about: str | None
    changes: tuple[Change, ...]
    expires_at: datetime
    outcome: Step | None = None


@dataclass(frozen=True)
class Usage:
    """What the turn used; `cost_usd` is None when any model has no known price."""

    models: tuple[str, ...]
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


@dataclass(frozen=True)
class TurnView:
    """A turn, ready to be shown.

    Attributes:
        parts: answer text (Markdown, citations numbered) and approval cards, in order.
        simulated: why the costs are not real, or None.
        stop: how the turn ended; None while it runs, and after a crash.
    """

    parts: tuple[str | ApprovalCard, ...]
    steps: tuple[Step, ...]
    sources: tuple[Source, ...]
    notices: tuple[str, ...]
    errors: tuple[str, ...]
    usage: Usage | None
    simulated: str | None
    stop: str | None


def read_turn(events: Iterable[Event], titles: Mapping[str, str] | None = None) -> TurnView:
    """The view of a turn's events, complete or so far.

    Args:
        titles: title by document id from earlier turns, which an answer may cite too.
    """
    reader = _Reader(dict(titles or {}))
    for event in events:
        reader.read(event)
    return reader.view()


def titles_of(events: Iterable[Event]) -> dict[str, str]:
    """Title by document id of everything that was retrieved."""
    return {
        item["id"]: item["title"]
        for event in events
        if event["type"] == "passages"
        for item in event["items"]
    }


@dataclass
class _Reader:
    titles: dict[str, str]
    parts: list[str | ApprovalCard] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    quotes: dict[str, list[str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    usage: list[Event] = field(default_factory=list)
    simulated: str | None = None
    stop: str | None = None

    def read(self, event: Event) -> None:
        """Take one event in."""
        match event["type"]:
            case kind if kind in _STEPS:
                self.steps.append(_STEPS[kind](event))
            case "text":
                self._add_text(event["delta"])
            case "citation":
                self.quotes.setdefault(event["id"], []).append(event["quote"])
            case "tool_call":
                self.steps.append(tool_step(event["tool"], event["arguments"]))
            case "tool_result":
                self._finish_tool(event)
            case "passages":
                self._add_passages(event["items"])
            case "approval_needed":
                self.parts.append(_card(event))
            case "usage":
                self.usage.append(event)
            case "notice":
                self._add_notice(event)
            case "error":
                self.errors.append(event["text"])
            case "turn_done":
                self.stop = event["stop"]

    def view(self) -> TurnView:
        """What was taken in."""
        numbers: dict[str, int] = {}

        def chip(match: Any) -> str:
            number = numbers.setdefault(match.group(1), len(numbers) + 1)
            return f":blue-badge[{number}]"

        parts = tuple(
            CITATION.sub(chip, _escape_formulas(part)) if isinstance(part, str) else part
            for part in self.parts
        )
        sources = tuple(
            Source(
                number,
                cited,
                self.titles.get(cited, cited),
                tuple(dict.fromkeys(self.quotes.get(cited, []))),
            )
            for cited, number in numbers.items()
        )
        return TurnView(
            parts=parts,
            steps=tuple(self.steps),
            sources=sources,
            notices=tuple(dict.fromkeys(self.notices)),
            errors=tuple(self.errors),
            usage=_total(self.usage),
            simulated=self.simulated,
            stop=self.stop,
        )

    def _add_notice(self, event: Event) -> None:
        if event["code"] == "simulated":
            self.simulated = event["text"]  # marks the costs, instead of a line of its own
        else:
            self.notices.append(event["text"])

    def _add_text(self, delta: str) -> None:
        if self.parts and isinstance(self.parts[-1], str):
            self.parts[-1] += delta
        else:
            self.parts.append(delta)

    def _finish_tool(self, event: Event) -> None:
        for place, step in enumerate(self.steps):
            if step.tool == event["tool"] and step.ok is None:
                self.steps[place] = replace(step, ok=event["ok"], result=event["summary"])
                break
        for place, part in enumerate(self.parts):
            if (
                isinstance(part, ApprovalCard)
                and part.outcome is None
                and part.tool == event["tool"]
            ):
                done = Step("", part.tool, result=event["summary"], ok=event["ok"])
                self.parts[place] = replace(part, outcome=done)

    def _add_passages(self, items: list[dict[str, Any]]) -> None:
        for item in items:
            self.titles[item["id"]] = item["title"]
        for place in reversed(range(len(self.steps))):
            if self.steps[place].tool == "search_knowledge":
                found = tuple(f"{item['score']:.2f} {item['title']}" for item in items)
                self.steps[place] = replace(
                    self.steps[place], details=self.steps[place].details + found
                )
                return


def _card(event: Event) -> ApprovalCard:
    return ApprovalCard(
        approval_id=event["approval_id"],
        tool=event["tool"],
        about=next((str(row["to"]) for row in event["diff"] if row["from"] == row["to"]), None),
        changes=tuple(
            Change(str(row["field"]), _text(row["from"]), _text(row["to"]))
            for row in event["diff"]
            if row["from"] != row["to"]
        ),
        expires_at=from_iso(event["expires_at"]),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _total(usage: list[Event]) -> Usage | None:
    if not usage:
        return None
    costs = [event["cost_usd"] for event in usage]
    return Usage(
        models=tuple(dict.fromkeys(event["model"] for event in usage)),
        input_tokens=sum(event["input_tokens"] for event in usage),
        output_tokens=sum(event["output_tokens"] for event in usage),
        cost_usd=None if None in costs else sum(costs),
    )


def _escape_formulas(text: str) -> str:
    """Keep `$` a dollar sign: Streamlit reads `$...$` as a formula, except in code."""
    pieces = text.split("`")
    return "`".join(
        piece if number % 2 else piece.replace("$", r"\$") for number, piece in enumerate(pieces)
    )
