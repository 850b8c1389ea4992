"""`msp ask`: one turn."""

import sys
from typing import get_args

import click

from msp_core.assistant.assistant import new_session_id
from msp_core.cli.common import customer_option, json_option, note, services_from_env
from msp_core.cli.conversation import check_index, scope_for, show_turn, with_policy
from msp_core.settings import PolicyName


@click.command("ask", help="Ask the assistant one question. `-` reads it from stdin.")
@click.argument("text")
@customer_option
@click.option("--session", metavar="ID", help="Go on with this conversation.")
@click.option(
    "--policy", type=click.Choice(get_args(PolicyName)), help="Routing policy for this turn."
)
@json_option
def command(
    text: str, customer: str | None, session: str | None, policy: PolicyName | None, as_json: bool
) -> None:
    """Run it."""
    if text == "-":
        text = sys.stdin.read()
    services = services_from_env()
    services = with_policy(services, policy)
    scope = scope_for(services, customer, text)
    check_index(services)
    session_id = session or new_session_id()
    events = services.assistant.ask(text, scope, session_id)
    ok = show_turn(services.assistant, events, scope, session_id, as_json=as_json)
    if not as_json:
        note(f"Go on with: msp ask --session {session_id} ...")
    if not ok:
        sys.exit(1)
