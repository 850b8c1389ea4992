"""`msp routing replay`: the logged decisions at other thresholds."""

from dataclasses import asdict
from pathlib import Path

import click

from msp_core.cli.common import SHARE, json_option, note, print_json, services_from_env
from msp_core.errors import ConfigurationError

GRID = tuple(place / 10 for place in range(11))


@click.command("replay", help="Say what logged turns would have done at other thresholds.")
@click.option(
    "--log",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: the log in the state folder.",
)
@click.option(
    "--threshold",
    "thresholds",
    type=SHARE,
    multiple=True,
    help="May be given several times. Default: 0, .1, ... 1.",
)
@json_option
def command(log: Path | None, thresholds: tuple[float, ...], as_json: bool) -> None:
    """Run it."""
    from msp_core.routing.decision_log import read_log, replay

    if log is None:
        log = services_from_env().decision_log
        if not log.is_file():
            raise ConfigurationError(
                f"No turn has been routed yet: {log} is not there. Run `msp ask` or `msp chat`"
                " first, or name another log with --log."
            )
    read = read_log(log)
    for line in read.left_out:
        note(f"left out: {line}")
    versions = sorted({row.policy_version for row in read.rows})
    if len(versions) > 1:
        note(f"the log holds decisions of {len(versions)} policy versions: scores may not compare")
    rows = list(replay(read.rows, thresholds or GRID))
    if as_json:
        print_json(
            {
                "n": len(read.rows),
                "left_out": len(read.left_out),
                "policy_versions": versions,
                "replays": [asdict(row) for row in rows],
            }
        )
        return
    click.echo("threshold  strong  forced  person  stopped  changed  USD per 1k calls (estimated)")
    for row in rows:
        usd = "unpriced" if row.usd_per_1k is None else f"{row.usd_per_1k:.3f}"
        click.echo(
            f"{row.threshold:9.2f}  {row.strong / row.n:6.1%}  {row.forced / row.n:6.1%}"
            f"  {row.humans:6d}  {row.stopped:7d}  {row.changed:7d}  {usd}"
        )
    click.echo(f"n = {len(read.rows)} decisions; {len(read.left_out)} lines left out")
