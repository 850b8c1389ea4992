import pytest

from msp_core.data_check.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The printer is offline again and we cannot print", "English"),
        ("Der Drucker ist seit heute offline, bitte um Hilfe", "German"),
        ("La impresora no funciona desde hoy por la mañana", "Spanish"),
        ("L'imprimante ne fonctionne plus depuis ce matin, merci", "French"),
        ("ERR-4711 SRV-FILE01", "unclear"),
        ("", "unclear"),
    ],
)
def test_language_of(text, language):
    assert language_of(text) == language
