"""`msp chat`: a conversation."""

from typing import get_args

import click

from msp_core.assistant.assistant import new_session_id
from msp_core.cli.common import customer_option, note, services_from_env
from msp_core.cli.conversation import check_index, scope_for, show_turn, with_policy
from msp_core.errors import InvalidInput, UsageError
from msp_core.settings import PolicyName


@click.command("chat", help="Talk with the assistant; an empty line or Ctrl-D ends it.")
@customer_option
@click.option("--session", metavar="ID", help="Go on with this conversation.")
@click.option("--policy", type=click.Choice(get_args(PolicyName)), help="Routing policy.")
def command(customer: str | None, session: str | None, policy: PolicyName | None) -> None:
    """Run it."""
    services = services_from_env()
    services = with_policy(services, policy)
    scope = scope_for(services, customer)
    check_index(services)
    session_id = session or new_session_id()
    note(f"Conversation {session_id}. An empty line or Ctrl-D ends it.")
    while True:
        try:
            text = input("> ")
        except EOFError:
            break
        if not text.strip():
            break
        try:
            events = services.assistant.ask(text, scope, session_id)
            show_turn(services.assistant, events, scope, session_id, as_json=False)
        except (UsageError, InvalidInput) as error:
            note(f"Error: {error}")
    note(
        f"Go on later with: msp chat --session {session_id}"
        + (f" --customer {customer}" if customer else "")
    )
