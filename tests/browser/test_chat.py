"""The chat page in a real browser, against the real app."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from msp_core.bootstrap import Services
from msp_core.settings import Settings
from tests.browser.conftest import App
from tests.fakes.openai_server import OpenAiServer, Reply, ToolCall

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

QUESTION = "VPN drops every hour, what do we do?"
LONG_ANSWER = " ".join(
    f"This is sentence number {number} of a slow answer." for number in range(60)
)


@pytest.fixture
def page(browser: "Browser", app: App) -> "Iterator[Page]":
    """A page that fails the test when it reaches out, or complains on its console.

    It asks for the app so that it is closed before the app is stopped.
    """
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(60_000)
    outside: list[str] = []
    complaints: list[str] = []
    opened.on(
        "request", lambda request: outside.append(request.url) if _is_outside(request.url) else None
    )
    opened.on(
        "console",
        lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None,
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.close()
    assert not outside
    assert not complaints


def _is_outside(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1"


def _open(page: "Page", app: App, customer_id: str = "northwind") -> None:
    page.goto(f"{app.url}/?customer={customer_id}")
    page.get_by_text("How can I help?").wait_for()


def _say(page: "Page", text: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(text)
    box.press("Enter")


def _settle(page: "Page") -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def _gone(page: "Page", button: str) -> None:
    """Wait until no such button is left; the page draws itself once more after an answer."""
    from playwright.sync_api import expect

    expect(page.get_by_role("button", name=button)).to_have_count(0)
    _settle(page)


def _answer(page: "Page") -> str:
    return page.get_by_test_id("stChatMessage").last.inner_text()


def _has_stopped(page: "Page") -> None:
    page.get_by_text("Stopped. What was written until then is kept.").wait_for()


def test_an_answer_with_sources_survives_reload_and_restart(page: "Page", app: App) -> None:
    app.start()
    _open(page, app)
    _say(page, QUESTION)
    page.get_by_text("simulated").wait_for()
    _settle(page)
    answer = _answer(page)
    assert "phase 2 lifetime and rekey mismatch" in answer
    assert "[article:" not in answer

    page.get_by_test_id("stPopover").first.get_by_role("button").click()
    page.get_by_text(re.compile("^article:vpn-")).wait_for()

    page.reload()
    page.get_by_text("simulated").wait_for()
    _settle(page)
    assert _answer(page) == answer

    address = urlsplit(page.url).query
    page.goto("about:blank")
    app.stop()
    app.start()
    page.goto(f"{app.url}/?{address}")
    page.get_by_text("simulated").wait_for()
    _settle(page)
    assert _answer(page) == answer


def test_stop_keeps_what_was_written(page: "Page", app: App) -> None:
    with OpenAiServer([Reply(text=LONG_ANSWER, chunk_delay_s=0.1)]) as server:
        app.start(**_openai(server))
        _open(page, app)
        _say(page, "Tell me slowly")
        page.get_by_text("sentence number 1 of").wait_for()
        assert "sentence number 59" not in _answer(page)  # it streams
        page.get_by_role("button", name="Stop").click()
        _has_stopped(page)
        _settle(page)
        answer = _answer(page)
        assert "sentence number 1 of" in answer
        assert "sentence number 59" not in answer
        page.reload()
        _has_stopped(page)
        assert _answer(page) == answer
        assert page.get_by_test_id("stChatInputTextArea").is_enabled()


def test_stop_acts_while_the_model_is_silent(page: "Page", app: App) -> None:
    with OpenAiServer(
        [Reply(text="Too late.", chunk_delay_s=30), Reply(text="Here I am.")]
    ) as server:
        app.start(**_openai(server))
        _open(page, app)
        _say(page, "Are you there?")
        page.get_by_text(re.compile(r"Thinking · \d+ s")).wait_for()
        page.get_by_role("button", name="Stop").click()
        page.set_default_timeout(10_000)
        _has_stopped(page)
        _settle(page)
        assert "Too late." not in _answer(page)
        _say(page, "And now?")
        page.get_by_text("Here I am.").wait_for()
        assert "Here I am." in _answer(page)


def test_leaving_during_an_answer_keeps_what_was_written(page: "Page", app: App) -> None:
    with OpenAiServer([Reply(text=LONG_ANSWER, chunk_delay_s=0.1)]) as server:
        app.start(**_openai(server))
        _open(page, app)
        _say(page, "Tell me slowly")
        page.get_by_text("sentence number 1 of").wait_for()
        page.reload()
        page.get_by_text("sentence number 1 of").wait_for()
        _has_stopped(page)
        assert "sentence number 59" not in _answer(page)


def test_a_change_is_approved_in_the_browser(page: "Page", app: App, state_dir: Path) -> None:
    with OpenAiServer(_creates_a_ticket("Printer on fire")) as server:
        app.start(**_openai(server))
        _open(page, app, "keller")
        _say(page, "Look it up, then open a ticket")
        page.get_by_text("Approval needed").wait_for()
        assert _titles(state_dir, "keller") == []
        page.reload()
        page.get_by_role("button", name="Approve").click()
        page.get_by_text("All settled.").wait_for()
        _gone(page, "Approve")
        assert _titles(state_dir, "keller") == ["Printer on fire"]


def test_a_change_is_declined_in_the_browser(page: "Page", app: App, state_dir: Path) -> None:
    with OpenAiServer(_creates_a_ticket("Never to be")) as server:
        app.start(**_openai(server))
        _open(page, app, "medora")
        _say(page, "Look it up, then open a ticket")
        page.get_by_role("button", name="Decline").click()
        page.get_by_text("All settled.").wait_for()
        _gone(page, "Decline")
        assert _titles(state_dir, "medora") == []


def test_a_failing_model_is_told_kindly_and_the_conversation_goes_on(
    page: "Page", app: App
) -> None:
    broken = [True]

    def reply(request: object) -> Reply:
        return Reply(status=400, text="out of order") if broken[0] else Reply(text="Well again.")

    with OpenAiServer(reply) as server:
        app.start(**_openai(server))
        _open(page, app)
        _say(page, "Hello?")
        page.get_by_text("No model answered").wait_for()
        _settle(page)
        assert "Well again." not in _answer(page)
        broken[0] = False
        _say(page, "Hello again?")
        page.get_by_text("Well again.").wait_for()
        assert "Well again." in _answer(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_page_needs_no_sideways_scrolling(
    browser: "Browser", app: App, scheme: str
) -> None:
    app.start()
    page = browser.new_page(
        viewport={"width": 400, "height": 850},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.set_default_timeout(60_000)
    _open(page, app)
    _say(page, QUESTION)
    page.get_by_text("simulated").wait_for()
    _settle(page)
    for name in ("stMainBlockContainer", "stChatMessage"):
        wide = page.get_by_test_id(name).last.evaluate("it => it.scrollWidth - it.clientWidth")
        assert wide <= 0, name


def _openai(server: OpenAiServer) -> dict[str, str]:
    return {
        "MSP_MODEL_PROVIDER": "openai",
        "MSP_MODEL_URL": server.url,
        "MSP_WEAK_MODEL": "small",
        "MSP_STRONG_MODEL": "large",
    }


def _creates_a_ticket(title: str) -> list[Reply]:
    """Reads first, because only after that a new ticket needs approval."""
    search = ToolCall("search_knowledge", {"query": "vpn"}, "call_1")
    create = ToolCall("create_ticket", {"title": title, "description": "Flames."}, "call_2")
    return [Reply(tool_calls=(search,)), Reply(tool_calls=(create,)), Reply(text="All settled.")]


def _titles(state_dir: Path, customer_id: str) -> list[str]:
    services = Services(Settings(state_dir=state_dir), Path(__file__).parents[2] / "data")
    return [
        ticket.title for ticket in services.desk.find(services.local_scope(customer_id)).tickets
    ]
