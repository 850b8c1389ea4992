"""Whatever is sent: a problem document of 4xx that names the field, and nothing is written."""

import json
from datetime import timedelta

import pytest

from msp_core.tickets.cursor import CURSOR_LIFE
from tests.fakes.ticket_api import NOW, PERSON, Desk, claims_of

GOOD = {"title": "a", "description": "b"}
JSON = {"Content-Type": "application/json"}
MISSING = "/tickets/TKT-20260101-00000000"
SECOND = timedelta(seconds=1)


def refused(answer, status: int, *fields: str) -> str:
    """Checks the whole problem document, and returns its `detail`."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.body) == {"type", "title", "status", "detail", "errors"}
    assert answer.body["status"] == status
    assert answer.fields == list(fields)
    return str(answer.body["detail"])


@pytest.mark.parametrize(
    ("raw", "headers", "status", "field"),
    [
        (b"{", JSON, 400, "body"),
        (b"", JSON, 400, "body"),
        (b"[" * 100_000, JSON, 400, "body"),
        (b"9" * 5000, JSON, 400, "body"),
        (b'{"title": "\xff"}', JSON, 400, "body"),
        (b"null", JSON, 422, "body"),
        (b"[1]", JSON, 422, "body"),
        (b"x" * 450_000, JSON, 413, "body"),
        (b'"' + "\u00fc".encode() * 140_000 + b'"', JSON, 413, "body"),
        (json.dumps(GOOD).encode(), {}, 415, "Content-Type"),
        (json.dumps(GOOD).encode(), {"Content-Type": "text/plain"}, 415, "Content-Type"),
        (b"--x", {"Content-Type": "multipart/form-data"}, 415, "Content-Type"),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "Content-Type"),
        (b"{}", {"Content-Type": "application/json; charset=latin-1"}, 415, "Content-Type"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/tickets"), ("PATCH", MISSING)])
def test_bodies_that_are_no_json_object(
    desk: Desk, method: str, path: str, raw: bytes, headers: dict[str, str], status: int, field: str
) -> None:
    refused(desk.call("tom", method, path, raw=raw, headers=headers), status, field)
    assert desk.ids() == []


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_a_body_that_is_nested_too_deeply(desk: Desk, opening: str, closing: str) -> None:
    for depth in (33, 500, *range(900, 1001)):
        inner = opening * (depth - 1) + "1" + closing * (depth - 1)
        raw = f'{{"zzz": {inner}}}'.encode()
        for method, path in (("POST", "/tickets"), ("PATCH", MISSING)):
            refused(desk.call("tom", method, path, raw=raw, headers=JSON), 400, "body")
    assert desk.call("tom", "GET", "/tickets", raw=raw, headers=JSON).status == 200


def test_nesting_that_is_still_read(desk: Desk) -> None:
    raw = ('{"zzz": ' + "[" * 31 + "]" * 31 + "}").encode()
    answer = desk.call("tom", "PATCH", MISSING, raw=raw, headers=JSON)
    assert "zzz" in refused(answer, 422, "zzz")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": None}, "title"),
        ({"title": 5}, "title"),
        ({"title": ""}, "title"),
        ({"title": " \t"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "bell \x07"}, "title"),
        ({"title": float("nan")}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"description": "x" * 20_001}, "description"),
        ({"priority": "Urgent"}, "priority"),
        ({"priority": None}, "priority"),
        ({"category": ["Network"]}, "category"),
        ({"status": "Closed"}, "status"),
        ({"tags": "vpn"}, "tags"),
        ({"tags": ["ok", ""]}, "tags.1"),
        ({"tags": ["x"] * 21}, "tags"),
        ({"team": "No Team"}, "team"),
        ({"assigned_to": None}, "assigned_to"),
        ({"assigned_to": "x" * 65}, "assigned_to"),
        ({"note": {"text": "x"}}, "note"),
        ({"note_visibility": "internal"}, "note_visibility"),
        ({"customer_id": "Keller!"}, "customer_id"),
        ({"TicketId": "TKT-20260101-00000000"}, "TicketId"),
        ({"unknown \ud800": 1}, "body"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_values_that_a_ticket_cannot_have(desk: Desk, said: dict[str, object], field: str) -> None:
    refused(desk.call("ana", "POST", "/tickets", GOOD | said), 422, field)
    assert desk.ids() == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "body"),
        ({"status": "Open"} | {"resolution": "done"}, "resolution"),
        ({"status": "Resolved"}, "resolution"),
        ({"status": "Gone"}, "status"),
        ({"title": None}, "title"),
        ({"customer_id": "keller"}, "customer_id"),
        ({"note_visibility": "public"}, "note_visibility"),
        ({"team": "no-team"}, "team"),
    ],
    ids=str,
)
def test_changes_that_cannot_be(desk: Desk, said: dict[str, object], field: str) -> None:
    path = f"/tickets/{desk.create()['TicketId']}"
    refused(desk.call("tom", "PATCH", path, said), 422, field)
    assert desk.call("tom", "GET", path).body["ticket"]["Version"] == 1


def test_an_illegal_status_move(desk: Desk) -> None:
    path = f"/tickets/{desk.create()['TicketId']}"
    desk.call("tom", "PATCH", path, {"status": "Resolved", "resolution": "done"})
    refused(desk.call("tom", "PATCH", path, {"status": "On Hold"}), 422, "status")
    assert desk.call("tom", "GET", path).body["ticket"]["Status"] == "Resolved"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=101", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("limit=1e1", "limit"),
        ("limit=5.0", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=%205", "limit"),
        ("limit=%D9%A5", "limit"),
        ("limit=", "limit"),
        ("status=open", "status"),
        ("status=Open&status=Closed", "status"),
        ("status=Open,Closed", "status"),
        ("status=", "status"),
        ("priority=null", "priority"),
        ("customer_id=%F0%9F%98%80", "customer_id"),
        ("colour=red", "colour"),
        ("cursor=", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("cursor=%00%ff", "cursor"),
        ("cursor=" + "A" * 1001, "cursor"),
        ("assigned_to=" + "x" * 65, "assigned_to"),
    ],
)
def test_parameters_of_a_list(desk: Desk, query: str, field: str) -> None:
    assert field in refused(desk.call("tom", "GET", "/tickets", query=query), 422, field)


def test_a_forged_and_an_expired_cursor(desk: Desk) -> None:
    for _ in range(2):
        desk.create()
    cursor = desk.call("tom", "GET", "/tickets", query={"limit": 1}).body["next_cursor"]
    forged = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    answer = desk.call("tom", "GET", "/tickets", query={"cursor": forged})
    refused(answer, 422, "cursor")
    token = claims_of(PERSON["tom"]) | {"exp": 2_000_000_000}
    for age, status in ((CURSOR_LIFE - SECOND, 200), (CURSOR_LIFE, 422)):
        later = Desk(desk.folder, {"now": NOW + age})
        answer = later.call(token, "GET", "/tickets", query={"cursor": cursor})
        assert answer.status == status
    refused(answer, 422, "cursor")


@pytest.mark.parametrize("etag", ["1", 'W/"1"', '"one"', '"0"', '"1", "2"', '"99999999999"', ""])
def test_a_precondition_that_is_no_etag_of_ours(desk: Desk, etag: str) -> None:
    path = f"/tickets/{desk.create()['TicketId']}"
    answer = desk.call("tom", "PATCH", path, {"priority": "Low"}, headers={"If-Match": etag})
    refused(answer, 422, "If-Match")
    assert desk.call("tom", "GET", path).body["ticket"]["Version"] == 1


@pytest.mark.parametrize("key", ["", "with space", "x" * 129, "\u00fc"])
def test_a_key_that_is_none(desk: Desk, key: str) -> None:
    answer = desk.call("ana", "POST", "/tickets", GOOD, headers={"Idempotency-Key": key})
    refused(answer, 422, "Idempotency-Key")
    assert desk.ids() == []


@pytest.mark.parametrize("ticket_id", ["1", "tkt-20260101-00000000", "TKT-20260101-0000000G"])
def test_an_id_that_is_none(desk: Desk, ticket_id: str) -> None:
    answer = desk.call("tom", "GET", f"/tickets/{ticket_id}")
    assert "ticketId" in refused(answer, 422, "ticketId")


@pytest.mark.parametrize("path", ["/", "/ticket", "/tickets/", "/tickets/a/b", '/tickets/"', "/x"])
def test_a_path_that_is_none(desk: Desk, path: str) -> None:
    assert refused(desk.call("tom", "GET", path), 404)


def test_a_method_that_is_not_there(desk: Desk) -> None:
    answer = desk.call("tom", "PUT", "/tickets", GOOD)
    refused(answer, 405)
    assert answer.headers["Allow"] == "GET, POST"
