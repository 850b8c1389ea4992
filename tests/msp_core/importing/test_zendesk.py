import json

import pytest

from msp_core.data_check.folder import read_folder
from tests.fakes.import_folders import contents, tickets_of


@pytest.fixture
def result(bring, exports):
    return bring("zendesk", exports / "zendesk", mapping=exports / "zendesk" / "mapping.toml")


def test_ticket_with_its_words_people_and_ids(result):
    ticket = tickets_of(result.folder)["1041"]
    assert ticket["ticket_id"].startswith("TKT-20260302-")
    assert (ticket["status"], ticket["priority"], ticket["category"]) == (
        "Resolved",
        "High",
        "Hardware",
    )
    assert ticket["customer_id"] == "aspen"
    assert ticket["requester"] == "rosa.aguirre@aspen.example"
    assert ticket["assigned_to"] == "dana@desk.example"
    assert ticket["team"] == "field-services"
    assert ticket["tags"] == ["hardware", "scan", "source:zendesk-1041"]
    assert ticket["attachments"] == [{"name": "display.jpg", "size": 183224}]
    assert result.report.lost_attachments == ["display.jpg"]


def test_comments_become_notes_and_a_quoted_repeat_goes(result):
    notes = tickets_of(result.folder)["1041"]["notes"]
    assert [note["visibility"] for note in notes] == ["internal", "public", "public"]
    assert notes[2]["text"] == "It works now, thank you!"
    assert "1. open Settings\n2. choose `OAuth`" in notes[1]["text"]


def test_history_comes_from_the_audits(result):
    history = tickets_of(result.folder)["1041"]["history"]
    moves = [(line["from"], line["to"]) for line in history if line["field"] == "status"]
    assert moves == [
        (None, "Open"),
        ("Open", "In Progress"),
        ("In Progress", "On Hold"),
        ("On Hold", "Resolved"),
    ]


def test_an_incomplete_history_is_left_out(bring, exports, tmp_path):
    source = json.loads((exports / "zendesk" / "audits.json").read_text())
    del source["audits"][1]["events"][0]  # new -> open
    (tmp_path / "audits.json").write_text(json.dumps(source))
    others = [exports / "zendesk" / name for name in ("tickets.json", "people.json")]
    mapping = exports / "zendesk" / "mapping.toml"
    result = bring("zendesk", *others, tmp_path / "audits.json", mapping=mapping)
    history = tickets_of(result.folder)["1041"]["history"]
    assert {line["field"] for line in history} == {"priority"}
    assert result.report.noted["histories of status left out, being incomplete"] == 1


def test_a_link_to_an_imported_article_is_a_citation(result):
    resolution = tickets_of(result.folder)["1041"]["resolution"]
    assert resolution["article_ids"] == ["zendesk-36000987"]
    assert resolution["at"] == "2026-03-04T16:01:10Z"


def test_an_incident_of_a_problem_is_its_duplicate_and_its_customer_found_by_domain(result):
    tickets = tickets_of(result.folder)
    assert tickets["1042"]["duplicate_of"] == tickets["1041"]["ticket_id"]
    assert tickets["1042"]["customer_id"] == "aspen"
    assert tickets["1042"]["resolution"]["text"] == "No resolution text in the export."


def test_what_cannot_be_taken_is_rejected_with_its_place(result):
    listed = {str(row).split(":")[1]: row.reason for row in result.report.rejected}
    assert [str(row).rsplit(":", 1)[0][:20] for row in result.report.rejected]
    reasons = " | ".join(map(str, result.report.rejected))
    assert "articles.json:4: article 36000999: it is a draft" in reasons
    assert "tickets.json:50: ticket 1043: customer: the ticket names none" in reasons
    assert "ticket 1044: it was deleted" in reasons
    assert "'awaiting_parts' is not known" in reasons
    assert len(listed) == 4


def test_article_is_markdown_and_public(result):
    folder, check = read_folder(result.folder)
    assert not check.problems
    (article,) = folder.articles
    assert (article.article_id, article.audience) == ("zendesk-36000987", "public")
    assert "  - on the sticker" in article.text
    assert "| Port | 587 |" in article.text
    assert "alert" not in article.text


def test_customers_bring_what_the_mapping_says(result):
    (customer,) = json.loads((result.folder / "customers.json").read_text())
    assert (customer["customer_id"], customer["timezone"]) == ("aspen", "America/Denver")


def test_the_full_export_has_one_ticket_a_line_with_people_inside(bring, tmp_path):
    ticket = {
        "id": 7,
        "created_at": "2026-03-02T09:00:00Z",
        "updated_at": "2026-03-02T10:00:00Z",
        "subject": "VPN",
        "description": "down",
        "status": "open",
        "priority": "low",
        "requester_id": 1,
        "requester": {"id": 1, "name": "Ann", "email": "ann@acme.example"},
        "organization_id": 3,
        "organization": {"id": 3, "name": "Acme"},
        "tags": [],
        "comments": [
            {
                "id": 1,
                "author_id": 1,
                "body": "down",
                "public": True,
                "created_at": "2026-03-02T09:00:00Z",
            },
            {
                "id": 2,
                "author_id": 9,
                "body": "looking",
                "public": False,
                "created_at": "2026-03-02T10:00:00Z",
            },
        ],
    }
    lines = [json.dumps(ticket), '{"id": 8, broken', json.dumps({**ticket, "id": 9})]
    (tmp_path / "tickets.json").write_text("\n".join(lines))
    result = bring("zendesk", tmp_path / "tickets.json")
    tickets = tickets_of(result.folder)
    assert list(tickets) == ["7", "9"]
    assert [note["author"] for note in tickets["7"]["notes"]] == ["zendesk-user-9"]
    assert str(result.report.rejected[0]).startswith("tickets.json:2: not JSON")


def test_twice_the_same_is_the_same_folder(bring, exports):
    mapping = exports / "zendesk" / "mapping.toml"
    first = contents(bring("zendesk", exports / "zendesk", mapping=mapping).folder)
    assert contents(bring("zendesk", exports / "zendesk", mapping=mapping).folder) == first
    assert contents(bring("zendesk", exports / "zendesk", mapping=mapping, out="b").folder) == first
