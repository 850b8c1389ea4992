"""What is asked of an item, question by question, as `eval/datasets/protocol.md` has it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eval.agreement import LABELS

Value = str | int | list[str] | None
Answers = Mapping[str, Value]

PROTOCOL = "eval/datasets/protocol.md"


@dataclass(frozen=True)
class Choice:
    """An answer, and the key that gives it."""

    key: str
    value: str | int
    text: str


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        label: the label that it fills.
        several: any number of choices may be taken, none included.
    """

    label: str
    text: str
    choices: tuple[Choice, ...]
    several: bool = False

    def accepts(self, value: Value) -> bool:
        """Whether this is an answer to it."""
        values = [choice.value for choice in self.choices]
        if not self.several:
            return value in values
        return (
            isinstance(value, list)
            and len(set(value)) == len(value)
            and all(item in values for item in value)
        )


Guide = Callable[[Answers], Question | None]
"""The next question after the answers so far, or None when the item is judged."""


def _numbered(
    label: str, text: str, values: Mapping[str, str], *, several: bool = False
) -> Question:
    choices = (
        Choice(str(number), value, means)
        for number, (value, means) in enumerate(values.items(), start=1)
    )
    return Question(label, text, tuple(choices), several)


_MODEL = Question(
    "required_model",
    "Would a small, cheap model, given the right tool results, answer as an expert would wish?",
    (
        Choice("w", "weak", "yes, the weak model will do"),
        Choice("s", "strong", "no, the strong one is needed"),
    ),
)
_REASONS = {
    "weak": _numbered(
        "reason",
        "Why is the weak model enough?",
        {
            "small_talk": 'greeting, thanks, goodbye, "what can you do"',
            "confirm": "yes, no, a choice among what was offered, a missing detail",
            "lookup": "read or list tickets, status, who, when: one call, read out",
            "record_change": "create, note, assign, set a field, close: what to write is said",
            "rewrite": "shorten, translate, put politely what is settled",
            "single_article": "one procedure, one article answers it as it stands",
            "ask_back": "far too little is said; the right answer is a question",
        },
    ),
    "strong": _numbered(
        "reason",
        "Why is the strong model needed?",
        {
            "diagnosis": "several causes fit; evidence must be weighed, a log read",
            "conflict": "sources, versions or statements contradict each other",
            "comparison": "options weighed against each other for this case",
            "plan": "steps that depend on each other: migration, cut-over, roll-back",
            "judgement": '"is it safe", "should we", whose duty, what priority',
            "many_requests": "three or more requests, or some to be untangled first",
            "delicate_reply": "to an angry or worried person, a refusal, bad news",
            "floor": "security, outage, destructive or contract (asked next)",
        },
    ),
}
_FLOOR = _numbered(
    "floor",
    "Which floor? The first that fits:",
    {
        "security": "compromise, phishing, fraud, lost device or secret, doubtful identity",
        "outage": "a site, a service or ten people cannot work, now or within hours",
        "destructive": "would lose data or a device's content, or cannot be undone",
        "contract": "contract, credit, liability, money owed, legal duty, a promise",
    },
)
_TOOLS = _numbered(
    "tools",
    "Which tools would an expert use for this turn?",
    {
        "search_knowledge": "search articles and old tickets",
        "list_tickets": "list tickets",
        "get_ticket": "read a ticket",
        "create_ticket": "create a ticket",
        "update_ticket": "change a ticket",
        "add_note": "add a note",
        "delete_ticket": "delete a ticket",
    },
    several=True,
)
_OUTPUT = Question(
    "output",
    "How long is a good answer, in tokens?",
    tuple(
        Choice(str(number), tokens, means)
        for number, (tokens, means) in enumerate(
            zip(
                LABELS["routing"]["output"] or (),
                ("a line (40)", "a paragraph (120)", "half a page (300)", "a page (600)"),
                strict=True,
            ),
            start=1,
        )
    ),
)
_GRADE = Question(
    "grade",
    "Does this document help with the need?",
    (
        Choice("0", 0, "does not help, however many words it shares"),
        Choice("1", 1, "helps: a part, a related cause, another version that teaches something"),
        Choice("2", 2, "answers the need or its main part; one could act on it"),
    ),
)


def routing_guide(answers: Answers) -> Question | None:
    """Model, reason, the floor if that is the reason, tools, length of the answer."""
    if "required_model" not in answers:
        return _MODEL
    if "reason" not in answers:
        return _REASONS[str(answers["required_model"])]
    if answers["reason"] == "floor" and "floor" not in answers:
        return _FLOOR
    if "tools" not in answers:
        return _TOOLS
    return _OUTPUT if "output" not in answers else None


def retrieval_guide(answers: Answers) -> Question | None:
    """The grade."""
    return _GRADE if "grade" not in answers else None
