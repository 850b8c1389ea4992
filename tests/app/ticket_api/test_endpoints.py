import json
from pathlib import Path

import pytest

from app.ticket_api.event import HttpRequest, make_event
from msp_core.errors import DependencyFailed
from tests.fakes.ticket_api import ALTA, KELLER, NOW, PERSON, Desk, claims_of

EXAMPLE = {
    "title": "VPN Connection Issues",
    "description": "Users reporting intermittent VPN disconnections",
    "priority": "High",
    "category": "Network",
}
KEYS = {
    "TicketId", "CustomerId", "Title", "Description", "Status", "Priority", "Category", "Requester",
    "AssignedTo", "Team", "Tags", "CreatedAt", "UpdatedAt", "Version", "SlaDue", "Resolution",
    "DuplicateOf",
}  # fmt: skip


def test_the_request_of_the_specification_passes(desk: Desk) -> None:
    answer = desk.call("ana", "POST", "/tickets", EXAMPLE)
    assert answer.status == 201
    assert answer.body["message"] == "Ticket created successfully"
    ticket = answer.body["ticket"]
    assert set(ticket) == KEYS
    assert ticket["CreatedAt"] == "2026-11-02T09:00:00Z"
    assert (ticket["Status"], ticket["Priority"], ticket["Category"]) == ("Open", "High", "Network")
    assert ticket["CustomerId"] == ALTA
    assert answer.headers["Location"] == f"/tickets/{ticket['TicketId']}"
    assert answer.headers["ETag"] == '"1"'
    assert ticket["SlaDue"]["Respond"].endswith("Z")


def test_what_is_not_said_has_its_default(desk: Desk) -> None:
    ticket = desk.call("ana", "POST", "/tickets", {"title": "a", "description": "b"}).body["ticket"]
    assert (ticket["Priority"], ticket["Category"], ticket["Status"]) == (
        "Medium",
        "General",
        "Open",
    )


def test_everything_that_can_be_said_is_kept(desk: Desk) -> None:
    ticket = desk.create(
        customer=KELLER,
        assigned_to="tom",
        team="network-ops",
        tags=["vpn", "vpn", "branch"],
        note="call first",
        note_visibility="internal",
        status="In Progress",
    )
    assert (ticket["AssignedTo"], ticket["Team"], ticket["Status"], ticket["Tags"]) == (
        "tom", "network-ops", "In Progress", ["vpn", "branch"],
    )  # fmt: skip
    (note,) = desk.call("tom", "GET", f"/tickets/{ticket['TicketId']}").body["ticket"]["Notes"]
    assert (note["Text"], note["Visibility"], note["Author"]) == ("call first", "internal", "tom")


def test_several_customers_and_none_named(desk: Desk) -> None:
    answer = desk.call("tom", "POST", "/tickets", EXAMPLE)
    assert (answer.status, answer.fields) == (422, ["customer_id"])
    assert desk.ids() == []


def test_update_with_its_note_in_one_version(desk: Desk) -> None:
    ticket_id = desk.create()["TicketId"]
    change = {"status": "Resolved", "resolution": "New cable.", "note": "done", "assigned_to": "x"}
    answer = desk.call("tom", "PATCH", f"/tickets/{ticket_id}", change)
    assert (answer.status, answer.body["message"]) == (200, "Ticket updated successfully")
    assert answer.headers["ETag"] == '"2"'
    assert answer.body["ticket"]["Resolution"] == {
        "At": "2026-11-02T09:00:00Z", "Text": "New cable.", "ArticleIds": [],
    }  # fmt: skip
    again = desk.call("tom", "PATCH", f"/tickets/{ticket_id}", {"assigned_to": ""})
    assert again.body["ticket"]["AssignedTo"] is None


def test_a_stale_etag_is_refused_and_nothing_is_written(desk: Desk) -> None:
    path = f"/tickets/{desk.create()['TicketId']}"
    stale = {"If-Match": '"1"'}
    assert desk.call("tom", "PATCH", path, {"priority": "Low"}, headers=stale).status == 200
    # Illegal too by now, but that is only so because of the other change.
    for body in ({"priority": "High"}, {"status": "Resolved"}):
        answer = desk.call("tom", "PATCH", path, body, headers=stale)
        assert (answer.status, answer.fields) == (412, ["If-Match"])
    assert desk.call("mia", "DELETE", path, headers=stale).status == 412
    assert desk.call("tom", "GET", path).body["ticket"]["Version"] == 2
    assert desk.call("mia", "DELETE", path, headers={"If-Match": '"2"'}).status == 200


def test_a_deleted_ticket_is_gone(desk: Desk) -> None:
    path = f"/tickets/{desk.create()['TicketId']}"
    answer = desk.call("mia", "DELETE", path)
    assert (answer.status, answer.body) == (200, {"message": "Ticket deleted successfully"})
    for method in ("GET", "DELETE"):
        assert desk.call("mia", method, path).status == 404


