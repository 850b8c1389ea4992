import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.agreement import read_agreement
from eval.dataset import Problems, check_manifest
from eval.labelling.check_items import draw_check
from eval.labelling.conclusion import conclude
from eval.labelling.retrieval_items import draw_retrieval
from eval.labelling.source import folder_source
from eval.labelling.workspace import Workspace, open_workspace
from eval.retrieval_set import read_retrieval_set
from eval.routing_set import Prices, read_routing_set
from msp_core.errors import CorruptData, InvalidInput, MspError, UsageError
from msp_core.knowledge.embedding import Embedder
from msp_core.routing.catalog import load_catalog
from tests.eval.labelling.conftest import CLOCK, STRONG, WEAK, judge

Writer = Callable[..., Path]
PRICES = Prices.of("", "", load_catalog())
FLOOR = ("strong", "floor", "outage", ["create_ticket"], 120)


def never() -> Any:
    raise AssertionError("drawn anew")


def rows(folder: Path) -> dict[str, dict[str, object]]:
    lines = (folder / "turns.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def test_nothing_judged_writes_nothing(routing: Workspace) -> None:
    found = conclude(routing)
    assert (found.items, found.written, found.judged["A"]) == (5, (), 0)
    assert [path.name for path in routing.folder.iterdir()] == ["labelling"]


def test_what_is_judged_so_far_is_a_valid_set(routing: Workspace) -> None:
    judge(routing, "A", WEAK, STRONG, FLOOR, WEAK)
    found = conclude(routing)
    assert found.written == ("turns.jsonl",)
    problems = Problems()
    check_manifest(routing.folder, problems, kind="routing")
    problems.refuse("out")
    written = rows(routing.folder)
    assert len(written) == 4
    for split in {str(row["split"]) for row in written.values()}:
        assert read_routing_set(routing.folder, split=split, prices=PRICES).turns
    (third,) = (row for row in written.values() if row["floor"])
    assert (third["floor"], third["reason"], third["required_model"]) == (
        "outage",
        "floor",
        "strong",
    )
    assert third["tools"] == ["create_ticket"]
    sheet = (routing.folder / "README.md").read_text()
    assert "One pass by a person; so no agreement can be measured." in sheet
    assert "eval/datasets/protocol.md" in sheet


def test_a_set_of_one_class_is_said(routing: Workspace) -> None:
    judge(routing, "A", *[WEAK] * 5)
    judge(routing, "B", *[WEAK] * 5)
    notices = conclude(routing).notices
    assert any("every turn requires the weak model" in text for text in notices)
    assert "kappa of required_model is undefined: both passes gave one label to all 5 items" in (
        notices
    )


def test_two_passes_agreement_and_the_third_reading(routing: Workspace) -> None:
    judge(routing, "A", WEAK, STRONG, WEAK, STRONG, WEAK)
    other = ("weak", "lookup", ["get_ticket"], 120)
    judge(routing, "B", other, WEAK, WEAK, STRONG, WEAK)
    second = routing.items.items[1].id
    found = conclude(routing)
    # The length is averaged, so a difference in it alone needs nobody.
    assert routing.differing() == [second]
    assert (found.differing, found.decided) == (1, 0)
    assert any("1 items differ between the passes and are not decided" in t for t in found.notices)
    assert found.agreement["required_model"].agreed == 0.8
    assert rows(routing.folder)[second]["required_model"] == "strong"
    first = rows(routing.folder)[routing.items.items[0].id]["tokens"]
    assert isinstance(first, dict)
    assert first["output"] == 80

    judge(routing, "third", ("weak", "rewrite", [], 120))
    found = conclude(routing)
    assert (found.differing, found.decided) == (1, 1)
    assert rows(routing.folder)[second]["reason"] == "rewrite"
    kept = read_agreement(routing.folder)
    assert kept is not None
    assert (kept.passes, kept.third_reading) == (("person", "person"), "person")
    # Agreement is that of the passes, whatever was decided afterwards.
    assert kept.labels["required_model"].agreed == 0.8
    assert "no human checked" not in (routing.folder / "README.md").read_text()


def test_nothing_to_adjudicate(routing: Workspace) -> None:
    with pytest.raises(UsageError, match="0 items are judged in both passes, and none differs"):
        routing.journal("third")
    judge(routing, "A", *[WEAK] * 5)
    judge(routing, "B", *[WEAK] * 5)
    with pytest.raises(UsageError, match="both passes agree on every item"):
        routing.journal("third")


def test_a_labelling_goes_on_with_its_own_items(routing: Workspace) -> None:
    again, begun = open_workspace(routing.folder, "routing", never, CLOCK)
    assert not begun
    assert again.items == routing.items
    with pytest.raises(UsageError, match="holds a labelling of routing items"):
        open_workspace(routing.folder, "retrieval", never, CLOCK)


def test_a_set_made_otherwise_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "turns.jsonl").write_text("precious\n")

    with pytest.raises(UsageError, match="holds files that msp label did not make"):
        open_workspace(tmp_path, "routing", never, CLOCK)


