"""What the assistant did on the way to an answer, one step each, in words."""

from dataclasses import dataclass
from typing import Any

from msp_core.conversations.store import Event

_TOOLS = {
    "search_knowledge": ("search", "Search the knowledge base"),
    "get_ticket": ("confirmation_number", "Read a ticket"),
    "list_tickets": ("list_alt", "List tickets"),
    "create_ticket": ("add_circle", "Create a ticket"),
    "update_ticket": ("edit", "Change a ticket"),
    "add_note": ("sticky_note_2", "Add a note"),
    "delete_ticket": ("delete", "Delete a ticket"),
}


@dataclass(frozen=True)
class Step:
    """One step; all texts are plain.

    Attributes:
        icon: name of a Material symbol.
        details: further lines, less important.
        result: what came out; empty when there is nothing to say.
        tool: the tool that was called, or None.
        ok: None while it runs, or when it never finished.
    """

    icon: str
    text: str
    details: tuple[str, ...] = ()
    result: str = ""
    tool: str | None = None
    ok: bool | None = True


def tool_title(tool: str) -> str:
    """The tool's name in words."""
    return _TOOLS.get(tool, ("build", tool))[1]


def tool_step(tool: str, arguments: dict[str, Any]) -> Step:
    """A tool that was called and has not answered yet."""
    details = tuple(
        f"{name.replace('_', ' ')}: {_short(value)}" for name, value in arguments.items()
    )
    icon, title = _TOOLS.get(tool, ("build", tool))
    return Step(icon, title, details, tool=tool, ok=None)


def guard_step(event: Event) -> Step:
    """A check by the guardrail."""
    what = "message" if event["stage"] == "input" else "answer"
    if event["action"] == "blocked":
        return Step("shield", f"Check the {what}", result="blocked", ok=False)
    if event["masked"]:
        return Step("shield", f"Check the {what}", result=f"{event['masked']} masked")
    return Step("shield", f"Check the {what}", result="nothing to object to")


def route_step(event: Event) -> Step:
    """The choice of the model."""
    estimate = format_cost(event["estimated_cost_usd"])
    return Step(
        "alt_route",
        f"Choose the {event['choice']} model",
        (
            f"score {event['score']:.2f}, threshold {event['threshold']:.2f}, estimated {estimate}",
            *event["reasons"],
        ),
        result=event["model"],
    )


def verification_step(event: Event) -> Step:
    """The check of the answer against what was looked up."""
    if event["ok"]:
        return Step("fact_check", "Verify the answer", result="rests on what was looked up")
    return Step(
        "fact_check",
        "Verify the answer",
        tuple(event["problems"]),
        result="sentences withheld",
        ok=False,
    )


def format_cost(cost_usd: float | None) -> str:
    """`$0.0012`; `no known price` for None."""
    if cost_usd is None:
        return "no known price"
    return f"${cost_usd:.4f}" if cost_usd < 1 else f"${cost_usd:,.2f}"


def _short(value: object, limit: int = 160) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= limit else f"{text[:limit]} ..."
