"""The OpenAPI description, and the running server against it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.ticket_api.document import openapi_document
from tests.fakes.ticket_api import PERSON, ROOT, serving

SECONDS, SEED = 60, 7
RULES = """
[checks]
# Rules between fields (resolved needs a resolution, a foreign customer) cannot stand in a schema.
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422"]
# 415: a body of another kind is refused before its fields are looked at.
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "413", "415", "422"]
"""


def test_the_committed_description_is_current() -> None:
    committed = json.loads((ROOT / "docs/ticket-api.json").read_text(encoding="utf-8"))
    assert (
        committed == openapi_document()
    ), "python -m app.ticket_api.document > docs/ticket-api.json"


def test_it_names_every_endpoint_and_who_may_call_it() -> None:
    document = openapi_document()
    found = {
        (method, path): operation.get("security", [])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    token = [{"token": []}]
    assert document["openapi"] == "3.1.0"
    assert found == {
        ("post", "/tickets"): token,
        ("get", "/tickets"): token,
        ("get", "/tickets/{ticketId}"): token,
        ("patch", "/tickets/{ticketId}"): token,
        ("delete", "/tickets/{ticketId}"): token,
        ("get", "/health"): [],
    }
    assert "#/components/schemas/ProblemField" in json.dumps(document)


@pytest.mark.long
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "api.json").write_text(json.dumps(openapi_document()), encoding="utf-8")
    with serving(tmp_path / "state") as server:
        token = server.token(PERSON["mia"])
        for customer in sorted(PERSON["mia"].customer_ids):
            said = {"title": "a", "description": "b", "customer_id": customer}
            assert server.call(token, "POST", "/tickets", said).status == 201
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "run", "api.json", f"--url=http://127.0.0.1:{server.port}",
                f"--header=Authorization:Bearer {token}", "--checks=all", f"--seed={SEED}",
                "--generation-database=none", "--continue-on-failure", f"--max-time={SECONDS}",
                "--no-color", "--warnings=off",
            ],
            cwd=tmp_path,
            env=os.environ | {"COLUMNS": "120"},
            capture_output=True,
            text=True,
            timeout=SECONDS * 4,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
