"""Items, and writes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from msp_core.errors import InvalidInput

Item = dict[str, str | int | bytes]
ALONE = "META"
"""The sort key of the one item that a partition is about."""
MAX_ITEM_BYTES = 400_000
MAX_WRITES = 100
"""Of one transaction."""
MAX_WRITE_BYTES = 4_000_000
"""Of the items of one transaction together."""


@dataclass(frozen=True)
class Write:
    """One write of a transaction: an item to put, or a key to delete, under a condition.

    Attributes:
        values: of the names that begin with a colon in the condition.
    """

    item: Item
    action: Literal["Put", "Delete"] = "Put"
    condition: str | None = None
    values: Mapping[str, str | int] | None = None


@dataclass(frozen=True)
class Update:
    """A change of some attributes of an item; without a condition, a missing item is made.

    Attributes:
        put: attributes to set.
        add: numbers to add to; one that is missing starts at 0.
        values: of the names that begin with a colon in the condition.
    """

    pk: str
    sk: str = ALONE
    put: Mapping[str, str | int] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    condition: str | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The arguments of UpdateItem but the table; the names in them are never reserved words."""
        parts, names, values = [], {}, dict(self.values)
        for word, sign, attributes in (("SET", "=", self.put), ("ADD", "", self.add)):
            clauses = []
            for number, (name, value) in enumerate(attributes.items()):
                short = f"{word.lower()}{number}"
                names[f"#{short}"], values[f":{short}"] = name, value
                clauses.append(f"#{short} {sign} :{short}")
            parts += [f"{word} {', '.join(clauses)}"] if clauses else []
        return {
            "Key": to_wire({"pk": self.pk, "sk": self.sk}),
            "UpdateExpression": " ".join(parts),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_wire(values),
            **({"ConditionExpression": self.condition} if self.condition else {}),
        }


def to_wire(item: Mapping[str, str | int | bytes]) -> dict[str, dict[str, str | bytes]]:
    """The item in DynamoDB's own form."""
    wire: dict[str, dict[str, str | bytes]] = {}
    for name, value in item.items():
        if isinstance(value, str):
            wire[name] = {"S": value}
        elif isinstance(value, bytes):
            wire[name] = {"B": value}
        else:
            wire[name] = {"N": str(value)}
    return wire


def from_wire(wire: Mapping[str, Mapping[str, Any]]) -> Item:
    """The item of DynamoDB's form."""
    item: Item = {}
    for name, typed in wire.items():
        ((kind, value),) = typed.items()
        item[name] = int(value) if kind == "N" else value
    return item


def size_of(item: Item) -> int:
    """The bytes that an item takes; the names of its attributes count too."""
    return sum(
        len(name) + (len(str(value).encode()) if not isinstance(value, bytes) else len(value))
        for name, value in item.items()
    )


def check_size(item: Item) -> None:
    """Pass when DynamoDB would take the item.

    Raises:
        InvalidInput: it is too big.
    """
    if size_of(item) > MAX_ITEM_BYTES:
        raise too_big()


def how_many_together(first: Item, others: Sequence[Item]) -> int:
    """How many of the others, from the start, fit into one transaction with the first."""
    room = MAX_WRITE_BYTES - size_of(first)
    for number, item in enumerate(others[: MAX_WRITES - 1]):
        room -= size_of(item)
        if room < 0:
            return number
    return min(len(others), MAX_WRITES - 1)


def too_big() -> InvalidInput:
    """The error for an item that is too big."""
    return InvalidInput(
        f"A text or record is longer than {MAX_ITEM_BYTES // 1000} KB, the most that can be kept as"
        " one. Shorten it."
    )
