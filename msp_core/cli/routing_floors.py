"""`msp routing floors`: what the floors find on kept-back examples; fits their head anew."""

from dataclasses import asdict
from pathlib import Path

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import json_option, note, print_json, services_from_env


@click.command("floors", help="Measure the floors on kept-back examples; fit their head anew.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Fit the head on the training examples and write it here.",
)
@json_option
def command(out: Path | None, as_json: bool) -> None:
    """Run it."""
    require_checkout("msp routing floors")
    from eval.files import write_lines
    from eval.floor_training import check_floors, fit_floor_head, read_examples
    from msp_core.bootstrap.knowledge import local_embedder
    from msp_core.routing.floor_head import head_json, make_find_floor, shipped_head
    from msp_core.routing.floor_patterns import match_floor

    embedder = local_embedder(services_from_env().settings)
    head = shipped_head() if out is None else fit_floor_head(read_examples("train"), embedder)
    if out is not None:
        write_lines(out, [head_json(head)])
        note(f"written to {out}")
    examples = read_examples("check")
    checks = {
        "patterns": check_floors(examples, match_floor),
        "patterns and head": check_floors(examples, make_find_floor(embedder.embed, head)),
    }
    if as_json:
        print_json({name: asdict(check) for name, check in checks.items()})
        return
    for name, check in checks.items():
        for what, share, n in (
            ("found", check.recall, check.n_floor),
            ("false alarms", check.false_alarms, check.n_routine),
        ):
            interval = f"[{share.low:.1%}, {share.high:.1%}]"
            click.echo(f"{name:<18}{what:<13}{share.value:6.1%}  {interval}  n={n}")
    click.echo("Own examples, written by one hand: of unseen turns expect less.")
