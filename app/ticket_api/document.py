"""The OpenAPI 3.1 description of the Ticket API: `python -m app.ticket_api.document`."""

import json
from typing import Any

from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from app.ticket_api.handler import make_resolver
from app.ticket_api.models import ProblemBody
from app.ticket_api.openapi import SCHEME
from msp_core import __version__

_NEVER_ANSWERED = ("HTTPValidationError", "ResponseValidationError", "ValidationError")


def openapi_document() -> dict[str, Any]:
    """The description: powertools' own, with our problem documents in place of its errors."""
    text = make_resolver().get_openapi_json_schema(
        title="Ticket API",
        version=__version__,
        openapi_version="3.1.0",
        security_schemes={SCHEME: HTTPBearer(bearerFormat="JWT")},
    )
    document: dict[str, Any] = json.loads(text)
    schemas = document["components"]["schemas"]
    for name in _NEVER_ANSWERED:
        schemas.pop(name, None)
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"ProblemBody": problem}
    created = document["paths"]["/tickets"]["post"]["responses"]["201"]
    created["links"] = {
        name: {"operationId": name, "parameters": {"ticketId": "$response.body#/ticket/TicketId"}}
        for name in ("read_ticket", "update_ticket", "delete_ticket")
    }
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                parameter["schema"] = _sent_as_text(parameter["schema"])
    return document


def _sent_as_text(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out or has a value; there is no way to send null."""
    options: list[dict[str, Any]] = schema.get("anyOf", [schema])
    (value,) = (option for option in options if option.get("type") != "null")
    return value | {key: schema[key] for key in ("title", "description") if key in schema}


if __name__ == "__main__":
    print(json.dumps(openapi_document(), indent=2))  # noqa: T201
