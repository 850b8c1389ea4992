import hashlib
import json
from pathlib import Path

import pytest

from eval.dataset import Problems, check_manifest, choose_split, find_dataset, text_lines
from eval.files import digest
from msp_core.errors import ConfigurationError, InvalidInput, UsageError


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        (None, ["test"], "test"),
        (None, ["dev", "test"], "dev"),
        (None, ["train", "test"], "test"),
        ("test", ["dev", "test"], "test"),
    ],
)
def test_the_default_split(wanted: str | None, available: list[str], chosen: str) -> None:
    assert choose_split(wanted, available, name="x") == chosen


def test_an_unknown_split_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="dev, test"):
        choose_split("tset", ["test", "dev"], name="x")
    with pytest.raises(UsageError, match="Choose a split"):
        choose_split(None, ["a", "b"], name="x")


def test_a_path_is_a_data_set_and_an_unknown_name_is_not(tmp_path: Path) -> None:
    assert find_dataset(str(tmp_path)) == tmp_path
    with pytest.raises(UsageError, match="give a path"):
        find_dataset("no-such-thing")


def test_a_manifest_that_fits_or_does_not(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    manifest: dict[str, object] = {
        "kind": "retrieval",
        "version": "1",
        "licence": "MIT",
        "files": {"a.jsonl": {"sha256": hashlib.sha256(b"{}\n").hexdigest(), "rows": 1}},
    }

    def check() -> None:
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        problems = Problems()
        check_manifest(tmp_path, problems, kind="retrieval")
        problems.refuse("x")

    check()
    (tmp_path / "a.jsonl").write_text("{}\n\n")
    with pytest.raises(InvalidInput, match=r"a\.jsonl: its SHA-256 differs"):
        check()
    manifest["kind"] = "routing"
    manifest["files"] = {"b.jsonl": {"sha256": "", "rows": 1}}
    with pytest.raises(InvalidInput, match=r"(?s)'retrieval' is needed.*b\.jsonl, which is not"):
        check()
    manifest["files"] = 3
    with pytest.raises(InvalidInput, match="files"):
        check()


def test_the_digest_sees_names_and_contents_but_not_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    first = digest([one, two], root=tmp_path)
    assert digest([two, one], root=tmp_path) == first
    one.write_text("2")
    two.write_text("1")
    assert digest([one, two], root=tmp_path) != first


def test_lines_are_counted_with_the_blank_and_the_broken_ones(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"\xef\xbb\xbfone\n\nt\xffo\nthree")
    problems = Problems()
    assert list(text_lines(path, problems)) == [(1, "one\n"), (4, "three")]
    with pytest.raises(InvalidInput, match=r"rows:3: it is not UTF-8 \(byte 2\)"):
        problems.refuse("x")


def test_a_file_that_is_no_gzip(tmp_path: Path) -> None:
    path = tmp_path / "rows.gz"
    path.write_bytes(b"plain")
    with pytest.raises(ConfigurationError, match=r"rows\.gz cannot be read"):
        list(text_lines(path, Problems()))


def test_only_the_first_problems_are_listed() -> None:
    problems = Problems()
    for line in range(1, 31):
        problems.add(Path("f"), line, "wrong")
    with pytest.raises(InvalidInput) as caught:
        problems.refuse("x")
    assert "f:20: wrong\n  and 10 more" in str(caught.value)
    assert "f:21" not in str(caught.value)
