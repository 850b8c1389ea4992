"""The cost ledger in the DynamoDB table of sessions.

`BUDGET#<customer>#<day>` is what a customer cost on a UTC day, `BUDGET#*#<day>` what all did.
`CALLS#<session>` holds each call as `CALL#<random>`, and the newest of each model as
`LAST#<model>`. Calls stand in the index `by_owner` too, month by month, under a key that begins
with `#` as no actor's does.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from math import fsum

from msp_core.clock import Clock, from_iso, to_iso
from msp_core.costs.ledger import GroupBy, ModelCall, Spent
from msp_core.dynamodb.item import Item, Update, Write
from msp_core.dynamodb.sessions import BY_OWNER
from msp_core.dynamodb.table import Table

KEPT = timedelta(days=400)
"""How long calls and sums are kept."""
_EVERYBODY = "*"
_NANO = 10**9
_PAGE = 1000


class DynamoLedger:
    """A `Ledger` in a table, for any thread and process.

    Sums are kept in billionths of a US dollar, since DynamoDB adds whole numbers exactly.

    Args:
        table: of the shape `SESSIONS_TABLE`.
        clock: says which months are kept.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def record(self, call: ModelCall) -> None:
        """See `Ledger.record`."""
        pk, number = f"CALLS#{call.session_id}", secrets.token_hex(8)
        ends = int((call.at + KEPT).timestamp())
        kept: Item = {
            "record": json.dumps(asdict(call) | {"at": to_iso(call.at)}),
            "expires_at": ends,
        }
        listed: Item = {
            BY_OWNER.partition: _month(call.at.date()),
            BY_OWNER.sort: f"{to_iso(call.at)}#{number}",
        }
        writes: list[Write | Update] = [
            Write({"pk": pk, "sk": f"CALL#{number}", **kept, **listed}),
            Write({"pk": pk, "sk": f"LAST#{call.model_id}", **kept}),
        ]
        if call.cost_usd is not None:
            payers = {_EVERYBODY, call.customer_id or _EVERYBODY}
            writes += [
                Update(
                    _budget(payer, call.at.date()),
                    put={"expires_at": ends},
                    add={"nano_usd": round(call.cost_usd * _NANO)},
                )
                for payer in payers
            ]
        self._table.write(writes)

    def spent_usd(self, day: date, *, customer_id: str | None = None) -> float:
        """See `Ledger.spent_usd`."""
        item = self._table.get(_budget(customer_id or _EVERYBODY, day))
        return 0.0 if item is None else int(item["nano_usd"]) / _NANO

    def last_call(self, session_id: str, model_id: str) -> ModelCall | None:
        """See `Ledger.last_call`."""
        item = self._table.get(f"CALLS#{session_id}", f"LAST#{model_id}")
        return None if item is None else _call(item)

    def sums(
        self,
        by: GroupBy,
        *,
        session_id: str | None = None,
        customer_id: str | None = None,
        since: date | None = None,
    ) -> Sequence[Spent]:
        """See `Ledger.sums`."""
        if session_id is None:
            items = self._listed(since or (self._clock() - KEPT).date())
        else:
            items = iter(self._table.partition(f"CALLS#{session_id}", begins="CALL#"))
        groups: defaultdict[str | None, list[ModelCall]] = defaultdict(list)
        for call in map(_call, items):
            other = customer_id is not None and call.customer_id != customer_id
            early = since is not None and call.at.date() < since
            if not other and not early:
                groups[_key(call, by)].append(call)
        rows = [_spent(key, calls) for key, calls in groups.items()]
        return sorted(rows, key=lambda row: (-row.cost_usd, row.key or ""))

    def _listed(self, since: date) -> Iterator[Item]:
        """The calls of the months since then, and a few before."""
        last = (self._clock() + timedelta(days=1)).date()  # another machine's clock may be ahead
        month = since.replace(day=1)
        while month <= last:
            yield from self._table.newest(BY_OWNER, _month(month), first=_PAGE)
            month = (month + timedelta(days=31)).replace(day=1)


def _budget(payer: str, day: date) -> str:
    return f"BUDGET#{payer}#{day.isoformat()}"


def _month(day: date) -> str:
    return f"#CALLS#{day:%Y-%m}"


def _call(item: Item) -> ModelCall:
    record = json.loads(str(item["record"]))
    return ModelCall(**record | {"at": from_iso(record["at"])})


def _key(call: ModelCall, by: GroupBy) -> str | None:
    keys: dict[GroupBy, str | None] = {
        "turn": call.turn_id,
        "session": call.session_id,
        "customer": call.customer_id,
        "model": call.model_id,
        "day": to_iso(call.at)[:10],
    }
    return keys[by]


def _spent(key: str | None, calls: Sequence[ModelCall]) -> Spent:
    return Spent(
        key=key,
        calls=len(calls),
        input_tokens=sum(call.input_tokens for call in calls),
        output_tokens=sum(call.output_tokens for call in calls),
        cache_tokens=sum(call.cache_tokens for call in calls),
        cost_usd=fsum(call.cost_usd for call in calls if call.cost_usd is not None),
        unpriced_calls=sum(call.cost_usd is None for call in calls),
        simulated_calls=sum(call.simulated for call in calls),
    )