def test_pages_are_merged_over_the_callers_customers(desk: Desk) -> None:
    made = {desk.create(customer=customer)["TicketId"] for customer in [ALTA, KELLER] * 3}
    seen, query = [], {"limit": 4}
    while True:
        page = desk.call("tom", "GET", "/tickets", query=query).body
        seen += [row["TicketId"] for row in page["tickets"]]
        if page["next_cursor"] is None:
            break
        query = {"limit": 4, "cursor": page["next_cursor"]}
    assert seen == sorted(made, reverse=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "In Progress"}, ["a"]),
        ({"priority": "High"}, ["b"]),
        ({"category": "Security"}, ["b"]),
        ({"assigned_to": "tom & co"}, ["a"]),
        ({"customer_id": KELLER}, ["c"]),
        ({"status": "Closed"}, []),
    ],
)
def test_filters(desk: Desk, query: dict[str, str], found: list[str]) -> None:
    desk.create(title="a", status="In Progress", assigned_to="tom & co")
    desk.create(title="b", priority="High", category="Security")
    desk.create(title="c", customer=KELLER)
    rows = desk.call("tom", "GET", "/tickets", query=query).body["tickets"]
    assert [row["Title"] for row in rows] == found


def test_one_key_makes_one_ticket(desk: Desk) -> None:
    key = {"Idempotency-Key": "order-66"}
    first, again = (desk.call("ana", "POST", "/tickets", EXAMPLE, headers=key) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    other = desk.call("ana", "POST", "/tickets", EXAMPLE | {"title": "x"}, headers=key)
    assert (other.status, other.fields) == (422, ["Idempotency-Key"])
    assert len(desk.ids()) == 1
    # The key is Ana's; another person's own request is another one.
    assert desk.call("kim", "POST", "/tickets", EXAMPLE, headers=key).status == 201


def test_a_key_counts_across_midnight(tmp_path: Path) -> None:
    key = {"Idempotency-Key": "late"}
    late = Desk(tmp_path, {"now": NOW.replace(hour=23, minute=59, second=59)})
    early = Desk(tmp_path, {"now": NOW.replace(day=3, hour=0)})
    token = claims_of(PERSON["ana"]) | {"exp": 2_000_000_000}
    made = [desk.call(token, "POST", "/tickets", EXAMPLE, headers=key) for desk in (late, early)]
    assert made[0].body == made[1].body


def test_a_patch_with_a_key_counts_once(desk: Desk) -> None:
    path = f"/tickets/{desk.create()['TicketId']}"
    for _ in range(2):
        answer = desk.call(
            "tom", "PATCH", path, {"note": "hello"}, headers={"Idempotency-Key": "k"}
        )
        assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert len(desk.call("tom", "GET", path).body["ticket"]["Notes"]) == 1


def test_health_is_public_and_says_what_does_not_work(desk: Desk) -> None:
    assert desk.call(None, "GET", "/health").body["status"] == "ok"
    (desk.folder / "tickets.db").write_bytes(b"this is no database" * 100)
    broken = Desk(desk.folder).call(None, "GET", "/health")
    assert (broken.status, broken.body["status"]) == (503, "degraded")
    assert broken.body["parts"] == {"tickets": "unavailable", "customers": "ok", "teams": "ok"}
    assert str(desk.folder) not in json.dumps(broken.body)


def test_a_damaged_store_is_a_problem_without_inner_matters(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.folder).mkdir(exist_ok=True)
    (desk.folder / "tickets.db").write_bytes(b"this is no database" * 100)
    with caplog.at_level("INFO", "ticket-api"):
        answer = desk.call("tom", "GET", "/tickets", headers={"X-Correlation-Id": "trace-2"})
    assert answer.status == 500
    failed, answered = caplog.records
    assert failed.exc_info is not None
    assert vars(failed)["correlation_id"] == vars(answered)["correlation_id"] == "trace-2"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert str(desk.folder) not in json.dumps(answer.body)


def test_what_cannot_be_reached_is_logged_with_its_id(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    sent = [("X-Correlation-Id", "trace-3")]
    event = make_event(HttpRequest("GET", "/tickets", "", sent, b"", "127.0.0.1"), None)
    answered = desk.api.refuse(event, DependencyFailed("the table is throttled"))
    assert (answered["statusCode"], answered["headers"]["Retry-After"]) == (503, "1")
    assert "throttled" not in answered["body"]
    assert "throttled" in caplog.text
    assert {vars(record)["correlation_id"] for record in caplog.records} == {"trace-3"}


def test_only_the_configured_origin_may_read_from_a_browser(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"cors_origins": ("https://desk.example.com",)})
    good = desk.call(None, "OPTIONS", "/tickets", headers={"Origin": "https://desk.example.com"})
    assert good.status == 204
    assert good.headers["Access-Control-Allow-Origin"] == "https://desk.example.com"
    assert "If-Match" in good.headers["Access-Control-Allow-Headers"]
    bad = desk.call("tom", "GET", "/tickets", headers={"Origin": "https://evil.example.com"})
    assert "Access-Control-Allow-Origin" not in bad.headers
    # A browser must be able to read errors too.
    refused = desk.call(None, "GET", "/tickets", headers={"Origin": "https://desk.example.com"})
    assert refused.status == 401
    assert "Access-Control-Allow-Origin" in refused.headers
