"""An HTTP request as the event that an API Gateway HTTP API makes of it (payload format 2.0)."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

_TEXT = re.compile(r"text/|application/(.*\+)?(json|xml)|application/javascript")


@dataclass(frozen=True)
class HttpRequest:
    """What came over the wire; `headers` as pairs, since one may come twice."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str


def make_event(request: HttpRequest, claims: Mapping[str, Any] | None) -> dict[str, Any]:
    """The event.

    Values of a header or parameter that come twice are joined with commas. A body is text when its
    content type says so and it is UTF-8, else base64.

    Args:
        claims: of the token, once checked; API Gateway hands them on as text. None: no token.
    """
    headers: dict[str, str] = {}
    for name, value in request.headers:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    query: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    body, encoded = _body(request.body, headers.get("content-type", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": headers.get("host", "localhost"),
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid4()),
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": encoded,
    }
    if query:
        event["queryStringParameters"] = query
    if claims is not None:
        texts = {name: str(value) for name, value in claims.items()}
        event["requestContext"]["authorizer"] = {"jwt": {"claims": texts, "scopes": None}}
    if body:
        event["body"] = body
    return event


def _body(content: bytes, content_type: str) -> tuple[str, bool]:
    if _TEXT.match(content_type.lower()):
        try:
            return content.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(content).decode(), True
