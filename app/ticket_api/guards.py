"""What a request must pass before it is routed: method, size, kind of content, encoding."""

import base64
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from app.ticket_api.problems import Refused, refused

MAX_BODY = 256 * 1024
MAX_DEPTH = 32
"""Objects and lists within each other; how much more could be parsed depends on the stack."""
LIST_FILTERS = frozenset(
    {"status", "priority", "category", "assigned_to", "customer_id", "limit", "cursor"}
)
ONE_TICKET = "/tickets/{ticketId}"
_METHODS = {
    "/tickets": ("GET", "POST"),
    ONE_TICKET: ("GET", "PATCH", "DELETE"),
    "/health": ("GET",),
}
_ONE_TICKET = re.compile("/tickets/[^/]+")
_DIGITS = re.compile("[0-9]+")
_JSON = re.compile(r'application/json\s*(;\s*charset="?utf-?8"?\s*)?', re.IGNORECASE)


def route_of(path: str) -> str:
    """The path with {ticketId} in place of what was sent; "unknown" when there is no such path."""
    if _ONE_TICKET.fullmatch(path):
        return ONE_TICKET
    return path if path in _METHODS else "unknown"


def allowed_methods(path: str) -> tuple[str, ...]:
    """The methods of a path; none when there is no such path."""
    return _METHODS.get(route_of(path), ())


def checked(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with its body as text, fit to be routed.

    Raises:
        Refused: unknown path or method, too big, not JSON in UTF-8, a parameter that is unknown or
            given twice.
    """
    path, method = event["rawPath"], event["requestContext"]["http"]["method"]
    methods = allowed_methods(path)
    if not methods:
        raise Refused(HTTPStatus.NOT_FOUND, "There is no such path here.")
    if method not in methods:
        allow = {"Allow": ", ".join(methods)}
        detail = f"{method[:20]} is not possible here; {', '.join(methods)} is."
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, detail, headers=allow)
    _check_query(event.get("rawQueryString") or "", path)
    body = _body_text(event)
    if method in {"POST", "PATCH"}:
        _check_json(body, str(event["headers"].get("content-type", "")))
    return {**event, "body": body, "isBase64Encoded": False}


def _check_query(query: str, path: str) -> None:
    known = LIST_FILTERS if path == "/tickets" else frozenset()
    seen: set[str] = set()
    for name, value in parse_qsl(query, keep_blank_values=True):
        shown = name.encode("utf-8", "backslashreplace").decode()[:60]
        if name not in known:
            raise _unprocessable(f"{shown!r} is not a parameter here. Leave it out.", name=shown)
        # API Gateway joins what is given twice with commas, and no filter's value holds one.
        if name in seen or "," in value:
            raise _unprocessable(f"{name} takes one value. Send it once, without comma.", name=name)
        # Pydantic also takes 5.0, 1_0 and +5 for whole numbers.
        if name == "limit" and not _DIGITS.fullmatch(value):
            raise _unprocessable("limit is a whole number. Send digits alone.", name=name)
        seen.add(name)


def _body_text(event: Mapping[str, Any]) -> str:
    body = event.get("body") or ""
    too_big = Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {MAX_BODY // 1024} KB. Shorten it.",
        [("body", "too large")],
    )
    encoded = bool(event.get("isBase64Encoded"))
    if len(body) > MAX_BODY * (4 / 3 if encoded else 1) + 4:
        raise too_big
    try:
        content = base64.b64decode(body, validate=True) if encoded else body.encode()
        if len(content) > MAX_BODY:
            raise too_big
        return content.decode()
    except ValueError as error:  # UnicodeError is one, binascii.Error too
        detail = "The body is not text in UTF-8. Send JSON in UTF-8."
        raise refused(HTTPStatus.BAD_REQUEST, detail, name="body") from error


def _check_json(body: str, content_type: str) -> None:
    if not _JSON.fullmatch(content_type.strip()):
        raise refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "The body must be JSON in UTF-8. Set Content-Type: application/json.",
            name="Content-Type",
        )
    too_deep = refused(
        HTTPStatus.BAD_REQUEST,
        f"The body is nested more than {MAX_DEPTH} levels deep. Send it flat.",
        name="body",
    )
    try:
        value = json.loads(body)
    except RecursionError as error:
        raise too_deep from error
    except ValueError as error:
        detail = "The body is not JSON. Send an object such as {}."
        raise refused(HTTPStatus.BAD_REQUEST, detail, name="body") from error
    if _is_deeper(value, MAX_DEPTH):
        raise too_deep
    if not isinstance(value, dict):
        raise _unprocessable("The body must be a JSON object.", name="body")


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether more objects and lists than that lie within each other."""
    layer = [value]
    for _ in range(levels + 1):
        holders = [each for each in layer if isinstance(each, (dict, list))]
        if not holders:
            return False
        layer = [
            inner
            for holder in holders
            for inner in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return True


def _unprocessable(detail: str, *, name: str) -> Refused:
    return refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail, name=name)
