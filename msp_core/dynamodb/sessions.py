"""The shape of the table of sessions, which conversations and the cost ledger share."""

from msp_core.dynamodb.shape import Index, TableShape

BY_OWNER = Index("by_owner", "owned_by", "active_at")
SESSIONS_TABLE = TableShape((BY_OWNER,))
