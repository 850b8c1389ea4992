"""What each endpoint is registered with, for the OpenAPI description."""

from typing import Any

from pydantic import BaseModel

from app.ticket_api.problems import CONTENT_TYPE

SCHEME = "token"
PROBLEM_SCHEMA = {"$ref": "#/components/schemas/ProblemBody"}
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
    responses: dict[int, Any] = {
        code: {"description": text, "content": {CONTENT_TYPE: {"schema": PROBLEM_SCHEMA}}}
        for code, text in _PROBLEMS.items()
    }
    good = {"description": "done", "content": {"application/json": {"model": answer}}}
    responses[status] = good
    if public:
        responses[503] = {**good, "description": "something does not work"}
    return {
        "operation_id": operation_id,
        "responses": responses,
        "security": [] if public else [{SCHEME: []}],
    }
