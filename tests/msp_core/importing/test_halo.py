import pytest

from msp_core.data_check.folder import read_folder
from tests.fakes.import_folders import tickets_of


@pytest.fixture
def result(bring, exports):
    return bring("halo", exports / "halo")


def test_names_come_from_the_lists(result):
    tickets = tickets_of(result.folder)
    ticket = tickets["3101"]
    assert (ticket["status"], ticket["priority"], ticket["category"]) == (
        "Closed",
        "Medium",
        "Hardware",
    )
    assert ticket["customer_id"] == "fjord-shipping-as"
    assert ticket["requester"] == "kari.nilsen@fjord.example"
    assert ticket["assigned_to"] == "Lena Moe"
    assert ticket["team"] == "1st-line-support"
    assert tickets["3102"]["priority"] == "Low"


def test_actions_are_notes_and_empty_ones_are_none(result):
    tickets = tickets_of(result.folder)
    assert [note["visibility"] for note in tickets["3101"]["notes"]] == ["internal", "public"]
    assert tickets["3102"]["notes"] == []
    assert tickets["3101"]["resolution"]["article_ids"] == ["halo-15"]
    assert tickets["3101"]["attachments"] == [{"name": "printer.png", "size": 20480}]


def test_a_merged_ticket_is_a_duplicate(result):
    tickets = tickets_of(result.folder)
    assert tickets["3102"]["duplicate_of"] == tickets["3101"]["ticket_id"]


def test_the_list_as_csv_comes_along(result):
    ticket = tickets_of(result.folder)["3090"]
    assert ticket["description"] == "The VPN is slow\nsince Friday"
    assert (ticket["status"], ticket["priority"]) == ("On Hold", "High")


def test_a_status_that_no_list_names_is_rejected(result):
    assert [row.reason for row in result.report.rejected if "3103" in row.reason] == [
        "ticket 3103: status: '77' is not known; say what it means under [values.status] in the "
        "mapping file"
    ]


def test_articles_are_internal_unless_said_and_both_parts_stand_in_them(result):
    (article,) = read_folder(result.folder)[0].articles
    assert article.audience == "internal"
    assert article.text == (
        "A switch port is shut after a loop.\n\n## Resolution\n\n"
        "Run `shutdown`, then `no shutdown`."
    )


def test_clients_without_tickets_are_customers_too(result):
    assert "quiet-client-ltd" in read_folder(result.folder)[0].customers
