"""What several commands share: services, options, printing."""

import json
import math
import textwrap
from pathlib import Path
from typing import Any

import click

from msp_core.bootstrap import Services, build_services
from msp_core.knowledge.article import Quarantined
from msp_core.settings import Settings, configure_logging


class Number(click.FloatRange):
    """A range that NaN does not slip through: every comparison with it is false."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See `click.FloatRange.convert`."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail("it is no number", param, ctx)
        return number


SHARE = Number(0, 1)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
data_option = click.option(
    "--data",
    "data_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder in the layout of data/ (default: the shipped one).",
)
customer_option = click.option("--customer", metavar="ID", help="The customer to work for.")


def services_from_env(data_dir: Path | None = None) -> Services:
    """The services of this environment, with logging set up."""
    settings = Settings.from_env()
    configure_logging(settings.log_level)
    return build_services(settings, data_dir=data_dir)


def print_json(value: object) -> None:
    """One JSON value on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def note(text: str) -> None:
    """Progress and notices, on stderr."""
    click.echo(text, err=True)


def note_quarantined(rows: tuple[Quarantined, ...], *, most: int = 20) -> None:
    """Say what was left out, and why."""
    for row in rows[:most]:
        note(f"left out: {row.path}: {row.reason}")
    if len(rows) > most:
        note(f"... and {len(rows) - most} more")


def show_report(report: dict[str, Any]) -> None:
    """The verdict and the key figures of a report, on stdout."""
    from eval.report import summary_lines

    for sentence in report["verdict"]:
        kind = f" ({sentence['kind']})" if sentence["kind"] else ""
        click.echo(textwrap.fill(f"{sentence['text']}{kind}", width=100) + "\n")
    if lines := summary_lines(report):
        click.echo("\n".join(lines) + "\n")
