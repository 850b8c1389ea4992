from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from msp_core.bootstrap import Services
from msp_core.clock import system_clock
from msp_core.conversations.store import Turn

PAGE = Path(__file__).parents[2] / "app" / "streamlit_app.py"
QUESTION = "VPN drops every hour, what do we do?"
CREATE = "create a ticket for this"


@pytest.fixture(autouse=True)
def _fresh_process(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MSP_STATE_DIR", str(services.settings.state_dir))
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def _open(**address: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=30)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def _address(page: AppTest) -> dict[str, str]:
    """AppTest gives a value as it was set: by the test a list, by the page a text."""
    values = dict(page.query_params).items()
    return {name: value if isinstance(value, str) else value[0] for name, value in values}


def _say(page: AppTest, text: str) -> AppTest:
    return page.chat_input[0].set_value(text).run()


def _texts(page: AppTest) -> str:
    elements = [*page.markdown, *page.text, *page.caption, *page.error, *page.info, *page.title]
    return "\n".join(str(element.value) for element in elements)


def _press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    return button.click().run()


def test_an_empty_conversation_offers_questions_of_the_customer() -> None:
    page = _open(customer="northwind")
    assert not page.exception
    assert page.title[0].value == "How can I help?"
    assert "Northwind Traders" in _texts(page)
    _press(page, QUESTION)
    assert "remote-access VPN runbook" in _texts(page)


def test_a_question_is_answered_with_numbered_sources_and_simulated_cost() -> None:
    page = _say(_open(customer="northwind"), QUESTION)
    assert not page.exception
    shown = _texts(page)
    assert QUESTION in shown
    assert ":blue-badge[1]" in shown
    assert "[article:" not in shown
    assert "article:vpn-northwind-runbook" in shown
    assert "**simulated**" in shown
    assert len(page.chat_input) == 1
    assert not page.chat_input[0].disabled


def test_the_address_leads_back_to_the_conversation() -> None:
    page = _say(_open(customer="northwind"), QUESTION)
    st.cache_resource.clear()  # another process
    again = _open(**_address(page))
    assert QUESTION in _texts(again)
    assert ":blue-badge[1]" in _texts(again)


def test_another_customer_starts_another_conversation() -> None:
    page = _say(_open(customer="northwind"), QUESTION)
    page.selectbox[0].set_value("keller").run()
    assert page.title[0].value == "How can I help?"
    assert _address(page) == {"customer": "keller"}
    assert QUESTION not in [button.label for button in page.sidebar.button]


def test_an_earlier_conversation_is_opened_from_the_list() -> None:
    page = _say(_open(customer="northwind"), QUESTION)
    _press(page, "New conversation")
    assert page.title[0].value == "How can I help?"
    listed = [button for button in page.sidebar.button if button.label == QUESTION]
    listed[0].click().run()
    assert "remote-access VPN runbook" in _texts(page)


def test_an_unknown_conversation_says_so_and_starts_another() -> None:
    page = _open(customer="northwind", chat="s-nobodys")
    assert "no conversation" in page.info[0].value
    assert page.title[0].value == "How can I help?"
    assert _address(page) == {"customer": "northwind"}


def test_a_change_waits_is_approved_and_then_has_no_buttons(services: Services) -> None:
    page = _say(_say(_open(customer="northwind"), QUESTION), CREATE)
    assert "Approval needed" in _texts(page)
    assert not services.desk.find(services.local_scope("northwind")).tickets
    _press(page, "Approve")
    assert not page.exception
    assert "Approved" in _texts(page)
    assert "Approve" not in [button.label for button in page.button]
    assert len(services.desk.find(services.local_scope("northwind")).tickets) == 1


def test_a_declined_change_is_not_made_also_after_a_reload(services: Services) -> None:
    page = _say(_say(_open(customer="northwind"), QUESTION), CREATE)
    again = _open(**_address(page))
    _press(again, "Decline")
    assert "Not done" in _texts(again)
    assert "Approve" not in [button.label for button in again.button]
    assert not services.desk.find(services.local_scope("northwind")).tickets


def test_a_change_that_another_message_dropped_cannot_be_approved_any_more(
    services: Services,
) -> None:
    page = _say(_say(_open(customer="northwind"), QUESTION), CREATE)
    _say(page, "thanks")
    assert "Not done" in _texts(page)
    assert not [button for button in page.button if button.label in ("Approve", "Decline")]
    assert not services.desk.find(services.local_scope("northwind")).tickets


def test_a_turn_that_a_crash_cut_off_can_be_asked_again(services: Services) -> None:
    scope, now = services.local_scope("northwind"), system_clock()
    services.conversations.open("s-cut", scope, title=QUESTION, at=now)
    services.conversations.save_turn("s-cut", Turn("t-cut", QUESTION, (), False), at=now)
    page = _open(customer="northwind", chat="s-cut")
    assert "cut off" in _texts(page)
    _press(page, "Ask again")
    assert "remote-access VPN runbook" in _texts(page)
    (turn,) = services.conversations.turns("s-cut", scope)
    assert (turn.turn_id, turn.finished) == ("t-cut", True)


def test_a_message_that_is_not_acceptable_is_answered_kindly() -> None:
    page = _say(_open(customer="northwind"), "bell \x07 rings")
    assert not page.exception
    assert "control" in page.error[0].value


@pytest.mark.parametrize(
    ("name", "value"),
    [("MSP_ROUTING_POLICY", "coin"), ("MSP_MODEL_PROVIDER", "ollama"), ("MSP_STATEDIR", "x")],
)
def test_a_bad_setting_is_a_message_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    page = _open()
    assert not page.exception
    assert page.error
    assert name in _texts(page)


def test_text_of_a_person_is_shown_as_typed() -> None:
    typed = "# VPN *drops*\nevery hour ![x](https://example.com/x.png)"
    page = _say(_open(customer="northwind"), typed)
    assert typed in [element.value for element in page.text]
