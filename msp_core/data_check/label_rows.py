"""Sets with a label a row: routing turns, triage labels, texts and scenarios."""

from collections.abc import Iterator, Sequence

from msp_core.data_check.set_rows import Placed, Row, SetRows
from msp_core.tickets.ticket import Category, Priority, Ticket

TRIAGE_FILE = "labels.jsonl"
LABEL_FILES = ("turns.jsonl", TRIAGE_FILE, "texts.jsonl", "scenarios.jsonl")
# A floor's turns only measure whether the floor holds, so they may be of any customer.
_FREE_SPLITS = frozenset({"floor"})


def check_labels(rows: SetRows, name: str) -> None:
    """One file: ids, customers and tickets exist, splits keep customers and outages apart."""
    key = "ticket_id" if name == TRIAGE_FILE else "id"
    labelled = rows.unique(list(rows.json_rows(name)), key)
    customers: dict[str, set[str]] = {}
    outages: dict[str, set[str]] = {}
    for id_, placed in labelled.items():
        rows.check_customer(placed)
        row = placed.row
        ticket = rows.tickets.get(str(row.get("ticket_id")))
        if row.get("ticket_id") and ticket is None:
            rows.note(name, placed.line, f"{id_}: there is no ticket {row['ticket_id']}")
        if name == TRIAGE_FILE and ticket is not None:
            for reason in _triage_faults(rows, ticket, row):
                rows.note(name, placed.line, f"{id_}: {reason}")
        split = row.get("split")
        if not isinstance(split, str) or not split:
            rows.note(name, placed.line, f"{id_} has no split")
            continue
        if split in _FREE_SPLITS:
            continue
        customer = row.get("customer_id") or (ticket.customer_id if ticket else None)
        if customer:
            customers.setdefault(str(customer), set()).add(split)
        if ticket:
            for outage in (ticket.duplicate_of or ticket.ticket_id, _original(row, ticket)):
                outages.setdefault(outage, set()).add(split)
    rows.check_customers_apart(customers, name)
    rows.check_apart(outages, name, "ticket (or its outage)")
    if name == TRIAGE_FILE:
        _check_complete(rows, list(labelled.values()))


def _original(row: Row, ticket: Ticket) -> str:
    """The first ticket of the outage by the row's own label."""
    return str(row.get("duplicate_of") or ticket.ticket_id)


def _triage_faults(rows: SetRows, ticket: Ticket, row: Row) -> Iterator[str]:
    if row.get("category") not in set(Category):
        yield f"{row.get('category')!r} is no category"
    if row.get("priority") not in set(Priority):
        yield f"{row.get('priority')!r} is no priority"
    if row.get("team") not in rows.folder.teams:
        yield f"there is no team {row.get('team')}"
    if row.get("duplicate_of") is None:
        return
    original = rows.tickets.get(str(row["duplicate_of"]))
    if original is None:
        yield f"it repeats {row['duplicate_of']}, which does not exist"
    elif original.customer_id != ticket.customer_id:
        yield f"it repeats {original.ticket_id} of another customer ({original.customer_id})"
    elif (original.created_at, original.ticket_id) >= (ticket.created_at, ticket.ticket_id):
        yield f"it repeats {original.ticket_id}, which is not older"


def _check_complete(rows: SetRows, labelled: Sequence[Placed]) -> None:
    """Triage is judged on every ticket, not on those that somebody picked."""
    missing = rows.tickets.keys() - {str(placed.row.get("ticket_id")) for placed in labelled}
    if missing:
        reason = f"{len(missing)} tickets have no label, the first is {min(missing)}"
        rows.note(TRIAGE_FILE, 0, reason, severity="warning")
