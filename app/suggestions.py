"""Questions to start with."""

_GENERAL = (
    "Outlook keeps asking for the password",
    "Printing fails with error 0x0000011b",
    "List the open tickets",
)
_FIRST = {
    None: "VPN drops every hour for Northwind users, what do we do?",
    "alta-foods": "The ERP client does not start, what should I check?",
    "brightwater": "A print job does not show at the follow-me device",
    "harbor-dental": "The X-ray sensor is not ready, what should I check?",
    "keller": "May I restart a CNC control PC?",
    "medora": "A medication cart does not work, what do I do?",
    "northwind": "VPN drops every hour, what do we do?",
    "pinecrest": "How do I enrol new classroom iPads?",
    "ridgeline": "How does the LTE failover at the site offices work?",
}


def suggestions(customer_id: str | None) -> tuple[str, ...]:
    """Questions that the shipped articles and tickets answer, the customer's own first."""
    first = _FIRST.get(customer_id)
    return (first, *_GENERAL) if first else _GENERAL
