from msp_core.knowledge.statistics.query_terms import query_terms


def test_stop_words_single_characters_and_repeats_go() -> None:
    assert query_terms("Why is the C: drive on SRV-FS-02 a Drive?") == ["drive", "srv", "fs", "02"]


def test_operators_and_quotes_cannot_be_terms() -> None:
    assert query_terms('"x" OR NEAR(vpn*) AND -fire:wall ^ {title}: x_y') == [
        "near",
        "vpn",
        "fire",
        "wall",
        "title",
    ]


def test_error_codes_and_other_scripts_stay() -> None:
    assert query_terms("0x80070005 Müller 再生") == ["0x80070005", "müller", "再生"]
    assert query_terms("?!") == []
