"""The Lambda function of the Ticket API: API Gateway HTTP API events, payload format 2.0."""

import logging
import re
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from app.ticket_api.guards import allowed_methods, checked
from app.ticket_api.problems import answer, refusal_of
from app.ticket_api.routes import router
from msp_core.bootstrap import Services, build_services
from msp_core.checkout import checkout_root
from msp_core.errors import NotAuthenticated
from msp_core.scope import Scope, scope_from_claims
from msp_core.settings import Settings

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
        http = event["requestContext"]["http"]
        sent = str(event["headers"].get("x-correlation-id", ""))
        request_id = str(event["requestContext"].get("requestId", ""))
        correlation_id = sent if _CORRELATION_ID.fullmatch(sent) else request_id
        if http["method"] == "OPTIONS" and allowed_methods(event["rawPath"]):
            answered: dict[str, Any] = {"statusCode": 204, "headers": {}, "body": ""}
        else:
            answered = self._answer(event, context)
        headers = answered["headers"] = answered.get("headers") or {}
        headers |= _SAFE | {"X-Correlation-Id": correlation_id} | self._cors(event)
        # Neither body nor person: a route's ids, a code, a duration.
        self._log.info(
            "answered",
            correlation_id=correlation_id,
            method=http["method"][:20],
            path=event["rawPath"] if allowed_methods(event["rawPath"]) else "unknown",
            status=answered["statusCode"],
            duration_ms=round(1000 * (time.perf_counter() - started), 1),
        )
        return answered

    def _answer(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        try:
            event = checked(event)
            public = event["rawPath"] == "/health"
            scope = None if public else self._scope(event)
            self.resolver.context.update(services=self.services, scope=scope)
            return self.resolver.resolve(event, context)
        except Exception as error:  # noqa: BLE001  # a caller gets an answer, whatever it is
            return answer(refusal_of(error))

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
    """The endpoints, with validation; errors of theirs become problem documents.

    The only one of the process: a router belongs to the resolver that included it last.
    """
    resolver = APIGatewayHttpResolver(enable_validation=True)
    resolver.include_router(router)

    resolver.exception_handler(Exception)(_failed)
    return resolver


def _failed(error: Exception) -> Response[Any]:
    problem = answer(refusal_of(error))
    headers = dict(problem["headers"])
    kind = headers.pop("Content-Type")
    return Response(problem["statusCode"], kind, problem["body"], headers)


@cache
def ticket_api() -> TicketApi:
    """The API with the services of this environment, made at the first event."""
    logging.getLogger("aws_lambda_powertools").setLevel(logging.WARNING)
    data = PACKAGED_DATA if checkout_root() is None else None
    return TicketApi(build_services(Settings.from_env(), data_dir=data))


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """What Lambda calls."""
    return ticket_api().handle(event, context)
