import pytest

from eval.reporting.figure import clip, with_interval, write_value


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.8416, "percent", "84.2%"),
        (-0.0, "percent", "0.0%"),
        (-0.0004, "ratio", "0.000"),
        (0.8416, "ratio", "0.842"),
        (12.3, "usd", "$12.30"),
        (12345.6, "usd", "$12,346"),
        (3.14, "ms", "3.1 ms"),
        (31.4, "ms", "31 ms"),
    ],
)
def test_forms(value: float, form, text: str) -> None:
    assert write_value(value, form) == text


def test_an_interval_or_the_lack_of_one() -> None:
    shown = {"value": 0.5, "low": 0.4, "high": 0.6}
    assert with_interval(shown, "ratio") == "0.500 (95% interval 0.400 to 0.600)"
    assert with_interval({**shown, "low": None}, "ratio") == "0.500 (no interval)"


def test_clip_leaves_one_printable_line() -> None:
    assert clip("a\x00b\n\n c\ud800\x1b[31m") == "a b c [31m"
    assert clip("word " * 100, 12) == "word word w…"
    assert len(clip("x" * 500)) == 240
