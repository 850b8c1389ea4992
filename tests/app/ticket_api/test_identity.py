"""Who asks, what a role may, and that nothing crosses from one customer to another."""

import json

import pytest

from tests.fakes.ticket_api import ALTA, KELLER, NOW, PERSON, Desk, claims_of

SECOND = int(NOW.timestamp())


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example.com"},
        {"aud": "another-client"},
        {"token_use": "access"},
        {"exp": SECOND},
        {"exp": "nan"},
        {"exp": "soon"},
        {"nbf": SECOND + 61},
        {"iat": SECOND + 3600},
        {"sub": ""},
        {"sub": "ana#create"},
        {"custom:role": "root"},
        {"custom:customers": ""},
        {"custom:customers": "alta-foods,../keller"},
    ],
    ids=str,
)
def test_a_token_that_does_not_count(desk: Desk, changed: dict[str, object]) -> None:
    claims = claims_of(PERSON["ana"]) | changed
    answer = desk.call(claims, "GET", "/tickets")
    assert (answer.status, answer.body["status"]) == (401, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_clocks_may_differ_a_little(desk: Desk) -> None:
    claims = claims_of(PERSON["ana"], iat=SECOND + 59, exp=str(SECOND + 1))
    assert desk.call(claims, "GET", "/tickets").status == 200


@pytest.mark.parametrize(
    ("who", "body"),
    [
        ("ana", {"assigned_to": "tom"}),
        ("ana", {"team": "network-ops"}),
        ("ana", {"team": "no-team"}),
        ("ana", {"status": "In Progress"}),
        ("ana", {"note": "x", "note_visibility": "internal"}),
    ],
)
def test_what_a_role_may_not_create(desk: Desk, who: str, body: dict[str, str]) -> None:
    answer = desk.call(who, "POST", "/tickets", {"title": "a", "description": "b"} | body)
    assert answer.status == 403
    assert desk.ids() == []


def test_a_customer_changes_little(desk: Desk) -> None:
    path = f"/tickets/{desk.create()['TicketId']}"
    internal = {"note": "x", "note_visibility": "internal"}
    for body in ({"priority": "High"}, {"title": "x"}, internal):
        assert desk.call("ana", "PATCH", path, body).status == 403
    for who in ("ana", "tom"):
        assert desk.call(who, "DELETE", path).status == 403
    assert desk.call("ana", "GET", "/tickets", query={"assigned_to": "tom"}).status == 403
    assert desk.call("ana", "PATCH", path, {"note": "thanks"}).status == 200


def test_a_customer_sees_nothing_internal(desk: Desk) -> None:
    secret = "the router's password is on the desk"
    ticket = desk.create(assigned_to="tom", note=secret, note_visibility="internal")
    path = f"/tickets/{ticket['TicketId']}"
    answers = [
        desk.call("ana", "GET", path),
        desk.call("ana", "GET", "/tickets"),
        desk.call("ana", "PATCH", path, {"note": "hello"}),
    ]
    for answer in answers:
        assert answer.status == 200
        assert secret not in json.dumps(answer.body)
        assert '"tom"' not in json.dumps(answer.body).replace('"Requester": "tom"', "")


def test_a_foreign_ticket_looks_like_none(desk: Desk) -> None:
    path = f"/tickets/{desk.create(customer=KELLER)['TicketId']}"
    none = "/tickets/TKT-20260101-00000000"
    for method, body in (("GET", None), ("PATCH", {"note": "x"}), ("DELETE", None)):
        foreign, missing = (desk.call("ana", method, p, body) for p in (path, none))
        assert (foreign.status, foreign.body) == (missing.status, missing.body)
        assert foreign.status == (403 if method == "DELETE" else 404)
    assert desk.call("kim", "GET", path).body["ticket"]["Version"] == 1


@pytest.mark.parametrize("customer", [KELLER, "nobody"])
def test_a_foreign_customer_looks_like_none(desk: Desk, customer: str) -> None:
    created = desk.call(
        "ana", "POST", "/tickets", {"title": "a", "description": "b", "customer_id": customer}
    )
    listed = desk.call("ana", "GET", "/tickets", query={"customer_id": customer})
    for answer in (created, listed):
        assert (answer.status, answer.fields) == (422, ["customer_id"])
        assert answer.body["detail"].endswith(f"You can for: {ALTA}.")
    assert desk.ids() == []


def test_a_customer_of_the_token_that_the_desk_does_not_know(desk: Desk) -> None:
    said = {"title": "a", "description": "b"}
    for customers, named in (
        ("nobody", {}),
        ("nobody", {"customer_id": "nobody"}),
        (f"{ALTA},nobody", {"customer_id": "nobody"}),
    ):
        claims = claims_of(PERSON["tom"]) | {"custom:customers": customers}
        answer = desk.call(claims, "POST", "/tickets", said | named)
        assert (answer.status, answer.fields) == (422, ["customer_id"])
        assert desk.call(claims, "GET", "/tickets").body["tickets"] == []


def test_a_cursor_serves_its_own_list_only(desk: Desk) -> None:
    for customer in [ALTA, KELLER] * 2:
        desk.create(customer=customer)
    cursor = desk.call("tom", "GET", "/tickets", query={"limit": 1}).body["next_cursor"]
    for who, query in (
        ("ana", {}),
        ("tom", {"status": "Open"}),
        ("tom", {"customer_id": ALTA}),
    ):
        answer = desk.call(who, "GET", "/tickets", query=query | {"cursor": cursor})
        assert (answer.status, answer.fields) == (422, ["cursor"])
