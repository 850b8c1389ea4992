import pytest

from msp_core.routing.meaning import is_courtesy, what_is_meant
from msp_core.routing.request import RouteRequest

HISTORY = ("We were hacked.", "ok", "Yes please")


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes, please.",
        "ok thanks",
        "2",
        "the second one",
        "go ahead!",
        "yes do it",
        "No",
        "ja bitte",
        "oui, merci",
        "sí, adelante",
    ],
)
def test_a_low_signal_message_means_what_it_answers(text: str) -> None:
    assert what_is_meant(RouteRequest(text, HISTORY)).text == "We were hacked."


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("yes, delete it", "delete it"),
        ("Thanks, but that one too", "that one too"),
        ("still no change", "still no change"),
        ("ok and now?", "now?"),
        ("what should I do next?", "what should I do next?"),
        ("danke, aber es geht immer noch nicht", "es geht immer noch nicht"),
    ],
)
def test_one_that_goes_on_adds_to_what_was_said(text: str, own: str) -> None:
    assert what_is_meant(RouteRequest(text, HISTORY)).text == f"We were hacked.\n{own}"


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, but now 40 users cannot print. Find the root cause.",
        "2 laptops are broken",
        "no idea",
        "close the ticket about the mouse",
        "thanks",
        "Vielen Dank!",
        "Hello",
        "",
    ],
)
def test_a_message_that_says_something_stands_for_itself(text: str) -> None:
    assert what_is_meant(RouteRequest(text, HISTORY)).text == text


def test_a_yes_means_the_question_too_and_a_no_does_not() -> None:
    asked = "There are five old laptops. Shall I wipe them?"
    yes = RouteRequest("yes", ("clean up the old laptops",), asked=asked)
    assert what_is_meant(yes).text == "clean up the old laptops\nShall I wipe them?"
    no = RouteRequest("no", ("clean up the old laptops",), asked=asked)
    assert what_is_meant(no).text == "clean up the old laptops"


def test_without_history_a_low_signal_message_stays() -> None:
    assert what_is_meant(RouteRequest("yes")).text == "yes"


@pytest.mark.parametrize("word", ["yes ", "thanks, but ", "still ", "? ", "\n"])
def test_a_long_row_of_low_signal_words_takes_no_time(word: str) -> None:
    text = word * 20_000 + "x"
    assert what_is_meant(RouteRequest(text, ("before",), asked=text)).text


@pytest.mark.parametrize(
    "text", ["thanks!", "hola", "Guten Morgen", "merci beaucoup", "mil gracias"]
)
def test_a_courtesy_is_one_in_any_of_the_languages(text: str) -> None:
    assert is_courtesy(text)


@pytest.mark.parametrize("text", ["", "yes", "gracias, ¿y ahora?", "hello, the printer"])
def test_what_says_or_decides_something_is_none(text: str) -> None:
    assert not is_courtesy(text)
