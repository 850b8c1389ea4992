"""`msp routing floors`: what the floors find, on messages alone and on turns; fits their head."""

from dataclasses import asdict
from pathlib import Path

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import json_option, note, print_json, services_from_env


@click.command("floors", help="Measure the floors, out of fold; fit their head anew.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Fit the head on the training examples and turns, and write it here.",
)
@json_option
def command(out: Path | None, as_json: bool) -> None:
    """Run it."""
    require_checkout("msp routing floors")
    from eval.floor_check import check_all
    from eval.floor_training import fit_floor_head, read_floor_data
    from msp_core.files import whole_file
    from msp_core.routing.floor_head import encode_head, shipped_head

    data = read_floor_data(services_from_env().catalog)
    head = shipped_head() if out is None else fit_floor_head(data)
    if out is not None:
        with whole_file(out, advice="Choose another file with --out.") as file:
            file.write(encode_head(head))
        note(f"written to {out}")
    checks = check_all(data, head)
    if as_json:
        print_json({name: asdict(check) for name, check in checks.items()})
        return
    for name, check in checks.items():
        for what, share, n in (
            ("found", check.recall, check.n_floor),
            ("forced", check.forced, check.n_ordinary),
        ):
            interval = f"[{share.low:.1%}, {share.high:.1%}]"
            click.echo(f"{name:<20}{what:<8}{share.value:6.1%}  {interval}  n={n}")
    click.echo("The patterns were written with these in view: of unseen turns expect less.")
