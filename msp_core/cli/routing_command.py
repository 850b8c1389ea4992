"""`msp routing`: learn a router."""

import click

from msp_core.cli.routing_train import command as train


@click.group("routing", help="Learn a router from your own outcomes.")
def command() -> None:
    """The group."""


command.add_command(train)
