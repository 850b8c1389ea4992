from pathlib import Path

import pytest

from eval.agreement import (
    Agreement,
    SpotCheck,
    measure_agreement,
    read_agreement,
    same_label,
    write_agreement,
)
from msp_core.errors import CorruptData, InvalidInput


def turn(model: str, *tools: str, output: int = 120, floor: str | None = None) -> dict[str, object]:
    return {
        "required_model": model,
        "reason": model,
        "floor": floor,
        "tools": list(tools),
        "output": output,
    }


def test_each_label_over_the_items_of_both() -> None:
    first = {"a": turn("weak", "x", "y"), "b": turn("strong"), "c": turn("weak"), "d": turn("weak")}
    second = {"a": turn("weak", "y", "x"), "b": turn("weak"), "c": turn("weak"), "z": turn("weak")}
    found = measure_agreement("routing", first, second, dict.fromkeys("abcdz", "acme"))
    assert {label: row.n for label, row in found.items()} == dict.fromkeys(
        ("required_model", "reason", "floor", "tools", "output"), 3
    )
    assert found["required_model"].agreed == pytest.approx(2 / 3, abs=1e-4)
    assert found["required_model"].kappa == 0.0
    assert found["tools"].agreed == 1.0
    assert found["floor"].kappa is None


def test_labels_that_a_pass_lacks_are_left_out() -> None:
    found = measure_agreement("triage", {"a": {"team": "x"}}, {"a": {"team": "y"}}, {"a": "acme"})
    assert list(found) == ["team"]


def test_a_value_off_its_scale_is_named() -> None:
    with pytest.raises(InvalidInput, match="'grade' of the two passes cannot be compared: not on"):
        measure_agreement("retrieval", {"a": {"grade": 1}}, {"a": {"grade": 3}}, {"a": "acme"})


def test_lists_are_sets() -> None:
    assert same_label(["a", "b"], ("b", "a"))
    assert not same_label(["a"], [])
    assert not same_label(None, "a")


def test_the_file_comes_back(tmp_path: Path) -> None:
    labels = measure_agreement("retrieval", {"a": {"grade": 1}}, {"a": {"grade": 1}}, {"a": "q"})
    kept = Agreement(
        passes=("model", "model"),
        third_reading="model",
        labels=labels,
        spot_checks=(SpotCheck(judge="model", n=50, changed=0.06, by_label={"grade": 0.06}),),
    )
    write_agreement(tmp_path, kept)
    assert read_agreement(tmp_path) == kept
    assert '"schema": "msp.agreement/1"' in (tmp_path / "agreement.json").read_text()


def test_none_and_a_damaged_one(tmp_path: Path) -> None:
    assert read_agreement(tmp_path) is None
    (tmp_path / "agreement.json").write_text('{"schema": "msp.agreement/1", "passes": ["robot"]}')
    with pytest.raises(CorruptData, match=r"agreement\.json is no record of agreement: passes\.0"):
        read_agreement(tmp_path)
