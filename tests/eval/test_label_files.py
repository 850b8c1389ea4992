import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.label_files import agreement_of_files, read_labels
from msp_core.errors import InvalidInput

Writer = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> Writer:
    def write(name: str, *grades: int | None, **more: object) -> Path:
        rows = [
            {"id": f"q d{number}", "customer_id": "acme", "grade": grade, **more}
            for number, grade in enumerate(grades)
            if grade is not None
        ]
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


def test_two_passes_and_a_spot_check(file: Writer) -> None:
    found = agreement_of_files(
        "retrieval",
        file("a", 0, 1, 2, 0),
        file("b", 0, 1, 1, 0),
        judge="model",
        final=file("final", 0, 1, 2, 0),
        spot_checks=[file("spot", None, 1, 1, None, note="x")],
    )
    assert (found.passes, found.third_reading) == (("model", "model"), "model")
    assert (found.labels["grade"].n, found.labels["grade"].agreed) == (4, 0.75)
    (check,) = found.spot_checks
    assert (check.judge, check.n, check.changed) == ("model", 2, 0.5)


def test_triage_rows_have_the_ticket_as_id(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"ticket_id": "T1", "split": "dev", "team": "desk", "duplicate_of": null}\n')
    read = read_labels(path, "triage")
    assert read.labels == {"T1": {"team": "desk", "duplicate_of": None}}
    assert read.groups == {"T1": "T1"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it holds no row"),
        ('{"grade": 1}\n', ":1: id: Field required"),
        ('{"id": "a", "score": 1}\n', ":1: it has none of the labels grade"),
        ('{"id": "a", "grade": 1}\n' * 2, ":2: id: 'a' stands here for the second time"),
    ],
)
def test_a_file_that_is_no_pass(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a").write_text(text)
    with pytest.raises(InvalidInput, match=why):
        read_labels(tmp_path / "a", "retrieval")


def test_what_cannot_be_compared(file: Writer) -> None:
    first, second = file("a", 0, 1), file("b", None, None, 1)
    with pytest.raises(InvalidInput, match="have no item in common"):
        agreement_of_files("retrieval", first, second, judge="model")
    with pytest.raises(InvalidInput, match="Name them too"):
        agreement_of_files("retrieval", first, first, judge="model", spot_checks=[first])
    with pytest.raises(InvalidInput, match="1 items that the set lacks, such as 'q d2'"):
        agreement_of_files(
            "retrieval", first, first, judge="model", final=first, spot_checks=[second]
        )
