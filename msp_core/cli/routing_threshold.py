"""`msp routing threshold`: choose one on outcomes."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, get_args

import click

from msp_core.checkout import require_checkout
from msp_core.cli.common import SHARE, Number, json_option, note, print_json, services_from_env
from msp_core.cli.conversation import with_policy
from msp_core.settings import PolicyName

if TYPE_CHECKING:
    from eval.routing_point import Point


@click.command("threshold", help="Choose a threshold by strong calls, by cost or by a loss bound.")
@click.option("--dataset", default="routing", show_default=True, metavar="NAME|DIR|FILE")
@click.option("--split", metavar="S", help="Default: dev, or the only one.")
@click.option("--strong-rate", type=SHARE, help="Most turns that may go strong.")
@click.option("--usd-per-1k", type=Number(min=0), help="Most that 1,000 turns may cost.")
@click.option("--max-loss", type=SHARE, help="Most quality that may be lost.")
@click.option(
    "--delta", type=SHARE, default=0.1, show_default=True, help="Risk that the loss is larger."
)
@click.option("--policy", type=click.Choice(get_args(PolicyName)), help="Default: the set one.")
@json_option
def command(
    dataset: str,
    split: str | None,
    strong_rate: float | None,
    usd_per_1k: float | None,
    max_loss: float | None,
    delta: float,
    policy: PolicyName | None,
    as_json: bool,
) -> None:
    """Run it."""
    require_checkout("msp routing threshold")
    from eval.dataset import find_dataset
    from eval.routing_point import point_of
    from eval.routing_set import Prices, read_routing_set
    from msp_core.errors import InvalidInput, UsageError
    from msp_core.routing.threshold import ALL_WEAK, by_cost, by_loss_bound, by_strong_rate

    if sum(given is not None for given in (strong_rate, usd_per_1k, max_loss)) != 1:
        raise UsageError("Give exactly one of --strong-rate, --usd-per-1k and --max-loss.")
    services = with_policy(services_from_env(), policy)
    weak, strong = services.models.weak.model_id, services.models.strong.model_id
    prices = Prices.of(weak, strong, services.catalog)
    data = read_routing_set(find_dataset(dataset), split=split, prices=prices)
    decisions = [services.policy.decide(turn.request) for turn in data.turns]
    scores = [ALL_WEAK if row.floor or row.out_of_distribution else row.score for row in decisions]
    if strong_rate is not None:
        chosen = by_strong_rate(scores, strong_rate)
    elif usd_per_1k is not None:
        if not data.priced:
            raise InvalidInput("Not every turn has the costs of both models.")
        chosen = by_cost(
            scores,
            [turn.weak_cost_usd or 0.0 for turn in data.turns],
            [turn.strong_cost_usd or 0.0 for turn in data.turns],
            usd_per_1k,
        )
    else:
        chosen = by_loss_bound(
            scores,
            [turn.weak_score for turn in data.turns],
            [turn.strong_score for turn in data.turns],
            most_loss=max_loss or 0.0,
            delta=delta,
        )
    strong_turns = [score >= chosen.threshold for score in scores]
    point = point_of(data, strong_turns)
    row = {
        **asdict(chosen),
        "policy": services.policy.name,
        "n": len(scores),
        "kind": data.kind,
        **asdict(point),
    }
    if data.ignored_note is not None:
        note(f"note: {data.ignored_note}")
    if chosen.note:
        note(chosen.note)
    if as_json:
        print_json(row)
        return
    click.echo(
        f"{services.policy.name}: threshold {chosen.threshold:.4f} sends"
        f" {chosen.strong_rate:.1%} of {len(scores)} turns strong ({data.kind})"
    )
    for line in _described(point):
        click.echo(line)
    click.echo(f"MSP_ROUTING_THRESHOLD={chosen.threshold:.6g}")


def _described(point: "Point") -> Iterator[str]:
    interval = "no interval"
    if point.quality_low is not None and point.quality_high is not None:
        interval = f"95% interval {point.quality_low:.3f} to {point.quality_high:.3f}"
    yield (
        f"quality {point.quality:.3f} ({interval}); always weak {point.weak_quality:.3f}, always"
        f" strong {point.strong_quality:.3f}"
    )
    if point.usd_per_1k is None:
        yield "cost: not known on every turn"
    else:
        yield (
            f"cost {point.usd_per_1k:.4g} USD for 1,000 turns; always weak"
            f" {point.weak_usd_per_1k:.4g}, always strong {point.strong_usd_per_1k:.4g}"
        )
    yield "On the very turns it was chosen from: expect a little less on others."
