import time

import pytest

from msp_core.importing.mail_thread import Mail, split_thread

OUTLOOK = """It works, thanks.

From: Dana Ruiz <dana@desk.example>
Sent: Monday, March 2, 2026 10:30 AM
To: Rosa
Subject: RE: scan

Please restart it.

From: Rosa Aguirre
Sent: Monday, March 2, 2026 9:12 AM
To: Support
Subject: scan

It fails."""


def test_outlook_heads():
    assert split_thread(OUTLOOK) == [
        Mail("", "", "It works, thanks."),
        Mail("dana@desk.example", "Monday, March 2, 2026 10:30 AM", "Please restart it."),
        Mail("Rosa Aguirre", "Monday, March 2, 2026 9:12 AM", "It fails."),
    ]


@pytest.mark.parametrize(
    ("line", "author", "sent"),
    [
        (
            "On Mon, Mar 2, 2026 at 3:30 AM Dana Ruiz <dana@d.example> wrote:",
            "dana@d.example",
            "Mon, Mar 2, 2026 at 3:30 AM",
        ),
        ("On 2 Mar 2026, at 10:30, Dana Ruiz wrote:", "Dana Ruiz", "2 Mar 2026, at 10:30"),
        (
            "Am Mo., 2. März 2026 um 10:30 Uhr schrieb Dana Ruiz <d@d.example>:",
            "d@d.example",
            "Mo., 2. März 2026 um 10:30 Uhr",
        ),
        (
            "El lun, 2 mar 2026 a las 10:30, Dana Ruiz escribió:",
            "Dana Ruiz",
            "lun, 2 mar 2026 a las 10:30",
        ),
        (
            "Le lun. 2 mars 2026 à 10:30, Dana Ruiz a écrit :",
            "Dana Ruiz",
            "lun. 2 mars 2026 à 10:30",
        ),
        (
            "On Mon, Mar 2, 2026 at 3:30 AM Dana Ruiz\n<dana@d.example> wrote:",
            "dana@d.example",
            "Mon, Mar 2, 2026 at 3:30 AM",
        ),
    ],
)
def test_lines_of_attribution(line, author, sent):
    assert split_thread(f"New.\n\n{line}\n> Old\n> text") == [
        Mail("", "", "New."),
        Mail(author, sent, "Old\ntext"),
    ]


def test_original_message_and_forward():
    first, second = split_thread("FYI\n-----Original Message-----\nFrom: A B\nTo: C\n\nHello")
    assert (first.text, second.author, second.text) == ("FYI", "A B", "Hello")
    first, second = split_thread("---------- Forwarded message ---------\nVon: A B\nAn: C\n\nHallo")
    assert (first.text, second.author) == ("", "A B")


def test_a_trailing_block_of_quotes():
    assert [mail.text for mail in split_thread("ok\n\n> a\n>\n> b\n")] == ["ok", "a\n\nb"]


@pytest.mark.parametrize(
    "text",
    [
        "> all of it\n> is quoted",
        "see:\n> the log line\nwhat does it mean?",
        "From: nobody else",
        "On the roof we wrote:",
        "a\n---\nb",
        "",
    ],
)
def test_what_is_no_thread_stays_one(text):
    assert [mail.text for mail in split_thread(text)] == [text]


def test_windows_line_ends():
    assert len(split_thread(OUTLOOK.replace("\n", "\r\n"))) == 3


@pytest.mark.parametrize(
    "piece", [">a\nb\n", "> ", "On 1 1:11 ", "From: a\nTo: b\n", "_" * 20 + "\n"]
)
def test_time_is_bounded(piece):
    started = time.perf_counter()
    split_thread(piece * 20_000)
    assert time.perf_counter() - started < 10
