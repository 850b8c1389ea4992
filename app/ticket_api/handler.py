"""The Lambda function of the Ticket API: API Gateway HTTP API events, payload format 2.0."""

import logging
import re
import time
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import ServiceError

from app.ticket_api.guards import allowed_methods, checked, route_of
from app.ticket_api.problems import answer, refusal_of
from app.ticket_api.routes import router
from msp_core.bootstrap import Services, build_services
from msp_core.checkout import checkout_root
from msp_core.errors import NotAuthenticated
from msp_core.scope import Scope, scope_from_claims
from msp_core.settings import Settings
from msp_core.tickets.values import TICKET_ID

PACKAGED_DATA = Path(__file__).resolve().parents[2] / "data"
"""Customers and teams beside the code, in the package."""
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ASKED = "Authorization, Content-Type, Idempotency-Key, If-Match, X-Correlation-Id"
_SHOWN = "ETag, Location, Retry-After, X-Correlation-Id"
_SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class TicketApi:
    """Answers one event after the other; never two at once, since powertools keeps the current
    event in a class attribute.

    Args:
        services: the desk, whose tokens count, and the settings.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self._rules = services.token_rules  # refuses to start when it is not set whose count
        self._origins = frozenset(services.settings.cors_origins)
        self._log = Logger(service="ticket-api", level=services.settings.log_level)
        self.resolver = make_resolver()

    def handle(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """The answer to an event; whatever goes wrong is a problem document."""
        started = time.perf_counter()
        try:
            answered = self._answer(event, context)
        except Exception as error:  # noqa: BLE001  # a caller gets an answer, whatever it is
            answered = self._problem(event, error)
        return self._finished(event, answered, started)

    def refuse(self, event: Mapping[str, Any], error: Exception) -> dict[str, Any]:
        """The answer to an event that whoever brings it could not handle; logged like any other."""
        started = time.perf_counter()
        return self._finished(event, self._problem(event, error), started)

    def _answer(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        path = event["rawPath"]
        if event["requestContext"]["http"]["method"] == "OPTIONS" and allowed_methods(path):
            return {"statusCode": 204, "headers": {}, "body": ""}
        event = checked(event)
        scope = None if path == "/health" else self._scope(event)
        self.resolver.context.update(services=self.services, scope=scope)
        return self.resolver.resolve(event, context)

    def _problem(self, event: Mapping[str, Any], error: Exception) -> dict[str, Any]:
        refusal = refusal_of(error)
        if refusal is not error and refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # The answer keeps the cause to itself and names the id under which it is found here.
            self._log.error("failed", exc_info=error, correlation_id=_correlation_id(event))
        return answer(refusal)

    def _finished(
        self, event: Mapping[str, Any], answered: dict[str, Any], started: float
    ) -> dict[str, Any]:
        """With the headers that every answer has, and a line in the log."""
        path, correlation_id = event["rawPath"], _correlation_id(event)
        headers = answered["headers"] = answered.get("headers") or {}
        headers |= _SAFE | {"X-Correlation-Id": correlation_id} | self._cors(event)
        ticket_id = path.removeprefix("/tickets/")
        # Neither body nor person: what stands in place of an id may be a name.
        said = {"ticket_id": ticket_id} if TICKET_ID.fullmatch(ticket_id) else {}
        self._log.info(
            "answered",
            correlation_id=correlation_id,
            method=event["requestContext"]["http"]["method"][:20],
            path=route_of(path),
            status=answered["statusCode"],
            duration_ms=round(1000 * (time.perf_counter() - started), 1),
            extra=said,
        )
        return answered

    def _scope(self, event: Mapping[str, Any]) -> Scope:
        authorizer = event["requestContext"].get("authorizer") or {}
        claims = (authorizer.get("jwt") or {}).get("claims")
        if not claims:
            raise NotAuthenticated(
                "There is no token that counts: none was sent, or it is forged or has expired. "
                "Send one: Authorization: Bearer TOKEN."
            )
        self._rules.check(claims, self.services.clock())
        return scope_from_claims(claims)

    def _cors(self, event: Mapping[str, Any]) -> dict[str, str]:
        origin = event["headers"].get("origin")
        if origin not in self._origins:
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": str(origin),
            "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
            "Access-Control-Allow-Headers": _ASKED,
            "Access-Control-Expose-Headers": _SHOWN,
            "Access-Control-Max-Age": "300",
        }


@cache
def make_resolver() -> APIGatewayHttpResolver:
    """The endpoints, with validation; errors of theirs come through.

    The only one of the process: a router belongs to the resolver that included it last.
    """
    resolver = APIGatewayHttpResolver(enable_validation=True)
    resolver.include_router(router)

    resolver.exception_handler(Exception)(_raise)
    return resolver


def _raise(error: Exception) -> NoReturn:
    """Past powertools, which would answer and log in its own way, and answers its own errors."""
    raise refusal_of(error) if isinstance(error, ServiceError) else error


def _correlation_id(event: Mapping[str, Any]) -> str:
    """What the caller sent, if it is fit for a log, or the gateway's own."""
    sent = str(event["headers"].get("x-correlation-id", ""))
    if _CORRELATION_ID.fullmatch(sent):
        return sent
    return str(event["requestContext"].get("requestId", ""))


@cache
def ticket_api() -> TicketApi:
    """The API with the services of this environment, made at the first event."""
    logging.getLogger("aws_lambda_powertools").setLevel(logging.WARNING)
    data = PACKAGED_DATA if checkout_root() is None else None
    return TicketApi(build_services(Settings.from_env(), data_dir=data))


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """What Lambda calls."""
    return ticket_api().handle(event, context)
