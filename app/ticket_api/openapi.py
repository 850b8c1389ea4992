"""The OpenAPI 3.1 description of the Ticket API."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer
from pydantic import BaseModel

from app.ticket_api.models import ProblemBody
from app.ticket_api.problems import CONTENT_TYPE
from msp_core import __version__

_SCHEME = "token"
_PROBLEMS = {
    400: "not JSON in UTF-8",
    401: "no token, or one that does not count",
    403: "the role may not",
    404: "no such ticket that the caller can see",
    409: "changed by somebody else at the same moment",
    412: "no longer at the version of If-Match",
    413: "a body of more than 256 KB",
    415: "not application/json",
    422: "a field, parameter or header that is not valid",
    500: "something is wrong here",
    503: "not now; Retry-After says when",
}


def described(
    operation_id: str, answer: type[BaseModel], *, status: int = 200, public: bool = False
) -> dict[str, Any]:
    """What an endpoint is registered with: its name, what it answers, and who may call it."""
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    problem.pop("$defs")
    responses: dict[int, Any] = {
        code: {"description": text, "content": {CONTENT_TYPE: {"schema": problem}}}
        for code, text in _PROBLEMS.items()
    }
    good = {"description": "done", "content": {"application/json": {"model": answer}}}
    responses[status] = good
    if public:
        responses[503] = {**good, "description": "something does not work"}
    return {
        "operation_id": operation_id,
        "responses": responses,
        "security": [] if public else [{_SCHEME: []}],
    }


def openapi_document(resolver: APIGatewayHttpResolver) -> str:
    """The description of the resolver's endpoints, as JSON."""
    return resolver.get_openapi_json_schema(
        title="Ticket API",
        version=__version__,
        openapi_version="3.1.0",
        security_schemes={_SCHEME: HTTPBearer(bearerFormat="JWT")},
    )
