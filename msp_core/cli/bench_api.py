"""`msp bench api`: brings the handler, which the evaluation does not know, to its benchmark."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msp_core.cli.common import json_option, note, services_from_env
from msp_core.cli.eval_command import finish, out_option
from msp_core.scope import Role, Scope

if TYPE_CHECKING:
    from eval.api_load import Call, Caller
    from msp_core.bootstrap import Services


@click.command("api", help="The Ticket API: handler, server, pages, cold import.")
@out_option
@json_option
def api(out: Path | None, as_json: bool) -> None:
    """Run it."""
    from eval.bench_api import bench_api
    from eval.provenance import RunContext, public_settings

    # The server that is measured works for the shipped customers, whatever was loaded here.
    services = replace(services_from_env(), desk_dir=None)
    scope = Scope("bench", Role.TECHNICIAN, frozenset({min(services.customers)}))
    context = RunContext(settings=public_settings(services.settings), clock=services.clock)
    run = bench_api(services.data_dir, scope, _make_caller, context=context, note=note)
    finish(run, out, as_json=as_json)


def _make_caller(services: "Services", scope: Scope) -> "Caller":
    from app.ticket_api.event import HttpRequest, make_event
    from app.ticket_api.handler import TicketApi
    from msp_core.tokens import local_claims

    handler = TicketApi(services)
    claims = local_claims(scope, services.clock(), lifetime=timedelta(hours=1))

    def call(wanted: "Call") -> tuple[int, str]:
        headers = [("content-type", "application/json")]
        request = HttpRequest(
            wanted.method, wanted.path, wanted.query, headers, wanted.body.encode(), "127.0.0.1"
        )
        answered = handler.handle(make_event(request, claims), None)
        return int(answered["statusCode"]), str(answered["body"])

    return call
