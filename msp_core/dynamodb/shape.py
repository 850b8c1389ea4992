"""What a table is made of: its keys and its indexes."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Index:
    """A global secondary index; items without its keys are not in it.

    Attributes:
        also: attributes that it holds besides the keys.
    """

    name: str
    partition: str
    sort: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableShape:
    """The keys of a table, `pk` and `sk`, are texts; items vanish some time after `expires_at`."""

    indexes: tuple[Index, ...]

    def request(self, name: str) -> dict[str, Any]:
        """The arguments of CreateTable."""
        keys = {key for index in self.indexes for key in (index.partition, index.sort)}
        return {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk", *sorted(keys))
            ],
            "KeySchema": _key_schema("pk", "sk"),
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": index.name,
                    "KeySchema": _key_schema(index.partition, index.sort),
                    "Projection": (
                        {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.also)}
                        if index.also
                        else {"ProjectionType": "ALL"}
                    ),
                }
                for index in self.indexes
            ],
        }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
