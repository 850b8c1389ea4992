"""Whether the weak model's draft may be shown, by its text and the passages it was written from."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LEAST_COVERED = 0.6
_MOST_REPEATED = 3
_LEAST_WORDS = 2
_WORD = re.compile(r"[^\W_]{3,}")
_CITATION = re.compile(r"\[[a-z]+:[^\]\s]{1,80}\]")
_STEM = 5
"""Words are compared by so many letters, so that "restarted" is covered by "restart"."""
# Words of any answer; that they stand in a passage says nothing.
_COMMON_WORDS = """
    the and for are was were you your with that this from have has had not but can will would should
    could may might must please then than when what which who how why where there here all any also
    into out off over under about after before again once our their they them its his her she him
    ticket tickets article articles according see done need want use using let know help following
    steps step first next finally sure course here don
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_REFUSAL = re.compile(
    r"\b(?:i(?:['’]m| am) (?:sorry|unable|not able|just an? )|i (?:can(?:not|['’]t)"
    r"|do(?:n['’]t| not) (?:know|have (?:enough|any|access))|was(?:n['’]t| not) able)"
    r"|no information|cannot (?:help|assist|answer)|as an ai"
    r"|(?:contact|ask) (?:your|the) (?:administrator|it department))\b",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"(?:[,;:(]|\b(?:and|or|the|a|to|of|with|und|et|y))\s*$", re.IGNORECASE)
_LEFTOVER = re.compile(r"<\|?[a-z_]+\|?>|\{\{.*?\}\}|\btool_call\b|^\s*\{\s*\"", re.IGNORECASE)


@dataclass(frozen=True)
class DraftCheck:
    """What was found about a draft.

    Attributes:
        covered: share of the draft's content words that stand in the passages, 0 to 1; None when
            there are no passages, or the draft has no content words.
        problems: why it should not be shown; empty keeps it.
    """

    covered: float | None
    problems: tuple[str, ...]

    @property
    def keep(self) -> bool:
        """Whether the draft may be shown."""
        return not self.problems

    @property
    def doubt(self) -> float:
        """0 (keep) to 1 (give up), to order drafts by.

        Any problem of form or refusal is 1; otherwise the share of words that is not covered, and
        one half where nothing can be covered.
        """
        if any(problem != NOT_COVERED for problem in self.problems):
            return 1.0
        return 0.5 if self.covered is None else 1.0 - self.covered


CheckDraft = Callable[[str, Sequence[str]], DraftCheck]
"""(draft, passages) -> what was found."""

NOT_COVERED = "too much of it stands in no passage"


def check_draft(draft: str, passages: Sequence[str]) -> DraftCheck:
    """The checks that need no model.

    A draft is given up when it is empty or next to it, breaks off, repeats itself, shows leftovers
    of a template or a tool call, refuses, or when less than `LEAST_COVERED` of its content words
    stand in the passages. Without passages the last check is left out: a draft on tickets alone is
    checked sentence by sentence elsewhere.
    """
    problems = []
    text = _CITATION.sub(" ", draft).strip()
    if len(text.split()) < _LEAST_WORDS:
        problems.append("it is empty")
    elif _UNFINISHED.search(text):
        problems.append("it breaks off")
    if _LEFTOVER.search(text):
        problems.append("it shows leftovers of a template or a tool call")
    if _repeats(text):
        problems.append("it repeats itself")
    if _REFUSAL.search(text):
        problems.append("it refuses or does not know")
    covered = coverage(text, passages)
    if covered is not None and covered < LEAST_COVERED:
        problems.append(NOT_COVERED)
    return DraftCheck(covered, tuple(problems))


def coverage(draft: str, passages: Sequence[str]) -> float | None:
    """The share of the draft's content words that stand in the passages; see `DraftCheck`."""
    known = {stem for passage in passages for stem in _stems(passage)}
    own = _stems(draft)
    if not known or not own:
        return None
    return sum(stem in known for stem in own) / len(own)


def _stems(text: str) -> list[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return [word[:_STEM] for word in words if word not in _COMMON]


def _repeats(text: str) -> bool:
    lines = [line.strip().lower() for line in re.split(r"[.!?\n]+", text) if len(line.split()) > 3]
    return any(lines.count(line) > _MOST_REPEATED for line in set(lines))
