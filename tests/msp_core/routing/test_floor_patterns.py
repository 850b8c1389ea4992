import time

import pytest

from msp_core.routing.floor_patterns import FIRST, floor_words, match_floor


@pytest.mark.parametrize(
    ("text", "floor"),
    [
        ("Somebody signed in to her mailbox from abroad", "security"),
        ("ich habe auf den Link geklickt und mein Passwort eingegeben", "security"),
        ("Mon compte a été piraté", "security"),
        ("nos han robado el portátil", "security"),
        ("none of us can reach the server", "outage"),
        ("Seit heute früh ist das ganze Büro ohne Internet", "outage"),
        ("Panne générale, personne ne peut travailler", "outage"),
        ("nadie puede entrar", "outage"),
        ("Format the NAS and start over", "destructive"),
        ("Alle Snapshots löschen", "destructive"),
        ("Supprime toutes les archives", "destructive"),
        ("Borra todos los tickets", "destructive"),
        ("we want compensation for the lost day", "contract"),
        ("Wer haftet dafür?", "contract"),
        ("qui est responsable et qui paie ?", "contract"),
        ("queremos rescindir", "contract"),
        # The first floor in order, where two are touched.
        ("we were hacked and nobody can work", "security"),
    ],
)
def test_floors_in_four_languages(text: str, floor: str) -> None:
    assert match_floor(text) == floor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "close the ticket",
        "remove the user from the distribution list",
        "which firewall rule allows port 443?",
        "contract renewal date?",
        "the phishing training starts on Monday",
        "the deleted items folder is full",
        "I deleted a file by mistake, can you bring it back?",
        "how do I delete a row in Excel?",
        "only my PC has no network",
        "Has the outage been documented?",
        "what is our SLA plan?",
        # Words of one sentence say nothing on those of the next.
        "Nobody asked. The scanner in room 3 can wait.",
    ],
)
def test_routine_mentions_touch_no_floor(text: str) -> None:
    assert floor_words(text) is None


def test_the_words_are_named() -> None:
    assert floor_words("Hello. Our whole office is offline!") == (
        "outage",
        "whole office is offline",
    )


def test_a_long_message_is_looked_at_from_both_ends() -> None:
    filler = "the toner is low in room 3.\n" * (FIRST // 10)
    assert match_floor(f"we were hacked\n{filler}") == "security"
    assert match_floor(f"{filler}\nwe were hacked") == "security"
    assert match_floor(f"{filler}\nwe were hacked\n{filler}") is None


@pytest.mark.parametrize(
    "text",
    ["a" * 20_000, "the " * 5_000, "all the users " * 1_500, "sent the " * 2_200, "." * 20_000],
)
def test_no_message_takes_long(text: str) -> None:
    started = time.perf_counter()
    match_floor(text)
    assert time.perf_counter() - started < 2
