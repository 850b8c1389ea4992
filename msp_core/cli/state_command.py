"""`msp state`: the state folder into one file, and back."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msp_core.bootstrap import state_databases
from msp_core.cli.common import json_option, note, print_json, services_from_env
from msp_core.errors import UsageError

if TYPE_CHECKING:
    from msp_core.state.restore import StateDatabase


@click.group("state", help="Back up what is kept on this machine, and restore it.")
def command() -> None:
    """The group."""


@command.command("backup", help="Write tickets, conversations and index into one new file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def backup(file: Path, as_json: bool) -> None:
    """Run it."""
    from msp_core.state.backup import back_up

    folder, now, _ = _local()
    report = back_up(folder, file, at=now)
    if as_json:
        print_json({"file": str(report.path), "bytes": report.size, "files": report.files})
        return
    click.echo(f"{report.path}: {len(report.files)} files, {report.size / 1e6:.1f} MB")


@command.command("restore", help="Make the state that of a backup; the one before is kept.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def restore_state(file: Path, as_json: bool) -> None:
    """Run it."""
    from msp_core.state.restore import restore

    folder, now, known = _local()
    report = restore(folder, file, known=known, at=now)
    if report.kept is not None:
        note(f"The state before is in {report.kept}.")
    if as_json:
        print_json({"files": report.files, "kept": report.kept and str(report.kept)})
        return
    click.echo(f"{len(report.files)} files restored into {folder}")


def _local() -> "tuple[Path, datetime, dict[str, StateDatabase]]":
    """The state folder, the time, and the databases that this version knows.

    Raises:
        UsageError: the state is on AWS.
    """
    services = services_from_env()
    if services.settings.backend == "aws":
        raise UsageError(
            "With MSP_BACKEND=aws the state is in DynamoDB, whose own backups (point-in-time "
            "recovery) keep it. This command is for the state folder of one machine."
        )
    return services.settings.state_dir, services.clock(), state_databases()
