"""One pass over the items: which question is next. No file, no terminal."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.labelling.questions import Answers, Guide, Question, Value


@dataclass(frozen=True)
class Event:
    """One thing the labeller did; a pass is the list of them.

    Attributes:
        kind: `skip` puts the item last; `undo` takes the latest answer or skip back.
        item: the item's id; empty for `undo`.
        label, value: of an answer.
    """

    kind: Literal["answer", "skip", "undo"]
    item: str = ""
    label: str = ""
    value: Value = None


class Session:
    """The state of a pass after its events.

    Args:
        items: their ids, in the order in which they are asked.
        guide: what is asked of each.
        only: if given, nothing else is asked; answers to the others stay as they are.

    Raises:
        ValueError: an id stands among the items twice.
    """

    def __init__(
        self, items: Sequence[str], guide: Guide, *, only: Collection[str] | None = None
    ) -> None:
        self._answers: dict[str, dict[str, Value]] = {item: {} for item in items}
        if len(self._answers) != len(items):
            raise ValueError("an item stands among the items twice")
        self._guide = guide
        self._asked = list(items) if only is None else [item for item in items if item in only]
        self._skipped: list[str] = []
        self._done: list[Event] = []

    @property
    def total(self) -> int:
        """How many items are asked."""
        return len(self._asked)

    @property
    def open(self) -> int:
        """How many of them are not fully judged yet."""
        return sum(map(self._open, self._asked))

    @property
    def current(self) -> str | None:
        """The item that is asked now: those passed over come last. None when all are judged."""
        waiting = set(self._skipped)
        fresh = (item for item in self._asked if item not in waiting and self._open(item))
        later = (item for item in self._skipped if item in self._asked and self._open(item))
        return next(fresh, None) or next(later, None)

    @property
    def question(self) -> Question | None:
        """What is asked of the current item; None when all are judged."""
        item = self.current
        return None if item is None else self._guide(self._answers[item])

    def answers(self, item: str) -> Answers:
        """The answers to an item so far."""
        return self._answers[item]

    def judged(self) -> dict[str, Answers]:
        """The answers to each item that is fully judged, in the order of the items."""
        return {item: dict(self._answers[item]) for item in self._answers if not self._open(item)}

    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._done)

    def check(self, event: Event) -> None:
        """Pass when the event can come next.

        Raises:
            ValueError: an unknown item, an answer to what is not asked, nothing to undo.
        """
        if event.kind == "undo":
            if not self._done:
                raise ValueError("there is nothing to take back")
            return
        if event.item not in self._answers:
            raise ValueError(f"there is no item {event.item!r}")
        if event.kind == "skip":
            return
        question = self._guide(self._answers[event.item])
        if question is None or event.label in self._answers[event.item]:
            raise ValueError(f"{event.label} of {event.item!r} is answered for the second time")
        if question.label != event.label:
            raise ValueError(f"{event.label} of {event.item!r} is not asked here")
        if not question.accepts(event.value):
            raise ValueError(f"{event.value!r} is no answer to {event.label}")

    def apply(self, event: Event) -> None:
        """Take the next event in.

        Raises:
            ValueError: as `check`.
        """
        self.check(event)
        if event.kind == "undo":
            last = self._done.pop()
            if last.kind == "answer":
                del self._answers[last.item][last.label]
            else:
                self._skipped.reverse()
                self._skipped.remove(last.item)
                self._skipped.reverse()
            return
        self._done.append(event)
        if event.kind == "answer":
            self._answers[event.item][event.label] = event.value
        else:
            self._skipped.append(event.item)

    def _open(self, item: str) -> bool:
        return self._guide(self._answers[item]) is not None
