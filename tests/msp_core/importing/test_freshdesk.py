import pytest

from msp_core.data_check.folder import read_folder
from tests.fakes.import_folders import tickets_of


@pytest.fixture
def result(bring, exports):
    return bring("freshdesk", exports / "freshdesk", mapping=exports / "freshdesk" / "mapping.toml")


def test_numbers_are_the_documented_words(result):
    tickets = tickets_of(result.folder)
    ticket = tickets["2001"]
    assert (ticket["status"], ticket["priority"], ticket["category"]) == (
        "Closed", "High", "Software",
    )  # fmt: skip
    assert tickets["2002"]["status"] == "On Hold"
    assert ticket["team"] == "servers-backup"
    assert ticket["customer_id"] == "brook-logistics-gmbh"
    assert tickets["2002"]["customer_id"] == "brook-logistics-gmbh"  # by the mail's domain


def test_conversations_articles_and_attachments(result):
    ticket = tickets_of(result.folder)["2001"]
    assert [note["visibility"] for note in ticket["notes"]] == ["internal", "public"]
    assert ticket["notes"][0]["author"] == "sam.ode@desk.example"
    assert ticket["resolution"]["article_ids"] == ["freshdesk-4400012"]
    assert ticket["resolution"]["at"] == "2026-04-02T09:40:00Z"
    assert ticket["attachments"] == [{"name": "job.log", "size": 4120}]
    assert ticket["description"].endswith("Best regards\nInes Kramer")


def test_the_older_export_with_wrappers(result):
    ticket = tickets_of(result.folder)["1501"]
    assert (ticket["status"], ticket["created_at"]) == ("Resolved", "2026-02-03T09:00:00Z")
    assert ticket["notes"][0]["text"] == "Credential entry removed."
    assert ticket["tags"] == ["outlook", "source:freshdesk-1501"]


def test_the_folders_visibility_decides_who_reads(result):
    folder, _ = read_folder(result.folder)
    audiences = {article.article_id: article.audience for article in folder.articles}
    assert audiences == {"freshdesk-4400012": "internal", "freshdesk-4400013": "public"}


def test_unknown_status_and_spam_are_rejected(result):
    reasons = " | ".join(map(str, result.report.rejected))
    assert "ticket 2003: status: '12' is not known" in reasons
    assert "ticket 2004: it was deleted or is spam" in reasons


def test_an_unmapped_category_field_is_rejected_never_guessed(bring, exports, tmp_path):
    mapping = tmp_path / "m.toml"
    mapping.write_text('[fields]\ncategory = "custom_fields.cf_area"\n')
    result = bring("freshdesk", exports / "freshdesk", mapping=mapping)
    assert "2001" not in tickets_of(result.folder)
    assert any("category: 'Backup' is not known" in row.reason for row in result.report.rejected)
