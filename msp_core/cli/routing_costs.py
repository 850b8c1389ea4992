"""`msp routing costs`: what model calls cost."""

from dataclasses import asdict
from datetime import datetime
from typing import get_args

import click

from msp_core.cli.common import json_option, note, print_json, services_from_env
from msp_core.costs.ledger import GroupBy


@click.command("costs", help="Show what model calls cost, by model, customer, session, turn, day.")
@click.option("--by", type=click.Choice(get_args(GroupBy)), default="model", show_default=True)
@click.option("--customer", metavar="ID", help="Of this customer alone.")
@click.option("--session", metavar="ID", help="Of this conversation alone.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this UTC day on.")
@json_option
def command(
    by: GroupBy,
    customer: str | None,
    session: str | None,
    since: datetime | None,
    as_json: bool,
) -> None:
    """Run it."""
    services = services_from_env()
    rows = services.ledger.sums(
        by,
        session_id=session,
        customer_id=customer,
        since=since.date() if since else None,
    )
    if customer is not None and not rows:  # one that has left the desk may still have costs
        services.local_scope(customer)
    if as_json:
        print_json({"by": by, "rows": [asdict(row) for row in rows]})
        return
    if not rows:
        named = (customer, session, since)
        note("No model call matches." if any(named) else "No model call yet. `msp ask` makes one.")
    click.echo(f"{by:<44}{'calls':>7}{'in':>10}{'out':>9}{'cached':>9}{'USD':>11}")
    for row in rows:
        unpriced = f"  + {row.unpriced_calls} unpriced calls" if row.unpriced_calls else ""
        simulated = "  simulated" if row.simulated_calls == row.calls else ""
        if 0 < row.simulated_calls < row.calls:
            simulated = f"  {row.simulated_calls} calls simulated"
        click.echo(
            f"{row.key or '(all customers)':<44}{row.calls:>7}{row.input_tokens:>10}"
            f"{row.output_tokens:>9}{row.cache_tokens:>9}{row.cost_usd:>11.5f}"
            f"{unpriced}{simulated}"
        )
