import pytest

from msp_core.assistant.verification import Evidence, SentenceBuffer, find_citations, find_problems

TICKET = "TKT-20261102-0A1B2C3D"
OTHER = "TKT-20261102-FFFFFFFF"


@pytest.fixture
def evidence() -> Evidence:
    found = Evidence(
        {"article:vpn": "Raise the lifetime.\nRestart the client.", f"ticket:{TICKET}": "x"}
    )
    found.saw_text(f"see {TICKET.lower()}")
    return found


@pytest.mark.parametrize(
    "sentence",
    [
        "Plain text.",
        "Raise it [article:vpn].",
        f"As in [ticket:{TICKET}] and {TICKET}.",
        "Two [article:vpn][article:vpn], or (article:vpn).",
        "The article: see below.",
        "An article:",
    ],
)
def test_what_rests_on_evidence_may_be_said(sentence: str, evidence: Evidence) -> None:
    assert find_problems(sentence, evidence) == []


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("[article:none].", ["article:none"]),
        ("[article:vpn] [article:none] [article:none]", ["article:none"]),
        ("[article:vpn2]", ["article:vpn2"]),
        ("[article:vpn, article:none]", ["article:none"]),
        ("(see article:none)", ["article:none"]),
        ("[ARTICLE:NONE]", ["ARTICLE:NONE"]),
        (f"[ticket:{OTHER}]", [f"ticket:{OTHER}"]),
        (f"{OTHER} is done", [OTHER]),
        (f"**{OTHER.lower()}** is done", [OTHER]),
        (f"{TICKET}, {OTHER} and {OTHER}", [OTHER]),
    ],
)
def test_what_does_not_is_a_problem(sentence: str, named: list[str], evidence: Evidence) -> None:
    problems = find_problems(sentence, evidence)
    assert len(problems) == len(named)
    for problem, name in zip(problems, named, strict=True):
        assert f" {name}," in problem


def test_a_citation_comes_with_the_part_it_rests_on(evidence: Evidence) -> None:
    assert list(find_citations("Restart your client [article:vpn].", evidence)) == [
        ("article:vpn", "Restart the client.")
    ]


TEXTS = [
    "One. Two!  Three?\nFour\n\n- five. 3.5 GB\n",
    "a [article:vpn]. b [article:vpn] c",
    "x.\n![a.\nb](http://e.example) y. z",
    "x ![never closed. And on.\n\nNew paragraph. End",
    "<img\nsrc=x> y. z",
    "-----BEGIN PRIVATE KEY-----\na\nb\n-----END PRIVATE KEY-----\nc. d",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_pieces_are_the_text_whatever_the_deltas(text: str, size: int) -> None:
    def cut(step: int) -> list[str]:
        buffer = SentenceBuffer()
        pieces = []
        for start in range(0, len(text), step):
            pieces += buffer.push(text[start : start + step])
        pieces.append(buffer.rest())
        assert buffer.rest() == ""
        return pieces

    assert "".join(cut(size)) == text


def pieces(text: str) -> list[str]:
    buffer = SentenceBuffer()
    return [*(piece for letter in text for piece in buffer.push(letter)), buffer.rest()]


def test_sentences_come_as_soon_as_they_are_whole() -> None:
    assert pieces("One. Two is 3.5 GB. ok\nThree")[:3] == ["One. ", "Two is 3.5 GB. ", "ok\n"]


@pytest.mark.parametrize(
    "whole",
    [
        "![a. b](http://e.example)",
        "![a\nb](http://e.example)",
        "<img\nsrc='a. b'>",
        "-----BEGIN RSA PRIVATE KEY-----\na\nb\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_the_guard_must_see_whole_is_not_cut(whole: str) -> None:
    assert any(whole in piece for piece in pieces(f"First. {whole} and. Last."))


def test_an_image_that_is_never_closed_holds_one_paragraph_only() -> None:
    assert pieces("![a. b\n\nNext. Last")[-2:] == ["Next. ", "Last"]


def test_a_long_text_takes_no_time() -> None:
    buffer = SentenceBuffer()
    for _ in range(300):
        buffer.push("![a. ")
    for _ in range(2000):
        buffer.push("word. ")
    assert buffer.rest()
