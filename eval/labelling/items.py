"""The items of a labelling, drawn once and then left as they are."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.agreement import Kind
from eval.files import write_lines
from msp_core.errors import CorruptData

ITEMS_FILE = "items.jsonl"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(_Record):
    """A stretch of what is shown of an item."""

    title: str
    text: str


class Item(_Record):
    """One thing to judge.

    Attributes:
        group: items of one group are resampled together.
        heading: one line above it.
        row: what the written set needs of it; never shown.
    """

    id: str = Field(min_length=1)
    group: str
    heading: str
    sections: tuple[Section, ...]
    row: dict[str, Any]


class Drawn(_Record):
    """Where the items come from; first line of the file.

    Attributes:
        purpose: `set` makes a judged set, `check` compares with the labels of one.
        source: name of the folder or set that they were drawn from.
        left_out: how many were not asked, by the reason.
    """

    schema_: Literal["msp.label-items/1"] = Field(default="msp.label-items/1", alias="schema")
    kind: Kind
    purpose: Literal["set", "check"]
    source: str
    seed: int
    left_out: dict[str, int] = {}


@dataclass(frozen=True)
class Items:
    """The items in the order in which they are asked; `sha256` is of their file."""

    drawn: Drawn
    items: tuple[Item, ...]
    sha256: str


def write_items(path: Path, drawn: Drawn, items: Sequence[Item]) -> Items:
    """Write the file.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    lines = [
        json.dumps(record.model_dump(mode="json", by_alias=True), ensure_ascii=False) + "\n"
        for record in (drawn, *items)
    ]
    write_lines(path, lines)
    return Items(drawn, tuple(items), hashlib.sha256("".join(lines).encode()).hexdigest())


def read_items(path: Path) -> Items:
    """The file as it was written.

    Raises:
        CorruptData: it was changed since, or holds an item twice.
    """
    content = path.read_bytes()
    first, *rest = content.splitlines() or [b""]
    items: list[Item] = []
    try:
        drawn = Drawn.model_validate_json(first)
        items.extend(map(Item.model_validate_json, rest))
    except ValidationError as error:
        raise CorruptData(
            f"{path} is not as msp label wrote it ({error.errors()[0]['msg']}). Put the file back, "
            "or begin anew in another --out."
        ) from error
    seen: set[str] = set()
    for number, item in enumerate(items, start=2):
        if item.id in seen:
            raise CorruptData(
                f"{path}:{number}: the item {item.id} stands there for the second time. Put the "
                "file back, or begin anew in another --out."
            )
        seen.add(item.id)
    return Items(drawn, tuple(items), hashlib.sha256(content).hexdigest())
