"""Errors as problem details (RFC 9457): every failure of a call becomes one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from msp_core.errors import (
    Conflict,
    DependencyFailed,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    UsageError,
)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
MAX_NAMED = 20
"""At most so many fields are named in one answer."""

_PUBLIC_NAMES = {
    "ticket_id": "ticketId",
    "idempotency_key": "Idempotency-Key",
    "idempotency-key": "Idempotency-Key",
    "if-match": "If-Match",
}


@dataclass
class Refused(Exception):  # the suffix Error would hide that it is also an answer
    """A request that is answered with this problem.

    Args:
        detail: what, why, what to do; for whoever called.
        fields: (field, parameter or header; what is wrong with it).
    """

    status: HTTPStatus
    detail: str
    fields: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(status: HTTPStatus, detail: str, *, name: str) -> Refused:
    """One that is about a single field, parameter or header."""
    return Refused(status, detail, [(name, detail)])


def refusal_of(error: Exception) -> Refused:
    """What an error of any kind is answered with; never what the caller must not know."""
    match error:
        case Refused():
            return error
        case RequestValidationError():
            return _invalid(error.errors())
        case InvalidInput():
            detail, name = str(error), _public_name(error.field)
            return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail, [(name, detail)])
        case UsageError():
            return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), [("body", str(error))])
        case NotAuthenticated():
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            said = [("Authorization", str(error))]
            return Refused(HTTPStatus.UNAUTHORIZED, str(error), said, headers=challenge)
        case NotAllowed():
            return Refused(HTTPStatus.FORBIDDEN, str(error))
        case NotFoundError():  # a path that no route takes, though its form is right
            return Refused(HTTPStatus.NOT_FOUND, "There is no such path here.")
        case NotFound():
            return Refused(HTTPStatus.NOT_FOUND, "There is no such ticket that you can see.")
        case Conflict():
            return Refused(HTTPStatus.CONFLICT, str(error))
        case DependencyFailed():
            return unavailable("The tickets cannot be reached now. Try again in a moment.")
    return Refused(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something is wrong here, not with your request. The log has it under X-Correlation-Id.",
    )


def unavailable(detail: str) -> Refused:
    """Not now; the caller is told when to try again."""
    retry = {"Retry-After": str(RETRY_AFTER_S)}
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=retry)


def answer(refusal: Refused) -> dict[str, Any]:
    """The answer to API Gateway."""
    body = {
        "type": "about:blank",
        "title": refusal.status.phrase,
        "status": refusal.status.value,
        "detail": refusal.detail,
        "errors": [{"field": name, "message": text} for name, text in refusal.fields],
    }
    return {
        "statusCode": refusal.status.value,
        "headers": {"Content-Type": CONTENT_TYPE, **refusal.headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def _invalid(errors: Sequence[Any]) -> Refused:
    """What pydantic found, without the values that were sent."""
    fields = []
    for error in errors[:MAX_NAMED]:
        where, *path = (str(part) for part in error["loc"])
        name = ".".join(path) or where
        readable = name.encode("utf-8", "backslashreplace").decode()[:100]
        fields.append((_public_name(readable), error["msg"]))
    named = ", ".join(dict.fromkeys(name for name, _ in fields))
    detail = f"The request is not valid: {named}. See errors for what is wrong with each."
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail, fields)


def _public_name(name: str | None) -> str:
    """What the caller knows a field as."""
    return _PUBLIC_NAMES.get(name or "body", name or "body")
