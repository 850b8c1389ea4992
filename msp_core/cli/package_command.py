"""`msp package`: what is deployed on AWS."""

from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import data_option, json_option, note, print_json


@click.group("package", help="Build what is deployed on AWS.")
def command() -> None:
    """The group."""


@command.command("lambda", help="The zip of the Ticket API's Lambda function.")
@click.option("--arch", type=click.Choice(["arm64", "x86_64"]), default="arm64", show_default=True)
@click.option(
    "--runtime", metavar="pythonX.Y", help="Must be this Python, which is also the default."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The zip (default: build/ticket-api-ARCH.zip in the checkout).",
)
@data_option
@json_option
def lambda_(
    arch: str, runtime: str | None, out: Path | None, data_dir: Path | None, as_json: bool
) -> None:
    """Run it."""
    from msp_core.packaging.lambda_zip import Architecture, build_lambda

    root = require_checkout("msp package")
    if out is None:
        out = root / "build" / f"ticket-api-{arch}.zip"
        out.parent.mkdir(exist_ok=True)
    built = build_lambda(
        root,
        data_dir or root / "data",
        out,
        architecture=cast(Architecture, arch),
        runtime=runtime,
        note=note,
    )
    if as_json:
        print_json(asdict(built) | {"path": str(built.path)})
        return
    click.echo(str(built.path))
    note(f"{built.runtime} on {built.architecture}, handler {built.handler}")
    note(f"{built.files} files, {built.size / 1e6:.2f} MB, sha256 {built.sha256}")