def test_a_draw_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails() -> Any:
        raise InvalidInput("no ticket")

    with pytest.raises(MspError):
        open_workspace(tmp_path / "out", "routing", fails, CLOCK)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: [*lines, lines[-1]], r"items\.jsonl:7: the item .* for the second time"),
        (lambda lines: [*lines[:-1], lines[-1][:30] + "\n"], "is not as msp label wrote it"),
        (lambda lines: [], "is not as msp label wrote it"),
    ],
)
def test_changed_items(
    routing: Workspace, change: Callable[[list[str]], list[str]], why: str
) -> None:
    path = routing.folder / "labelling/items.jsonl"
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))
    with pytest.raises(CorruptData, match=why):
        open_workspace(routing.folder, "routing", never, CLOCK)


@pytest.fixture
def retrieval(data_folder: Writer, tmp_path: Path, embedder: Embedder) -> Workspace:
    made = draw_retrieval(folder_source(data_folder()), embedder, count=9, seed=1)
    extra = {"corpus.jsonl": made.corpus, "queries.jsonl": made.queries}
    return open_workspace(
        tmp_path / "out", "retrieval", lambda: (made.drawn, made.items, extra), CLOCK
    )[0]


def test_a_query_counts_when_its_whole_pool_is_judged(retrieval: Workspace) -> None:
    pool = list(retrieval.items.items)
    first = [item for item in pool if item.row["query"] == pool[0].row["query"]]
    judge(retrieval, "A", *[(2,)] * (len(first) - 1))
    found = conclude(retrieval)
    assert found.written == ()
    assert found.notices == (
        "no query is judged for its whole pool yet, so there is no set to write",
    )
    judge(retrieval, "A", (0,))
    found = conclude(retrieval)
    assert any("queries are not judged for their whole pool yet" in t for t in found.notices)
    data = read_retrieval_set(retrieval.folder)
    assert list(data.qrels) == [pool[0].row["query"]]
    assert sorted(data.qrels[pool[0].row["query"]].values())[0] == 0


def test_a_query_that_nothing_helps_is_one_without_answer(retrieval: Workspace) -> None:
    judge(retrieval, "A", *[(0,)] * len(retrieval.items.items))
    found = conclude(retrieval)
    assert any("no document helps with any query" in text for text in found.notices)
    data = read_retrieval_set(retrieval.folder)
    assert {query.kind for query in data.queries} == {"no_answer"}


def test_a_split_that_lost_its_last_query_is_gone(retrieval: Workspace) -> None:
    judge(retrieval, "A", *[(1,)] * len(retrieval.items.items))
    conclude(retrieval)
    splits = {path.stem for path in (retrieval.folder / "qrels").iterdir()}
    assert splits == {"dev", "test"}
    with retrieval.journal("A") as journal:
        while journal.session.can_undo():
            journal.undo()
    last = retrieval.items.items[-1].row
    judge(retrieval, "A", *[(1,)] * (len(retrieval.items.items) - 1))
    conclude(retrieval)
    assert last["query"] not in read_retrieval_set(retrieval.folder, split="test").qrels


def test_a_check_measures_what_would_change_and_writes_no_set(tmp_path: Path) -> None:
    def turn(name: str, model: str, reason: str, tools: list[str]) -> str:
        labels = {"required_model": model, "reason": reason, "floor": None, "tools": tools}
        tokens = {"prefix": 1200, "input": 5, "output": 40}
        row = {"id": name, "customer_id": "acme", "text": "x", **labels, "tokens": tokens}
        return json.dumps(row) + "\n"

    (tmp_path / "turns.jsonl").write_text(
        turn("a", "weak", "lookup", ["get_ticket"])
        + turn("b", "weak", "lookup", [])
        + turn("c", "strong", "plan", ["get_ticket"])
        + turn("d", "weak", "lookup", ["get_ticket"])
    )
    drawn, items = draw_check("routing", tmp_path, count=4, seed=5)
    out = tmp_path / "check"
    workspace, _ = open_workspace(out, "routing", lambda: (drawn, items, {}), CLOCK)
    assert conclude(workspace).spot_check is None
    judge(workspace, "A", WEAK, WEAK, WEAK, (*WEAK[:3], 600))
    check = conclude(workspace).spot_check
    assert check is not None
    # Two would change; a length alone is no change.
    assert (check.judge, check.n, check.changed) == ("person", 4, 0.5)
    assert check.by_label == {
        "floor": 0.0,
        "required_model": 0.25,
        "reason": 0.25,
        "tools": 0.25,
        "output": 0.25,
    }
    assert [path.name for path in out.iterdir()] == ["labelling"]
