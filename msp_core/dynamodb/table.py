"""One DynamoDB table: plain items in and out, conditions, transactions."""

import random
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from msp_core.dynamodb.failures import ConditionFailed, explained
from msp_core.dynamodb.item import ALONE, Item, Update, Write, check_size, from_wire, to_wire
from msp_core.dynamodb.shape import Index, TableShape
from msp_core.errors import DependencyFailed

_MAX_GET, _MAX_BATCH = 100, 25
_TRIES = 8
_BUSY = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class Table:
    """One table, for any thread.

    The endpoint can be set with AWS_ENDPOINT_URL_DYNAMODB. The client is made at first use.

    Raises (from every method):
        ConfigurationError: no such table, no credentials, or they do not permit it.
        DependencyFailed: DynamoDB cannot be reached, or is too busy for too long.
        InvalidInput: an item is too big.
    """

    def __init__(self, name: str, *, region: str) -> None:
        self.name = name
        self._region = region

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        retries = {"mode": "standard", "total_max_attempts": 4}
        config = Config(retries=retries, connect_timeout=3, read_timeout=10)
        return boto3.session.Session().client("dynamodb", region_name=self._region, config=config)

    def create(self, shape: TableShape) -> None:
        """Make the table where no Terraform does: on a local engine, for tests and benchmarks."""
        with explained(self.name, self._region):
            self._client.create_table(**shape.request(self.name))
            self._client.get_waiter("table_exists").wait(
                TableName=self.name, WaiterConfig={"Delay": 1}
            )
            self._client.update_time_to_live(
                TableName=self.name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
            )

    def get(self, pk: str, sk: str = ALONE) -> Item | None:
        """One item as it is now, or None."""
        with explained(self.name, self._region):
            answer = self._client.get_item(
                TableName=self.name, Key=to_wire({"pk": pk, "sk": sk}), ConsistentRead=True
            )
        return from_wire(answer["Item"]) if "Item" in answer else None

    def get_many(self, pks: Sequence[str]) -> list[Item]:
        """The `META` items of these partitions as they are now; missing ones are left out."""
        found: list[Item] = []
        for start in range(0, len(pks), _MAX_GET):
            keys = [to_wire({"pk": pk, "sk": ALONE}) for pk in pks[start : start + _MAX_GET]]
            asked: Any = {self.name: {"Keys": keys, "ConsistentRead": True}}
            for pause in _pauses():
                with explained(self.name, self._region):
                    answer = self._client.batch_get_item(RequestItems=asked)
                found += [from_wire(item) for item in answer["Responses"].get(self.name, [])]
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
                time.sleep(pause)
            else:
                raise self._busy()
        return found

    def partition(self, pk: str, *, begins: str | None = None) -> list[Item]:
        """All items of a partition as they are now, by sort key; or those that begin so."""
        condition, values = "pk = :pk", {":pk": pk}
        if begins is not None:
            condition += " AND begins_with(sk, :sk)"
            values[":sk"] = begins
        return list(
            self._query(
                KeyConditionExpression=condition,
                ExpressionAttributeValues=to_wire(values),
                ConsistentRead=True,
            )
        )

    def newest(
        self, index: Index, value: str, *, first: int, below: str | None = None
    ) -> Iterator[Item]:
        """The items of an index under one key, highest sort key first, read as they are taken.

        Args:
            first: how many to read at first; then twice as many each time.
            below: only those whose sort key is lower.
        """
        condition, values = "#pk = :pk", {":pk": value}
        names = {"#pk": index.partition}
        if below is not None:
            condition += " AND #sk < :sk"
            values[":sk"] = below
            names["#sk"] = index.sort
        return self._query(
            first=first,
            IndexName=index.name,
            ScanIndexForward=False,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=to_wire(values),
        )

    def _query(self, *, first: int | None = None, **request: Any) -> Iterator[Item]:
        limit = first
        while True:
            if limit is not None:
                request["Limit"] = limit
                limit = min(2 * limit, 1000)
            with explained(self.name, self._region):
                answer = self._client.query(TableName=self.name, **request)
            for item in answer["Items"]:
                yield from_wire(item)
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def write(self, writes: Sequence[Write | Update]) -> None:
        """Do all writes (1 to 100), each of another item, or none.

        Raises:
            ConditionFailed: a condition did not hold.
        """
        wire = [self._operation(write) for write in writes]
        for pause in _pauses():
            reasons = self._transact(wire)
            if "ConditionalCheckFailed" in reasons:
                raise ConditionFailed
            if not reasons:
                return
            time.sleep(pause)
        raise self._busy()

    def _operation(self, write: Write | Update) -> dict[str, Any]:
        if isinstance(write, Update):
            return {"Update": {"TableName": self.name, **write.request()}}
        check_size(write.item)
        operation: dict[str, Any] = {"TableName": self.name}
        operation["Item" if write.action == "Put" else "Key"] = to_wire(write.item)
        if write.condition is not None:
            operation["ConditionExpression"] = write.condition
        if write.values:
            operation["ExpressionAttributeValues"] = to_wire(write.values)
        return {write.action: operation}

    def _transact(self, wire: Sequence[Any]) -> set[str]:
        """Nothing when it was written, else the reasons why it was not."""
        from botocore.exceptions import ClientError

        with explained(self.name, self._region):
            try:
                self._client.transact_write_items(TransactItems=wire)
            except ClientError as error:
                cancelled = error.response.get("CancellationReasons", [])
                reasons = {row.get("Code", "") for row in cancelled}
                if not reasons & (_BUSY | {"ConditionalCheckFailed"}):
                    raise
                return reasons
        return set()

    def update(self, change: Update) -> Item:
        """Change an item, atomically, and return it as it is then.

        Raises:
            ConditionFailed: the condition did not hold.
        """
        from botocore.exceptions import ClientError

        with explained(self.name, self._region):
            try:
                answer = self._client.update_item(
                    TableName=self.name, ReturnValues="ALL_NEW", **change.request()
                )
            except ClientError as error:
                if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                    raise ConditionFailed from error
                raise
        return from_wire(answer["Attributes"])

    def put_all(self, items: Sequence[Item]) -> None:
        """Put items, in batches; not as one, so after a failure some may be there."""
        for item in items:
            check_size(item)
        self._batch([{"PutRequest": {"Item": to_wire(item)}} for item in items])

    def delete_all(self, keys: Sequence[tuple[str, str]]) -> None:
        """Delete items by (pk, sk), in batches."""
        self._batch([{"DeleteRequest": {"Key": to_wire({"pk": pk, "sk": sk})}} for pk, sk in keys])

    def _batch(self, requests: Sequence[Any]) -> None:
        for start in range(0, len(requests), _MAX_BATCH):
            left: Any = {self.name: list(requests[start : start + _MAX_BATCH])}
            for pause in _pauses():
                with explained(self.name, self._region):
                    left = self._client.batch_write_item(RequestItems=left).get("UnprocessedItems")
                if not left:
                    break
                time.sleep(pause)
            else:
                raise self._busy()

    def _busy(self) -> DependencyFailed:
        return DependencyFailed(
            f"The DynamoDB table {self.name} was too busy after {_TRIES} attempts. Nothing of this"
            " step was stored. Try again in a moment."
        )


def _pauses() -> Iterator[float]:
    """Seconds to wait after each attempt: up to 20 ms, doubling, at random lest all come again."""
    return (random.uniform(0, 0.02 * 2**attempt) for attempt in range(_TRIES))
