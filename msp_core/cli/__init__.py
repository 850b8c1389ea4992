"""The command line `msp`: a module per command, imported when it is called."""

import importlib
import os
import sys

import click

from msp_core import __version__
from msp_core.errors import MspError

COMMANDS = {
    "ask": "One question, one answer.",
    "bench": "Measure speed, as ratios within one run.",
    "chat": "A conversation in the terminal.",
    "data": "Import your own tickets and articles, check a data folder.",
    "demo": "Run the main job: all notebooks, then the report.",
    "doctor": "Check what this machine has, with a fix for each gap.",
    "eval": "Run an evaluation suite and write its result file.",
    "index": "Create, check and repair the knowledge indexes.",
    "ingest": "Bring articles and tickets into the knowledge index and the ticket store.",
    "label": "Make judged sets from your own tickets, key by key.",
    "models": "Print the model catalogue; compare it with a published price table.",
    "package": "Build what is deployed on AWS.",
    "report": "Make the report of evaluation results.",
    "routing": "Learn a router, explain decisions, replay the log, choose a threshold.",
    "state": "Back up what is kept on this machine, and restore it.",
    "tier": "Choose which documents are hot; try capacities on a log.",
    "tickets": "List, show, create, update and note tickets.",
    "token": "Make a token for the Ticket API on this machine.",
}
"""Command -> its one line of help; the module of that name has its function `command`."""


class _LazyGroup(click.Group):
    """Knows its commands by name and imports one only when it is run: `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"msp_core.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="msp")
def msp() -> None:
    """The workbench for an AI support-ticket assistant.

    Results go to stdout, progress and notices to stderr. Exit codes: 0 done, 1 failed or gate not
    met, 2 wrong usage, 3 configuration or a part is missing, 130 interrupted.
    """


def main() -> None:
    """Run `msp`; a foreseen error is one clear message, never a traceback."""
    # Small matrices gain little from numpy's threads, which wait for each other on a busy machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        sys.exit(msp.main(standalone_mode=False))
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except MspError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe went away; nothing is left to tell it
        sys.exit(1)
