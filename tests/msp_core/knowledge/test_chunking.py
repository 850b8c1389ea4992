import pytest

from msp_core.knowledge.chunking import TARGET_SIZE, pack, size, split_headings

SENTENCE = "The gateway drops the tunnel when both ends disagree about the lifetime. "


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in pack(text, [(0, len(text))])]


def sections(text: str) -> list[tuple[str, str]]:
    return [(name, text[start:end]) for name, (start, end) in split_headings(text)]


def test_headings_give_sections_with_their_path() -> None:
    text = "Intro.\n\n# Fix\n## On the server\nDo.\n## About C# ##\n\n    code\n\n# Empty\n"
    assert sections(text) == [
        ("", "Intro."),
        ("Fix - On the server", "Do."),
        ("Fix - About C#", "    code"),
    ]


def test_a_comment_in_a_code_block_is_no_heading() -> None:
    text = "## Run\n```bash\n# not a heading\nls\n```\n~~~\n```\n# nor this\n~~~\n## After\nEnd."
    assert [name for name, _ in sections(text)] == ["Run", "After"]


def test_inline_backticks_at_a_line_start_open_no_block() -> None:
    text = "```ping``` it.\n# Next\nText."
    assert [name for name, _ in sections(text)] == ["", "Next"]


def test_a_blank_text_has_no_section_and_no_chunk() -> None:
    assert split_headings(" \n\n") == []
    assert pack(" \n\n", [(0, 3)]) == []


def test_short_text_stays_whole_and_long_prose_is_cut_near_the_target() -> None:
    assert cut(SENTENCE) == [SENTENCE.rstrip()]
    chunks = cut(SENTENCE * 60)
    assert len(chunks) > 4
    assert all(TARGET_SIZE / 2 < size(chunk) <= TARGET_SIZE for chunk in chunks[:-1])
    assert all(chunk.endswith("lifetime.") for chunk in chunks)


@pytest.mark.parametrize(
    "block",
    [
        "```powershell\n" + "Get-Service Spooler | Restart-Service\n\n" * 34 + "```",
        "| Code | Meaning |\n|---|---|\n" + "| 809 | port blocked by a firewall |\n" * 20,
        "1. Open the console.\n\n   ```\n   show vpn\n   ```\n\n"
        + "2. Read each line twice.\n" * 30,
        "- first item that is long\n  continued here\n\n" + "- another item of the list\n" * 28,
    ],
    ids=["fence", "table", "list with a fence", "list"],
)
def test_a_block_is_never_cut_inside(block: str) -> None:
    assert TARGET_SIZE < size(block) <= 2 * TARGET_SIZE
    text = f"{SENTENCE * 8}\n\n{block}\n\n{SENTENCE * 8}"
    assert any(block.rstrip() in chunk for chunk in cut(text))


def test_neighbouring_blocks_of_one_kind_are_two() -> None:
    fence = "```\n" + "restart the service and wait a while\n" * 15 + "```"
    assert cut(f"{fence}\n\n{fence}") == [fence, fence]


def test_a_block_above_the_cap_is_cut_between_lines() -> None:
    line = "2026-03-14 10:22:31 vpn tunnel down reason=dpd peer=203.0.113.7\n"
    chunks = cut("```\n" + line * 200 + "```")
    assert len(chunks) > 3
    assert all(size(chunk) <= 2 * TARGET_SIZE for chunk in chunks)
    assert all(each in (line.rstrip(), "```") for chunk in chunks for each in chunk.split("\n"))


@pytest.mark.parametrize(
    "text",
    ["A" * 50_000, "word " * 5000, "- " + "B" * 9000 + "\n" + "c " * 3000, "```\n" + "x\n" * 9000],
    ids=["one word", "one line", "list", "unclosed fence"],
)
def test_nothing_is_lost_and_nothing_is_too_big(text: str) -> None:
    chunks = cut(text)
    assert "".join("".join(chunks).split()) == "".join(text.split())
    assert all(size(chunk) <= 2 * TARGET_SIZE for chunk in chunks)


def test_short_turns_go_together_and_none_is_cut() -> None:
    turn = SENTENCE * 5
    text = turn * 5
    spans = [(i * len(turn), (i + 1) * len(turn)) for i in range(5)]
    assert [size(text[slice(*span)]) for span in pack(text, spans)] == [120, 120, 60]
