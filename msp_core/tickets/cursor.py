"""Cursors: where the next page of a list begins, sealed so that nobody can make or bend one."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta

from msp_core.clock import Clock, from_iso, to_iso
from msp_core.errors import InvalidInput
from msp_core.scope import Scope
from msp_core.tickets.store import Position, TicketFilter

CURSOR_LIFE = timedelta(hours=24)
_MAC_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Cursors:
    """Seals positions with HMAC-SHA256, bound to the customers and the filter of the list.

    Args:
        secret: the key; the same in every process that shares the tickets.
        clock: a cursor is valid for `CURSOR_LIFE`.
    """

    secret: bytes
    clock: Clock

    def seal(self, position: Position, scope: Scope, wanted: TicketFilter) -> str:
        """The cursor, of letters, digits, `-` and `_`."""
        expires = to_iso(self.clock() + CURSOR_LIFE)
        payload = json.dumps([to_iso(position.created_at), position.ticket_id, expires]).encode()
        sealed = self._mac(payload, scope, wanted) + payload
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, cursor: str, scope: Scope, wanted: TicketFilter) -> Position:
        """The position of a cursor.

        Raises:
            InvalidInput: forged, cut, expired, or of a list of other customers or another filter.
        """
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except ValueError as error:  # binascii.Error is one; so is text that is not ASCII
            raise _refused("is not valid for this list") from error
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(payload, scope, wanted)):
            raise _refused("is not valid for this list")
        created_at, ticket_id, expires = json.loads(payload)
        if self.clock() >= from_iso(expires):
            raise _refused(f"has expired (they last {CURSOR_LIFE.total_seconds() / 3600:.0f} h)")
        return Position(from_iso(created_at), ticket_id)

    def _mac(self, payload: bytes, scope: Scope, wanted: TicketFilter) -> bytes:
        statuses = None if wanted.statuses is None else sorted(wanted.statuses)
        bound = [
            sorted(scope.visible_customers),
            vars(wanted) | {"statuses": statuses},
        ]
        message = json.dumps(bound, sort_keys=True).encode() + b"\n" + payload
        return hmac.digest(self.secret, message, "sha256")


def _refused(why: str) -> InvalidInput:
    return InvalidInput(f"The cursor {why}. Start the list from its first page.", field="cursor")
