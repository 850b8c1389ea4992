"""A local HTTP endpoint that speaks the wire format of an AWS service (rest-json)."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import unquote

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StringShape, StructureShape

from tests.fakes.local_server import Handler, LocalServer

Json = dict[str, Any]


class Refusal(Exception):
    """An error that the service answers with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass
class AwsEndpoint(LocalServer):
    """An AWS service.

    Attributes:
        answer: gets path and body, gives the answer's body, or raises `Refusal`.
        failures: raised first, one per request, in this order.
        requests: path and body of each request, oldest first.
        headers: of each request.
    """

    answer: Callable[[str, Json], Json]
    failures: list[Refusal] = field(default_factory=list)
    requests: list[tuple[str, Json]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        return super().__enter__()

    def handler(self) -> type[Handler]:
        return _handler_for(self)

    @contextmanager
    def reached_by(self, service: str) -> Iterator[None]:
        """Clients of this service that are made meanwhile call this endpoint."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}", self.url)
            patch.setenv("AWS_ACCESS_KEY_ID", "local")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "local")
            yield

    def reply(self, path: str, body: Json, headers: dict[str, str]) -> Json:
        with self._lock:
            self.requests.append((path, body))
            self.headers.append(headers)
            if self.failures:
                raise self.failures.pop(0)
        return self.answer(path, body)


def _handler_for(endpoint: AwsEndpoint) -> type[Handler]:
    class RestJson(Handler):
        def do_POST(self) -> None:  # noqa: N802  # http.server's name
            body = json.loads(self.read_body())
            try:
                path = unquote(self.path)
                self.send_json(200, endpoint.reply(path, body, dict(self.headers)))
            except Refusal as error:
                code = {"x-amzn-ErrorType": error.code}
                self.send_json(error.status, {"message": str(error)}, code)

    return RestJson


def service_model(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def check(shape: Shape, value: Any, where: str = "") -> None:
    """Refuse what the service model forbids; botocore itself does not look at upper limits."""
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return
        _require(isinstance(value, dict), where, "an object")
        for name in shape.required_members:
            _require(name in value, f"{where}.{name}", "given")
        for name, member in value.items():
            _require(name in shape.members, f"{where}.{name}", "known")
            check(shape.members[name], member, f"{where}.{name}")
        return
    size = value
    if isinstance(shape, ListShape):
        _require(isinstance(value, list), where, "a list")
        for member in value:
            check(shape.member, member, f"{where}[]")
        size = len(value)
    elif isinstance(shape, StringShape):
        _require(isinstance(value, str), where, "a string")
        _require(not shape.enum or value in shape.enum, where, f"one of {shape.enum}")
        size = len(value)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    _require(low is None or size >= low, where, f"{low} or more")
    _require(high is None or size <= high, where, f"{high} or less")


def _require(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise Refusal("ValidationException", f"{where} must be {what}")
