import pytest

from msp_core.routing.language import guess_language, is_foreign


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The printer on the second floor is broken", "English"),
        ("no internet", "English"),
        ("Der Drucker im Erdgeschoss geht nicht", "German"),
        ("Kein Internet", "German"),
        ("L'imprimante ne marche plus", "French"),
        ("Mi portátil no arranca desde ayer", "Spanish"),
        ("Buongiorno, la stampante non funziona più", "Italian"),
        ("de printer op kantoor werkt niet", "Dutch"),
        ("Принтер не работает", "other"),
        ("打印机坏了", "other"),
        ("Nie działa drukarka w księgowości, proszę o pomoc", "other"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert guess_language(text) == language
    assert is_foreign(text) == (language != "English")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "VPN?",
        "printer offline",
        "TKT-20260102-0A1B2C3D",
        "ERROR 0x80070005 svchost.exe",
        "Café Zürich router offline since Monday",
        "😀😀",
        "1 2 3",
        "Greg Halloran, 16:05 et",
    ],
)
def test_what_tells_too_little_is_not_called_foreign(text: str) -> None:
    assert not is_foreign(text)


def test_a_long_message_takes_no_time() -> None:
    assert guess_language("der Drucker " * 100_000) == "German"
