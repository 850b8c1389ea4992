"""`msp routing`: learn a router, see why a turn goes where and what another threshold would do."""

import click

from msp_core.cli.routing_costs import command as costs
from msp_core.cli.routing_explain import command as explain
from msp_core.cli.routing_floors import command as floors
from msp_core.cli.routing_replay import command as replay
from msp_core.cli.routing_threshold import command as threshold
from msp_core.cli.routing_train import command as train


@click.group(
    "routing",
    help="Learn a router, explain decisions, replay the log, choose a threshold, show costs.",
)
def command() -> None:
    """The group."""


command.add_command(costs)
command.add_command(explain)
command.add_command(floors)
command.add_command(replay)
command.add_command(threshold)
command.add_command(train)
