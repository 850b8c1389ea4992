"""What goes wrong between us and DynamoDB; what goes right is in tests/contract."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from moto import mock_aws

from msp_core.dynamodb.failures import ConditionFailed
from msp_core.dynamodb.item import MAX_ITEM_BYTES, Item, Write
from msp_core.dynamodb.shape import TableShape
from msp_core.dynamodb.table import Table
from msp_core.errors import ConfigurationError, DependencyFailed, InvalidInput
from msp_core.tickets.dynamodb_items import TICKETS_TABLE

ITEM: Item = {"pk": "a", "sk": "META"}


@contextmanager
def answering(
    monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, dict[str, Any]]
) -> Iterator[list[str]]:
    """An endpoint that gives these answers in turn, the last one for ever; yields the calls."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = answers[min(len(asked), len(answers) - 1)]
            asked.append(self.headers["X-Amz-Target"].partition(".")[2])
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()


def endpoint(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


def table() -> Table:
    return Table("our-tickets", region="eu-central-1")


def failure(code: str, message: str = "why", **more: Any) -> tuple[int, dict[str, Any]]:
    return 400, {"__type": f"com.amazonaws.dynamodb#{code}", "message": message, **more}


def cancelled(*codes: str) -> tuple[int, dict[str, Any]]:
    reasons = [{"Code": code} for code in codes]
    return failure("TransactionCanceledException", CancellationReasons=reasons)


def test_a_table_that_is_not_there_is_named() -> None:
    with (
        mock_aws(),
        pytest.raises(ConfigurationError, match=r"no DynamoDB table our-tickets in eu"),
    ):
        table().get("a")


def test_without_credentials_it_says_how_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(ConfigurationError, match="aws sso login"):
        table().get("a")


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException"])
def test_what_is_not_permitted_is_told(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    with answering(monkeypatch, failure(code)), pytest.raises(ConfigurationError, match=code):
        table().get("a")


def test_an_endpoint_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint(monkeypatch, f"http://127.0.0.1:{free.getsockname()[1]}")
    with pytest.raises(DependencyFailed, match="AWS_ENDPOINT_URL_DYNAMODB"):
        table().get("a")


def test_a_conflict_of_transactions_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    conflict = cancelled("None", "TransactionConflict")
    with answering(monkeypatch, conflict, conflict, (200, {})) as asked:
        table().write([Write(ITEM), Write({**ITEM, "sk": "b"})])
    assert asked == ["TransactWriteItems"] * 3


def test_a_conflict_that_never_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msp_core.dynamodb.table._TRIES", 3)
    with (
        answering(monkeypatch, cancelled("TransactionConflict")) as asked,
        pytest.raises(DependencyFailed, match="too busy after 3 attempts"),
    ):
        table().write([Write(ITEM)])
    assert len(asked) == 3


def test_a_condition_that_fails_beside_a_conflict_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = cancelled("ConditionalCheckFailed", "TransactionConflict")
    with answering(monkeypatch, answer) as asked, pytest.raises(ConditionFailed):
        table().write([Write(ITEM), Write({**ITEM, "sk": "b"})])
    assert len(asked) == 1


def test_what_was_left_of_a_batch_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    left = {"our-tickets": [{"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"S": "META"}}}}]}
    answers = [(200, {"UnprocessedItems": left}), (200, {"UnprocessedItems": {}})]
    with answering(monkeypatch, *answers) as asked:
        table().put_all([ITEM])
    assert asked == ["BatchWriteItem"] * 2
    keys = {"our-tickets": {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "META"}}]}}
    found = {"our-tickets": [{"pk": {"S": "a"}, "sk": {"S": "META"}}]}
    answers = [
        (200, {"Responses": {}, "UnprocessedKeys": keys}),
        (200, {"Responses": found, "UnprocessedKeys": {}}),
    ]
    with answering(monkeypatch, *answers):
        assert table().get_many(["a"]) == [ITEM]


def test_another_refusal_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        answering(monkeypatch, failure("ValidationException", "odd")),
        pytest.raises(DependencyFailed, match="ValidationException: odd"),
    ):
        table().get("a")


def test_an_item_that_is_too_big_is_refused_before_it_is_sent() -> None:
    for value in ("😀" * (MAX_ITEM_BYTES // 4), b"x" * MAX_ITEM_BYTES):
        with pytest.raises(InvalidInput, match="longer than 400 KB"):
            table().write([Write({**ITEM, "text": value})])


def test_the_shape_says_what_terraform_must_make() -> None:
    request = TICKETS_TABLE.request("our-tickets")
    keyed = {row["AttributeName"] for row in request["AttributeDefinitions"]}
    assert keyed == {
        "pk",
        "sk",
        "customer_id",
        "customer_status",
        "assigned_to",
        "queue",
        "listed_at",
    }
    assert [row["IndexName"] for row in request["GlobalSecondaryIndexes"]] == [
        "by_customer",
        "by_status",
        "by_assignee",
        "by_queue",
    ]
    assert isinstance(TICKETS_TABLE, TableShape)
