"""The folder of a labelling: its items and the journals of its passes."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.agreement import AVERAGED, Kind, Labels, same_label
from eval.files import write_lines
from eval.labelling.items import ITEMS_FILE, Drawn, Item, Items, read_items, write_items
from eval.labelling.journal import Journal, PassName, PassOf, read_pass
from eval.labelling.questions import Answers, Guide, retrieval_guide, routing_guide
from msp_core.clock import Clock
from msp_core.errors import UsageError

FOLDER = "labelling"

Extra = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows of further files, by name."""


class Workspace:
    """Items, and up to three passes over them, in `OUT/labelling/`.

    Args:
        folder: of the set; the working files stand in its subfolder.
        items: as they were drawn.
    """

    def __init__(self, folder: Path, items: Items, clock: Clock) -> None:
        self.folder = folder
        self.items = items
        self._clock = clock

    @property
    def kind(self) -> Kind:
        """What is labelled."""
        return self.items.drawn.kind

    def item(self, item_id: str) -> Item:
        """The item of that id."""
        return next(item for item in self.items.items if item.id == item_id)

    def journal(self, name: PassName) -> Journal:
        """Open a pass to go on with it.

        Raises:
            CorruptData, Conflict, ConfigurationError: as `Journal`.
            UsageError: the third reading, and no item differs between the two passes.
        """
        if name == "third" and not self.differing():
            first, second = self.judged("A"), self.judged("B")
            both = len(first.keys() & second.keys())
            raise UsageError(
                f"There is nothing to adjudicate: {both} items are judged in both passes, and none "
                "differs. Judge with --pass A and --pass B first."
                if both < len(self.items.items)
                else "There is nothing to adjudicate: both passes agree on every item."
            )
        return Journal(self._path(name), self._pass(name), self._clock)

    def judged(self, name: PassName) -> dict[str, Labels]:
        """The labels of each item that a pass has fully judged.

        Raises:
            CorruptData: as `Journal`.
        """
        session = read_pass(self._path(name), self._pass(name))
        return {item: _labels(answers, self.kind) for item, answers in session.judged().items()}

    def differing(self) -> list[str]:
        """The items on which the two passes differ, the length of the answer aside."""
        first, second = self.judged("A"), self.judged("B")
        return [
            item.id
            for item in self.items.items
            if item.id in first
            and item.id in second
            and any(
                not same_label(first[item.id][label], second[item.id][label])
                for label in first[item.id]
                if label != AVERAGED
            )
        ]

    def labels(self) -> dict[str, Labels]:
        """The labels that count: of the third reading, else of pass A, else of pass B."""
        first, second, third = (self.judged(name) for name in ("A", "B", "third"))
        found: dict[str, Labels] = {}
        for item in self.items.items:
            labels = third.get(item.id) or first.get(item.id) or second.get(item.id)
            if labels is None:
                continue
            lengths = [
                float(str(judged[item.id][AVERAGED]))
                for judged in (first, second)
                if AVERAGED in judged.get(item.id, {})
            ]
            if lengths:
                labels = {**labels, AVERAGED: round(math.fsum(lengths) / len(lengths))}
            found[item.id] = labels
        return found

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a further file that was kept with the items."""
        text = (self.folder / FOLDER / name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def _path(self, name: PassName) -> Path:
        return self.folder / FOLDER / f"pass-{name}.jsonl"

    def _pass(self, name: PassName) -> PassOf:
        guide: Guide = routing_guide if self.kind == "routing" else retrieval_guide
        return PassOf(
            kind=self.kind,
            name=name,
            items_sha256=self.items.sha256,
            items=[item.id for item in self.items.items],
            guide=guide,
            only=frozenset(self.differing()) if name == "third" else None,
        )


def open_workspace(
    folder: Path,
    kind: Kind,
    draw: Callable[[], tuple[Drawn, list[Item], Extra]],
    clock: Clock,
) -> tuple[Workspace, bool]:
    """The labelling in a folder, begun if there is none.

    Args:
        folder: new, empty, or of an earlier call.
        draw: makes the items; called only when the labelling begins.

    Returns:
        The labelling, and whether it began now.

    Raises:
        UsageError: the folder holds another kind of labelling, or something else.
        CorruptData: the items were changed since.
        MspError: whatever `draw` raises; then nothing is written.
    """
    path = folder / FOLDER / ITEMS_FILE
    if path.is_file():
        items = read_items(path)
        if items.drawn.kind != kind:
            raise UsageError(
                f"{folder} holds a labelling of {items.drawn.kind} items. Choose another --out for "
                f"{kind}."
            )
        return Workspace(folder, items, clock), False
    if folder.is_dir() and any(entry.name != FOLDER for entry in folder.iterdir()):
        raise UsageError(
            f"{folder} holds files that msp label did not make; they would be overwritten. Choose "
            "another --out."
        )
    drawn, items_drawn, extra = draw()
    for name, rows in extra.items():
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_lines(path.parent / name, lines)
    return Workspace(folder, write_items(path, drawn, items_drawn), clock), True


def _labels(answers: Answers, kind: Kind) -> Labels:
    """All labels of an item: a turn without a floor has the floor None."""
    return {"floor": None, **answers} if kind == "routing" else dict(answers)
