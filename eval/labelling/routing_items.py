"""Routing items from tickets: each message of the requester is a turn."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from eval.labelling.items import Drawn, Item, Section
from eval.labelling.source import Source
from eval.labelling.splits import assign_splits
from msp_core.errors import InvalidInput
from msp_core.tickets.ticket import Ticket

SHARES: Mapping[str, float] = {"train": 0.4, "dev": 0.1, "test": 0.5}

Said = dict[str, str]


def draw_routing(source: Source, *, count: int, seed: int) -> tuple[Drawn, list[Item]]:
    """The turns of tickets drawn at random, until there are enough.

    The first turn is title and description, each later public note of the requester another; what
    others wrote in public is the assistant's side of the history. A turn whose words and history
    are those of an earlier one is left out and counted. Splits keep customers apart; with one
    customer only, outages.

    Args:
        count: turns wanted; fewer when the tickets give no more.

    Raises:
        InvalidInput: no turn can be made.
    """
    tickets = sorted(source.tickets, key=lambda ticket: ticket.ticket_id)
    random.Random(seed).shuffle(tickets)
    left_out: Counter[str] = Counter()
    seen: set[str] = set()
    turns: list[tuple[Ticket, int, str, Sequence[Said]]] = []
    for ticket in tickets:
        for number, (text, history) in enumerate(_turns(ticket), start=1):
            if len(turns) == count:
                break
            words = "\n".join(part.casefold() for part in (*_said(history), text))
            if not text:
                left_out["without text"] += 1
            elif words in seen:
                left_out["the same text as an earlier one"] += 1
            else:
                seen.add(words)
                turns.append((ticket, number, text, history))
    if not turns:
        raise InvalidInput(f"No ticket of {source.name} has a text, so there is nothing to label.")
    groups = split_groups(source, [ticket for ticket, *_ in turns])
    splits = assign_splits(groups, SHARES, seed=seed)
    items = [
        _item(ticket, number, text, history, group, splits[group])
        for (ticket, number, text, history), group in zip(turns, groups, strict=True)
    ]
    drawn = Drawn(
        kind="routing", purpose="set", source=source.name, seed=seed, left_out=dict(left_out)
    )
    return drawn, items


def split_groups(source: Source, tickets: Sequence[Ticket]) -> list[str]:
    """What must stay on one side of a split: the customer, or where there is one, the outage."""
    if len({ticket.customer_id for ticket in source.tickets}) > 1:
        return [ticket.customer_id for ticket in tickets]
    return [ticket.duplicate_of or ticket.ticket_id for ticket in tickets]


def turn_sections(history: Sequence[Said], text: str) -> tuple[Section, ...]:
    """A turn as it is shown: the conversation so far, and the message."""
    message = Section(title="The message", text=text)
    if not history:
        return (message,)
    said = "\n\n".join(f"{turn['role']}: {turn['text']}" for turn in history)
    return Section(title="Before it", text=said), message


def _turns(ticket: Ticket) -> Iterator[tuple[str, list[Said]]]:
    """(message, history) of each turn, oldest first."""
    history: list[Said] = []
    text = f"{ticket.title}\n\n{ticket.description}".strip()
    yield text, []
    history.append({"role": "user", "text": text})
    for note in ticket.notes:
        if note.visibility != "public":
            continue
        own = note.author == ticket.requester
        if own:
            yield note.text.strip(), list(history)
        history.append({"role": "user" if own else "assistant", "text": note.text})


def _said(history: Sequence[Said]) -> Iterator[str]:
    return (turn["text"] for turn in history)


def _item(
    ticket: Ticket, number: int, text: str, history: Sequence[Said], group: str, split: str
) -> Item:
    return Item(
        id=f"{ticket.ticket_id}-{number}",
        group=group,
        heading=(
            f"{ticket.ticket_id}, customer {ticket.customer_id}, category "
            f"{ticket.category.value}, priority {ticket.priority.value}"
        ),
        sections=turn_sections(history, text),
        row={
            "split": split,
            "ticket_id": ticket.ticket_id,
            "customer_id": ticket.customer_id,
            "history": list(history),
            "text": text,
            "category": ticket.category.value,
            "priority": ticket.priority.value,
        },
    )
