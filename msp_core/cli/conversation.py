"""Shows a turn's events in a terminal, and asks for approvals there."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

import click

from msp_core.assistant.assistant import Assistant
from msp_core.assistant.events import Event
from msp_core.assistant.tools import WRITE_TOOLS
from msp_core.bootstrap import Services
from msp_core.cli.common import note
from msp_core.errors import ConfigurationError
from msp_core.scope import Scope
from msp_core.settings import PolicyName


def scope_for(services: Services, customer: str | None, text: str | None = None) -> Scope:
    """The local user's scope; without a named customer, the one that the question names.

    This is the door: the choice is made here, by plain name, and no model can change it.
    """
    if customer is None and text is not None:
        lowered = text.lower()
        named = [
            row.customer_id
            for row in services.customers.values()
            if any(
                re.search(rf"(?<!\w){re.escape(name)}(?!\w)", lowered)
                for name in (row.name.lower(), row.name.lower().split()[0], row.customer_id)
            )
        ]
        if len(named) == 1:
            customer = named[0]
            note(
                f"Customer: {services.customers[customer].name} (named in the question; --customer"
                " chooses)."
            )
    return services.local_scope(customer)


def with_policy(services: Services, policy: PolicyName | None) -> Services:
    """The services, routing by another policy if one is given."""
    if policy is None:
        return services
    return replace(services, settings=replace(services.settings, routing_policy=policy))


def show_turn(
    assistant: Assistant, events: Iterable[Event], scope: Scope, session_id: str, *, as_json: bool
) -> bool:
    """Print a turn as it happens, asking for approval where it stops for one.

    Returns:
        Whether the turn ended without an error, and every change it tried was made.
    """
    ok = True
    waiting: Event | None = None
    for event in events:
        if as_json:
            click.echo(json.dumps(event, ensure_ascii=False))
        else:
            _show(event)
        failed_write = event["type"] == "tool_result" and event["tool"] in WRITE_TOOLS
        ok = ok and event["type"] != "error" and (not failed_write or event["ok"])
        if event["type"] == "approval_needed":
            waiting = event
    if not as_json:
        click.echo()
    if waiting is None:
        return ok
    if as_json or not sys.stdin.isatty():
        note(
            f"{waiting['tool']} waits for approval and was not done. Run it in a terminal to"
            " approve."
        )
        return False
    approved = click.confirm("Approve?", default=False, err=True)
    rest: Iterator[Event] = assistant.answer_approval(
        session_id, waiting["approval_id"], approved, scope
    )
    return show_turn(assistant, rest, scope, session_id, as_json=as_json) and ok


def check_index(services: Services) -> None:
    """Pass when there is something to search.

    Raises:
        ConfigurationError: the index is empty.
    """
    if services.tiers.cold.stats().chunks == 0:
        raise ConfigurationError(
            "The knowledge index is empty. Run `msp ingest` first, then ask again."
        )


def _show(event: Event) -> None:
    kind = event["type"]
    if kind == "text":
        click.echo(event["delta"], nl=False)
    elif kind == "route":
        note(f"model: {event['model']} ({event['choice']}; {'; '.join(event['reasons'])})")
    elif kind == "tool_result":
        note(f"{'done' if event['ok'] else 'failed'}: {event['tool']}: {event['summary']}")
    elif kind in ("notice", "error"):
        note(event["text"])
    elif kind == "approval_needed":
        note(f"\n{event['tool']} needs your approval:")
        for row in event["diff"]:
            before = "" if row["from"] == row["to"] else f"{row['from'] or '-'} -> "
            note(f"  {row['field']}: {before}{row['to'] or '-'}")
