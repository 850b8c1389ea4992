"""Markdown, HTML and text files of any origin become documents, or say why not."""

import time

import pytest

from msp_core.errors import InvalidInput
from msp_core.knowledge.document import Document, document_chunks
from msp_core.knowledge.sources.file_document import Defaults, file_document, is_document
from msp_core.knowledge.sources.file_source import MAX_BYTES, SourceFile, id_of_path, too_large

PAGE = """<!doctype html><head><title>VPN &amp; Wi-Fi</title><meta name=audience content=public>
<meta name="customer_id" content="keller"><style>p {}</style>
<p>Lead without a closed head.<nav>Menu Home</nav>
<h2>Fix</h2><ol><li>Restart<li>Wait</ol><table><tr><th>a<th>b<tr><td>1<td>2</table>
<script>var x = "spooler"</script>"""


def read(name: str, content: bytes | str, **defaults: object) -> Document:
    raw = content.encode() if isinstance(content, str) else content
    file = SourceFile(id_of_path("file:kb/", name), f"/docs/{name}", raw)
    return file_document(file, Defaults(**defaults), {"keller"})  # type: ignore[arg-type]


def headings(document: Document) -> list[str]:
    return [chunk.heading for chunk in document_chunks(document)]


def test_markdown_with_and_without_front_matter() -> None:
    plain = read("sub dir/print-queue_1.md", "Intro\r\n\r\n## Fix\r\nStop it.")
    assert (plain.document_id, plain.title) == (
        "file:kb/sub%20dir/print-queue_1.md",
        "print queue 1",
    )
    assert headings(plain) == ["", "Fix"]
    assert plain.parts[0].audience == "internal", "nobody said that customers may see it"
    head = "title: No\naudience: public\ncustomer_id: keller\nsuperseded_by: ../b.md\nowner: it\n"
    said = read("sub/a.md", f"---\n{head}---\n\n# Queue\ntext\n")
    assert (said.title, said.customer_id, said.superseded_by) == ("No", "keller", "file:kb/b.md")
    assert said.parts[0].audience == "public"
    assert read("a.md", "text\n# Print queue ##\nmore").title == "Print queue"


def test_a_page_is_read_as_a_browser_reads_it() -> None:
    page = read("a.HTM", PAGE)
    assert (page.title, page.customer_id) == ("VPN & Wi-Fi", "keller")
    assert page.text.startswith("Lead without a closed head.\n\n## Fix\n\n1. Restart\n2. Wait")
    assert "| 1 | 2 |" in page.text
    assert not {"Menu", "spooler", "p {}"} & set(page.text.split())
    assert read("a.html", "<nav>x</nav><main><h1>Top</h1>Body</main>foot").text == "# Top\n\nBody"
    assert (
        read("a.html", "<meta charset=cp1252><p>Gr\u00f6\u00dfe".encode("cp1252")).text == "Größe"
    )


def test_plain_text_has_no_headings() -> None:
    document = read("notes.txt", "# a comment\nrestart", audience="public", customer_id="keller")
    assert headings(document) == [""]
    assert (document.title, document.customer_id) == ("notes", "keller")
    assert read("utf16.txt", "Größe".encode("utf-16")).text == "Größe"
    assert read("rule.md", "---\nruled off\n---\nmore").text.startswith("---")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.md", b"", "no text"),
        ("a.html", b"<script>x</script>", "no text"),
        ("a.txt", b"\x7fELF\x00\x01", "binary"),
        ("a.txt", b"\xe9t\xe9", "UTF-8"),
        ("a.html", b"<meta charset=nonsense>x", "UTF-8"),
        ("a.md", b"---\naudience: everybody\n---\nx", "audience"),
        ("a.md", b"---\na: [1\n---\nx", "YAML"),
        ("a.md", b"---\na: 1\nx", "does not end"),
        ("a.md", b"---\naudiense: internal\n---\nx", "did it mean 'audience'"),
        ("a.md", b"---\ncustomer: keller\n---\nx", "did it mean 'customer_id'"),
        ("a.html", b'<meta name="Audience" content="internal">x', "did it mean 'audience'"),
        ("a.md", b"---\ncustomer_id: nobody\n---\nx", "not in customers.json"),
        ("a.html", b"<meta name=audience content=all>x", "audience"),
    ],
)
def test_what_cannot_be_used_says_why(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read(name, content)


def test_a_file_that_was_not_read_says_why() -> None:
    file = SourceFile("file:kb/a.md", "a.md", None, too_large(MAX_BYTES * 3))
    with pytest.raises(InvalidInput, match=r"24\.0 MB"):
        file_document(file, Defaults(), ())


def test_kinds_are_told_by_the_ending() -> None:
    names = ("a.md", "b/C.HTML", "a.text", "a.pdf", "md", ".md")
    assert list(filter(is_document, names)) == ["a.md", "b/C.HTML", "a.text"]


def seconds(content: str) -> float:
    """The least of three runs."""
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        document_chunks(read("a.md", content))
        taken.append(time.perf_counter() - started)
    return min(taken)


@pytest.mark.parametrize(
    ("before", "repeated", "after"), [("# ", "#", "x"), ("# a", " ", "x"), ("", "`", "x`")]
)
def test_the_time_grows_with_the_length_of_a_line(before: str, repeated: str, after: str) -> None:
    short, long = (seconds(f"{before}{repeated * n}{after}") for n in (5_000, 20_000))
    assert long < 8 * short + 0.02


@pytest.mark.parametrize(
    "page",
    [
        "".join(f"<p><font size={number}>" for number in range(600)),
        "".join(f"<b class={number}>" for number in range(400)) + "<p>x" * 2_000,
        "<ul><li>x" * 600,
    ],
)
def test_a_page_that_a_parser_would_take_long_for_is_refused(page: str) -> None:
    with pytest.raises(InvalidInput, match="nested too deeply near"):
        read("a.html", page)


def test_a_long_page_is_not_a_deep_one() -> None:
    page = "<ul>" + "<li>one<p><i>two</i> <b>three</b></b>" * 3_000 + "</ul>" + "</div>" * 900
    assert "two" in read("a.html", page).text


@pytest.mark.parametrize(
    ("text", "title"), [("# A C# guide ##\nx", "A C# guide"), ("# ##\n#\tB  \nx", "B")]
)
def test_the_first_heading_with_a_name_is_the_title(text: str, title: str) -> None:
    assert read("a.md", text).title == title
