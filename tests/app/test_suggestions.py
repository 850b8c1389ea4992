import pytest

from app.client import Client
from app.suggestions import suggestions
from msp_core.customers import read_customers
from tests.app.small_state import SHIPPED_DATA, fill_state, small_data

ANSWERS = {
    "VPN drops every hour for Northwind users, what do we do?": "vpn-northwind-runbook",
    "VPN drops every hour, what do we do?": "vpn-northwind-runbook",
    "The ERP client does not start, what should I check?": "app-alta-erp",
    "A print job does not show at the follow-me device": "print-brightwater-follow-me",
    "The X-ray sensor is not ready, what should I check?": "app-harbor-imaging",
    "May I restart a CNC control PC?": "hw-keller-cnc-pc",
    "A medication cart does not work, what do I do?": "hw-medora-carts",
    "How do I enrol new classroom iPads?": "mdm-pinecrest-ipads",
    "How does the LTE failover at the site offices work?": "net-isp-failover-ridgeline",
    "Outlook keeps asking for the password": "m365-outlook-password-loop",
    "Printing fails with error 0x0000011b": "print-0x0000011b",
}
"""Question -> the article that answers it."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    folder = tmp_path_factory.mktemp("suggestions")
    data = small_data(folder / "data", tuple(dict.fromkeys(ANSWERS.values())))
    return Client(fill_state(folder / "state", data))


@pytest.mark.parametrize("customer_id", [None, *read_customers(SHIPPED_DATA / "customers.json")])
def test_every_suggestion_is_answered_from_its_article(
    client: Client, customer_id: str | None
) -> None:
    questions = [text for text in suggestions(customer_id) if text != "List the open tickets"]
    assert len(questions) == 3
    for number, question in enumerate(questions):
        session = f"s-{customer_id}-{number}"
        events = [event for event in client.send(customer_id, session, question) if event]
        cited = [event["id"] for event in events if event["type"] == "citation"]
        assert cited[:1] == [f"article:{ANSWERS[question]}"], question
