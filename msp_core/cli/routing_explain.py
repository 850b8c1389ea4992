"""`msp routing explain`: one message, and why it goes to which model."""

from typing import get_args

import click

from msp_core.cli.common import json_option, print_json, services_from_env
from msp_core.cli.conversation import with_policy
from msp_core.errors import UsageError
from msp_core.settings import PolicyName

_TERMS_SHOWN = 5


@click.command("explain", help="Say which model would take a message, and why. Calls no model.")
@click.argument("text")
@click.option("--after", "history", multiple=True, metavar="TEXT", help="An earlier message.")
@click.option("--asked", default="", metavar="TEXT", help="The assistant's message before it.")
@click.option("--category", metavar="NAME", help="Of the ticket that the conversation is about.")
@click.option("--priority", metavar="NAME", help="Likewise.")
@click.option("--policy", type=click.Choice(get_args(PolicyName)), help="Default: the set one.")
@json_option
def command(
    text: str,
    history: tuple[str, ...],
    asked: str,
    category: str | None,
    priority: str | None,
    policy: PolicyName | None,
    as_json: bool,
) -> None:
    """Run it."""
    from msp_core.routing.floor_features import class_of
    from msp_core.routing.floor_head import shipped_head
    from msp_core.routing.floor_patterns import floor_words
    from msp_core.routing.language import guess_language
    from msp_core.routing.meaning import what_is_meant
    from msp_core.routing.request import RouteRequest
    from msp_core.routing.scorers import regex_rules, word_count

    if not text.strip():
        raise UsageError("The message is empty. Write it after the command, in quotes.")
    services = with_policy(services_from_env(), policy)
    request = RouteRequest(text, history, asked=asked, category=category, priority=priority)
    meant = what_is_meant(request)
    decision = services.policy.decide(request)
    words = floor_words(meant.text)
    facts = decision.facts
    terms = (
        shipped_head().words.strongest(meant.text, class_of(decision.floor), _TERMS_SHOWN)
        if decision.floor
        else []
    )
    scores = {
        services.policy.name: facts.score,
        "word_count": word_count(meant),
        "regex": regex_rules(meant),
    }
    explained = {
        "choice": decision.choice,
        "model": services.models[decision.choice].model_id,
        "reasons": list(decision.reasons),
        "policy": services.policy.name,
        "policy_version": decision.policy_version,
        "threshold": decision.threshold,
        "meant": meant.text,
        "language": guess_language(meant.text),
        "floor": decision.floor,
        "floor_words": words[1] if words else None,
        "floor_terms": terms,
        "out_of_distribution": facts.unfamiliar,
        "scores": scores,
        "next_call_usd": {"weak": facts.weak_cost_usd, "strong": facts.strong_cost_usd},
    }
    if as_json:
        print_json(explained)
        return
    click.echo(f"{decision.choice} ({explained['model']}): {'; '.join(decision.reasons)}")
    if meant.text != text:
        click.echo(f"taken as: {meant.text}")
    click.echo(f"language: {explained['language'] or 'not clear'}")
    if decision.floor:
        by = f"the words {words[1]!r}" if words else "the learned head"
        click.echo(f"floor: {decision.floor}, by {by}")
        click.echo(f"speaks most for it: {', '.join(map(repr, terms)) or 'no word'}")
    for name, score in scores.items():
        click.echo(f"score: {name} {score:.3f}")
    click.echo(f"policy: {services.policy.name} {decision.policy_version}")
    for name, cost in (("weak", facts.weak_cost_usd), ("strong", facts.strong_cost_usd)):
        shown = "unpriced" if cost is None else f"{cost:.6f} USD"
        click.echo(f"next call, {name}: {shown} (message and answer alone)")
