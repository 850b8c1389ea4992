"""What OpenSearch Serverless refuses, and a server that answers as a test tells it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.local_server import Handler, LocalServer

Json = dict[str, Any]
Answer = tuple[int, Json]


@dataclass(frozen=True)
class Request:
    """One call; a bulk body is a list of its lines."""

    method: str
    path: str
    parameters: Json
    body: Any
    headers: Json = field(default_factory=dict, compare=False)


ALLOWED = {
    "_bulk",
    "_count",
    "_mapping",
    "_search",
    "_search/pipeline",
    "_search/point_in_time",
    "",
}


def check_serverless(request: Request) -> None:
    """Fail for what a vector collection of OpenSearch Serverless does not take (FACTS: read)."""
    parts = request.path.strip("/").split("/")
    if not parts[0].startswith("_"):
        parts = parts[1:]
    if parts[:2] == ["_search", "pipeline"]:
        parts = parts[:2]
    assert "/".join(parts) in ALLOWED, f"Serverless has no {request.method} {request.path}"
    forbidden = {"refresh", "routing", "wait_for_active_shards"} & request.parameters.keys()
    assert not forbidden, f"Serverless takes no {forbidden}"
    if parts == ["_bulk"]:
        for line in request.body:
            for verb in ("index", "create", "update"):
                if isinstance(line.get(verb), dict):
                    assert verb != "update", "no update by a custom _id"
                    assert "_id" not in line[verb], "no custom _id"
    if request.method == "PUT" and parts in ([], [""]):
        settings = request.body["settings"]["index"]
        assert settings.keys() <= {"knn"}, "shards and replicas are not ours to set"


@dataclass
class OpenSearchServer(LocalServer):
    """A vector collection that checks each request.

    Attributes:
        answer: gives the status and body for a request.
    """

    answer: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def handler(self) -> type[Handler]:
        return _handler_for(self)


def _handler_for(server: OpenSearchServer) -> type[Handler]:
    class Collection(Handler):
        def _answer(self) -> None:
            content = self.read_body()
            url = urlsplit(self.path)
            parameters = {name: values[0] for name, values in parse_qs(url.query).items()}
            body: Any = [json.loads(line) for line in content.splitlines()]
            if not url.path.endswith("/_bulk"):
                body = json.loads(content or b"null")
            headers = dict(self.headers)
            request = Request(self.command, url.path, parameters, body, headers)
            server.requests.append(request)
            try:
                check_serverless(request)
            except AssertionError as error:
                server.problems.append(str(error))
            status, reply = server.answer(request)
            self.send_json(status, reply)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815  # http.server's

    return Collection
