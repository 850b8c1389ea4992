from datetime import date
from pathlib import Path

import pytest

from msp_core.errors import ConfigurationError, InvalidInput
from msp_core.knowledge.article import MAX_BYTES, read_article, read_articles
from msp_core.tickets.ticket import Category


def write(folder: Path, text: str, name: str = "print-offline") -> Path:
    path = folder / f"{name}.md"
    path.write_bytes(text.encode())
    return path


def test_reads_every_field(tmp_path: Path, article_text: str) -> None:
    extra = "customer_id: northwind\nsuperseded_by: print-new\nvariant_of: print-x\nhostile: true\n"
    article = read_article(write(tmp_path, article_text.format(id="print-offline", extra=extra)))
    assert article.article_id == "print-offline"
    assert article.category is Category.HARDWARE
    assert article.updated == date(2026, 3, 14)
    assert (article.customer_id, article.superseded_by) == ("northwind", "print-new")
    assert (article.variant_of, article.hostile) == ("print-x", True)
    assert article.text.startswith("## Symptoms\n")
    assert article.text.endswith("service.")


def test_tags_that_look_like_numbers_stay_as_written(tmp_path: Path, article_text: str) -> None:
    path = write(tmp_path, article_text.format(id="print-offline", extra=""))
    assert read_article(path).tags == ("printer", "0x0000011b", "365")


def test_byte_order_mark_and_windows_line_ends_make_no_difference(
    tmp_path: Path, article_text: str
) -> None:
    plain = article_text.format(id="print-offline", extra="customer_id: null\n")
    expected = read_article(write(tmp_path, plain))
    assert expected.customer_id is None
    assert read_article(write(tmp_path, "\ufeff" + plain.replace("\n", "\r\n"))) == expected


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("---\nid", "id", "does not start with front matter"),
        ("---\n## Symptoms", "## Symptoms", "does not end"),
        ("title: Printer", "titel: Printer", "title: Field required"),
        ("audience: public", "audience: everyone", "audience"),
        ("audience: public\n", "audience: public\nowner: me\n", "owner"),
        ("category: Hardware", "category: Toaster", "category"),
        ("updated: 2026-03-14", "updated: 2026-02-31", "updated"),
        ("updated: 2026-03-14", "updated: 1710374400", "updated"),
        ("tags: [printer,", "tags: [[printer,", "not valid YAML"),
        ("tags: [printer,", "tags: " + "[" * 2000 + "[printer,", "not valid YAML"),
        ("tags: [printer, 0x0000011b, 365]", "tags: printer", "tags"),
        ("id: print-offline", "id: ../other", "id"),
        ("id: print-offline", "id: other", "the file's name says 'print-offline'"),
        (
            "audience: public",
            "audience: public\nsuperseded_by: print-offline",
            "names itself",
        ),
        ("audience: public", "audience: public\ncustomer_id: Not An Id", "customer_id"),
    ],
)
def test_refuses_and_says_why(
    tmp_path: Path, article_text: str, old: str, new: str, reason: str
) -> None:
    good = article_text.format(id="print-offline", extra="")
    assert old in good
    path = write(tmp_path, good.replace(old, new, 1))
    with pytest.raises(InvalidInput) as caught:
        read_article(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)


def test_refuses_an_empty_body_wrong_encoding_and_a_huge_file(
    tmp_path: Path, article_text: str
) -> None:
    good = article_text.format(id="print-offline", extra="")
    with pytest.raises(InvalidInput, match="no text"):
        read_article(write(tmp_path, good[: good.index("## Symptoms")] + "\n \n"))
    (tmp_path / "print-offline.md").write_bytes(good.encode() + b"\xe9")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_article(tmp_path / "print-offline.md")
    with pytest.raises(InvalidInput, match="larger than 1 MB"):
        read_article(write(tmp_path, good + "x" * MAX_BYTES))


def test_a_folder_gives_good_articles_by_id_and_quarantines_the_rest(
    tmp_path: Path, article_text: str
) -> None:
    write(tmp_path, article_text.format(id="b", extra=""), "b")
    write(tmp_path, article_text.format(id="a", extra=""), "a")
    write(tmp_path, "no front matter", "bad")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "notes.txt").write_text("not an article")
    articles, quarantined = read_articles(tmp_path)
    assert [article.article_id for article in articles] == ["a", "b"]
    assert [Path(item.path).name for item in quarantined] == ["bad.md", "folder.md"]
    assert "front matter" in quarantined[0].reason


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no folder"):
        read_articles(tmp_path / "kb")
