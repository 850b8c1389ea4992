"""`msp token`: a token for the Ticket API on this machine."""

from datetime import timedelta

import click

from msp_core.cli.common import note, services_from_env
from msp_core.errors import UsageError
from msp_core.scope import ACTOR, Role, scope_from_claims

_ROLES = [role.value for role in Role]


@click.command("token", help="Make a signed token for the Ticket API on this machine.")
@click.option("--role", type=click.Choice(_ROLES), required=True)
@click.option(
    "--customer", "customers", metavar="ID", multiple=True, required=True, help="May be repeated."
)
@click.option("--actor", metavar="ID", default="local", show_default=True, help="Who asks.")
@click.option("--hours", type=click.IntRange(1, 720), default=12, show_default=True)
def command(role: str, customers: tuple[str, ...], actor: str, hours: int) -> None:
    """Run it."""
    if not ACTOR.fullmatch(actor):
        raise UsageError(
            f"--actor is {actor[:60]!r}; it begins with a letter or digit and has at most 64 of "
            "letters, digits and . _ @ : -"
        )
    services = services_from_env()
    if unknown := set(customers) - set(services.customers):
        raise UsageError(
            f"Unknown customer {', '.join(sorted(unknown))}. Known: "
            f"{', '.join(sorted(services.customers))}."
        )
    named = {"sub": actor, "custom:role": role, "custom:customers": ",".join(customers)}
    scope = scope_from_claims(named)
    token = services.local_tokens.issue(scope, lifetime=timedelta(hours=hours))
    note(f"{role} {actor} of {', '.join(sorted(customers))}, for {hours} h")
    click.echo(token)
