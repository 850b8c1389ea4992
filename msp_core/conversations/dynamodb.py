"""Conversations in a DynamoDB table.

`SES#<session>` is a conversation: `META`, `TURN#<turn>`, `APPR#<approval>`, `FEED#<turn>`. META
counts what was added, which gives turns and approvals their order. Every item names when its
conversation was opened: what DynamoDB has not deleted yet of an expired one is no part of another
with the same id. META names also until when DynamoDB keeps the others: somewhat longer than the
conversation lasts, so that not every activity has to prolong them all.
"""

import json
import zlib
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta

from msp_core.clock import Clock, from_iso, to_iso
from msp_core.conversations.store import (
    CONVERSATION_LIFE,
    Approval,
    Conversation,
    Feedback,
    Thumb,
    Turn,
    approval_not_found,
    approval_taken,
    conversation_not_found,
    turn_not_found,
)
from msp_core.dynamodb.failures import ConditionFailed
from msp_core.dynamodb.item import ALONE, Item, Update, Write
from msp_core.dynamodb.sessions import BY_OWNER
from msp_core.dynamodb.table import Table
from msp_core.scope import Scope

_SPARE = timedelta(days=7)
"""How much longer than META the other items are kept at most; as seldom they are prolonged."""


class DynamoConversationStore:
    """A `ConversationStore` in a table of the shape `SESSIONS_TABLE`, for any thread and process.

    Args:
        clock: decides what has expired.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def open(self, session_id: str, scope: Scope, *, title: str, at: datetime) -> Conversation:
        """See `ConversationStore.open`."""
        ends = int((at + CONVERSATION_LIFE).timestamp())
        active: dict[str, str | int] = {
            "active_at": f"{to_iso(at)}#{session_id}",
            "expires_at": ends,
        }
        new: Item = {
            "pk": _key(session_id),
            "sk": ALONE,
            "session_id": session_id,
            "owned_by": _owner(scope),
            "title": title,
            "opened": to_iso(at),
            "added": 0,
            "kept_until": _with_spare(ends),
            **active,
        }
        free = "attribute_not_exists(pk) OR expires_at <= :now"
        try:
            self._table.write([Write(new, condition=free, values={":now": self._now()})])
        except ConditionFailed:
            mine = {":owner": _owner(scope)}
            try:
                key, condition = str(new["pk"]), "owned_by = :owner"
                new = self._table.update(Update(key, put=active, condition=condition, values=mine))
            except ConditionFailed as failed:
                raise conversation_not_found(session_id) from failed
            if int(new["kept_until"]) < ends:
                self._prolong(new, _with_spare(ends))
        return _conversation(new, scope)

    def recent(self, scope: Scope, *, limit: int = 50) -> list[Conversation]:
        """See `ConversationStore.recent`."""
        found = self._table.newest(BY_OWNER, _owner(scope), first=limit)
        living = (item for item in found if int(item["expires_at"]) > self._now())
        return [_conversation(item, scope) for item, _ in zip(living, range(limit), strict=False)]

    def turns(self, session_id: str, scope: Scope) -> list[Turn]:
        """See `ConversationStore.turns`."""
        items = self._items(session_id, scope)
        return [_turn(item) for item in items if str(item["sk"]).startswith("TURN#")]

    def turn(self, session_id: str, turn_id: str) -> Turn | None:
        """See `ConversationStore.turn`."""
        meta = self._living(session_id)
        item = self._table.get(_key(session_id), f"TURN#{turn_id}")
        if meta is None or item is None or item["opened"] != meta["opened"]:
            return None
        return _turn(item)

    def save_turn(self, session_id: str, turn: Turn, *, at: datetime) -> None:
        """See `ConversationStore.save_turn`."""
        sk = f"TURN#{turn.turn_id}"
        earlier = self._table.get(_key(session_id), sk)
        meta = self._living(session_id)
        if meta is None:
            raise conversation_not_found(session_id)
        known = earlier is not None and earlier["opened"] == meta["opened"]
        # In ASCII: a model may split a surrogate pair.
        events = zlib.compress(json.dumps(turn.events).encode())
        item: Item = {
            "pk": _key(session_id),
            "sk": sk,
            "opened": meta["opened"],
            "number": (
                earlier["number"] if earlier is not None and known else self._next(session_id)
            ),
            "turn_id": turn.turn_id,
            "message": turn.message,
            "events": events,
            "finished": int(turn.finished),
            "at": to_iso(at),
            "expires_at": meta["kept_until"],
        }
        self._table.write([Write(item)])

    def add_approval(self, approval: Approval) -> None:
        """See `ConversationStore.add_approval`."""
        meta = self._living(approval.session_id)
        if meta is None:
            raise conversation_not_found(approval.session_id)
        record = asdict(approval) | {"expires_at": to_iso(approval.expires_at)}
        item: Item = {
            "pk": _key(approval.session_id),
            "sk": f"APPR#{approval.approval_id}",
            "opened": meta["opened"],
            "number": self._next(approval.session_id),
            "owned_by": _owner_of(approval.actor_id, approval.customer_id),
            "record": json.dumps(record),
            "expires_at": meta["kept_until"],
        }
        opened = str(meta["opened"])
        free = "attribute_not_exists(pk) OR opened <> :opened"
        try:
            self._table.write([Write(item, condition=free, values={":opened": opened})])
        except ConditionFailed as failed:
            raise approval_taken(approval.approval_id) from failed

    def pending_approval(self, session_id: str) -> Approval | None:
        """See `ConversationStore.pending_approval`."""
        meta = self._living(session_id)
        if meta is None:
            return None
        waiting = [
            item
            for item in self._table.partition(_key(session_id), begins="APPR#")
            if item["opened"] == meta["opened"] and "used_at" not in item
        ]
        return _approval(max(waiting, key=_number)) if waiting else None

    def use_approval(self, approval_id: str, session_id: str, scope: Scope) -> Approval:
        """See `ConversationStore.use_approval`."""
        meta = self._living(session_id)
        condition = "owned_by = :owner AND opened = :opened AND attribute_not_exists(used_at)"
        try:
            if meta is None:
                raise ConditionFailed
            item = self._table.update(
                Update(
                    _key(session_id),
                    f"APPR#{approval_id}",
                    put={"used_at": self._now()},
                    condition=condition,
                    values={":owner": _owner(scope), ":opened": str(meta["opened"])},
                )
            )
        except ConditionFailed as failed:
            raise approval_not_found() from failed
        return _approval(item)

    def add_feedback(
        self,
        session_id: str,
        turn_id: str,
        scope: Scope,
        *,
        thumb: Thumb,
        comment: str = "",
        at: datetime,
    ) -> None:
        """See `ConversationStore.add_feedback`."""
        items = self._items(session_id, scope)
        turn = next((item for item in items if item["sk"] == f"TURN#{turn_id}"), None)
        if turn is None:
            raise turn_not_found(turn_id)
        names = ("pk", "opened", "number", "turn_id", "expires_at")
        said: Item = {"sk": f"FEED#{turn_id}", "thumb": thumb, "comment": comment, "at": to_iso(at)}
        self._table.write([Write({name: turn[name] for name in names} | said)])

    def feedback(self, session_id: str, scope: Scope) -> list[Feedback]:
        """See `ConversationStore.feedback`."""
        return [
            Feedback(
                str(item["turn_id"]),
                "up" if item["thumb"] == "up" else "down",
                str(item["comment"]),
                from_iso(str(item["at"])),
            )
            for item in self._items(session_id, scope)
            if str(item["sk"]).startswith("FEED#")
        ]

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _living(self, session_id: str) -> Item | None:
        meta = self._table.get(_key(session_id))
        return None if meta is None or int(meta["expires_at"]) <= self._now() else meta

    def _items(self, session_id: str, scope: Scope) -> list[Item]:
        """The items of a conversation of the scope, without META, in the order they were added."""
        items = self._table.partition(_key(session_id))
        meta = next((item for item in items if item["sk"] == ALONE), None)
        if (
            meta is None
            or meta["owned_by"] != _owner(scope)
            or int(meta["expires_at"]) <= self._now()
        ):
            raise conversation_not_found(session_id)
        mine = [i for i in items if i["sk"] != ALONE and i["opened"] == meta["opened"]]
        return sorted(mine, key=_number)

    def _prolong(self, meta: Item, until: int) -> None:
        """Keep what belongs to a conversation; META says so at the end, so that all of it is."""
        pk = str(meta["pk"])
        items = self._table.partition(pk)
        mine = [i for i in items if i["sk"] != ALONE and i["opened"] == meta["opened"]]
        changes = [(str(item["sk"]), "expires_at") for item in mine]
        for sk, name in [*changes, (ALONE, "kept_until")]:
            with suppress(ConditionFailed):  # deleted meanwhile
                there = "attribute_exists(pk)"
                self._table.update(Update(pk, sk, put={name: until}, condition=there))

    def _next(self, session_id: str) -> int:
        there = "attribute_exists(pk)"
        counted = Update(_key(session_id), add={"added": 1}, condition=there)
        return int(self._table.update(counted)["added"])


def _key(session_id: str) -> str:
    return f"SES#{session_id}"


def _with_spare(ends: int) -> int:
    return ends + int(_SPARE.total_seconds())


def _owner(scope: Scope) -> str:
    return _owner_of(scope.actor_id, scope.active_customer)


def _owner_of(actor_id: str, customer_id: str | None) -> str:
    """A customer's id has no number sign and is not empty, so no two owners are written alike."""
    return f"{actor_id}#{customer_id or ''}"


def _number(item: Item) -> int:
    return int(item["number"])


def _conversation(item: Item, scope: Scope) -> Conversation:
    return Conversation(
        session_id=str(item["session_id"]),
        actor_id=scope.actor_id,
        customer_id=scope.active_customer,
        title=str(item["title"]),
        last_activity=from_iso(str(item["active_at"]).partition("#")[0]),
        expires_at=from_iso(str(item["active_at"]).partition("#")[0]) + CONVERSATION_LIFE,
    )


def _turn(item: Item) -> Turn:
    packed = item["events"]
    assert isinstance(packed, bytes)
    events = tuple(json.loads(zlib.decompress(packed)))
    return Turn(str(item["turn_id"]), str(item["message"]), events, bool(item["finished"]))


def _approval(item: Item) -> Approval:
    record = json.loads(str(item["record"]))
    return Approval(**record | {"expires_at": from_iso(record["expires_at"])})
