import copy
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.labelling.check_items import draw_check
from eval.labelling.retrieval_items import draw_retrieval
from eval.labelling.routing_items import draw_routing
from eval.labelling.source import folder_source, state_source
from msp_core.bootstrap import build_services
from msp_core.errors import InvalidInput, UsageError
from msp_core.knowledge.embedding import Embedder
from msp_core.loading import load_knowledge, load_tickets
from msp_core.settings import Settings
from tests.fakes.data_folder import TICKETS

Writer = Callable[..., Path]


def tickets(count: int = 5) -> list[dict[str, object]]:
    return copy.deepcopy(TICKETS[:count])


def test_each_message_of_the_requester_is_a_turn(data_folder: Writer) -> None:
    own = tickets(1)
    own[0]["notes"] = [
        {"id": "1", "at": "2026-03-01T09:10:00Z", "author": "tom", "text": "Since when?"},
        {"id": "2", "at": "2026-03-01T09:15:00Z", "author": "tom", "text": "Odd.", "in": True},
        {"id": "3", "at": "2026-03-01T09:20:00Z", "author": own[0]["requester"], "text": "Monday"},
    ]
    for note in own[0]["notes"]:
        note["visibility"] = "internal" if note.pop("in", False) else "public"
    _, items = draw_routing(folder_source(data_folder(own)), count=9, seed=1)
    assert [item.id for item in items] == ["TKT-20260301-00000001-1", "TKT-20260301-00000001-2"]
    first, second = items
    assert first.row["text"].startswith("VPN drops every hour\n\nThe tunnel")
    assert first.row["history"] == []
    assert second.row["text"] == "Monday"
    assert [said["role"] for said in second.row["history"]] == ["user", "assistant"]
    assert "Odd." not in json.dumps(second.model_dump())
    assert [section.title for section in second.sections] == ["Before it", "The message"]


def test_customers_are_kept_apart_and_the_draw_repeats(data_folder: Writer) -> None:
    source = folder_source(data_folder())
    drawn, items = draw_routing(source, count=4, seed=3)
    assert len(items) == 4
    assert drawn.source == "mine"
    assert len({(item.row["customer_id"], item.row["split"]) for item in items}) == 2
    assert draw_routing(source, count=4, seed=3) == (drawn, items)


def test_with_one_customer_outages_are_kept_apart(data_folder: Writer) -> None:
    own = tickets()
    for ticket in own:
        ticket["customer_id"] = "acme"
    _, items = draw_routing(folder_source(data_folder(own)), count=9, seed=1)
    splits = {item.row["ticket_id"]: item.row["split"] for item in items}
    assert splits["TKT-20260301-00000001"] == splits["TKT-20260302-00000002"]
    assert len(set(splits.values())) == 3


def test_the_same_item_twice_is_asked_once_and_counted(
    data_folder: Writer, embedder: Embedder
) -> None:
    own = tickets()
    for ticket in own[2:4]:
        ticket |= {"title": "Disk full on SRV1", "description": "Alert: 95% of C: is used"}
    own[3]["title"] = "DISK full on SRV1"
    source = folder_source(data_folder(own))
    drawn, items = draw_routing(source, count=9, seed=1)
    assert drawn.left_out == {"the same text as an earlier one": 1}
    assert len(items) == 4
    made = draw_retrieval(source, embedder, count=9, seed=1)
    assert made.drawn.left_out["the same text as an earlier one"] == 1


def test_no_ticket(data_folder: Writer) -> None:
    with pytest.raises(InvalidInput, match="mine holds no ticket, so there is nothing to label"):
        folder_source(data_folder([]))


def test_pools_hold_what_the_customer_may_see_and_never_the_ticket_itself(
    data_folder: Writer, embedder: Embedder
) -> None:
    made = draw_retrieval(folder_source(data_folder()), embedder, count=9, seed=1)
    corpus = {row["_id"]: row for row in made.corpus}
    assert "ticket:TKT-20260301-00000001" in corpus
    assert "Looking at the rekey times." not in json.dumps(made.corpus)
    pools: dict[str, list[str]] = {}
    for item in made.items:
        pools.setdefault(item.row["query"], []).append(item.row["document"])
    queries = {query["_id"]: query for query in made.queries}
    # The duplicate excludes its original.
    assert queries["TKT-20260302-00000002"]["exclude"] == ["ticket:TKT-20260301-00000001"]
    for query_id, pool in pools.items():
        assert len(set(pool)) == len(pool)
        assert not set(pool) & set(queries[query_id]["exclude"])
        owners = {corpus[id_]["metadata"]["customer_id"] for id_ in pool}
        assert owners <= {None, queries[query_id]["customer_id"]}
    assert any(pool != sorted(pool) for pool in pools.values())
    shown = json.dumps([item.sections[1].model_dump() for item in made.items])
    assert not {"bm25", "dense", "fused"} & set(shown.split())


def test_nothing_to_find(data_folder: Writer, embedder: Embedder) -> None:
    unsolved = folder_source(data_folder(tickets()[1:], {}))
    with pytest.raises(InvalidInput, match="no article and no solved ticket"):
        draw_retrieval(unsolved, embedder, count=9, seed=1)


def test_empty_pools_are_counted_and_only_empty_ones_are_refused(
    data_folder: Writer, embedder: Embedder
) -> None:
    only_itself = folder_source(data_folder(tickets(2), {}))
    with pytest.raises(InvalidInput, match="every pool is empty"):
        draw_retrieval(only_itself, embedder, count=9, seed=1)
    more = folder_source(data_folder(tickets(3), {}))
    made = draw_retrieval(more, embedder, count=9, seed=1)
    assert made.drawn.left_out == {"nothing found: an empty pool": 2}
    assert [query["_id"] for query in made.queries] == ["TKT-20260303-00000003"]


def test_what_is_loaded_gives_the_same_items_as_its_folder(
    data_folder: Writer, tmp_path: Path
) -> None:
    folder = data_folder()
    settings = Settings.from_env({"MSP_STATE_DIR": str(tmp_path / "state")})
    loading = build_services(settings, data_dir=folder)
    load_tickets(loading)
    load_knowledge(loading)
    loaded, read = state_source(build_services(settings)), folder_source(folder)
    assert {ticket.ticket_id for ticket in loaded.tickets} == {
        ticket.ticket_id for ticket in read.tickets
    }
    titles = [Counter(document.title for document in one.documents) for one in (loaded, read)]
    assert titles[0] == titles[1]
    for one in loaded.documents:
        other = next(doc for doc in read.documents if doc.document_id == one.document_id)
        assert set(one.text.split()) >= set(other.text.split())


def test_a_check_takes_labels_of_every_split(root: Path) -> None:
    drawn, items = draw_check("routing", root / "eval/datasets/routing", count=30, seed=5)
    assert (drawn.purpose, drawn.source, len(items)) == ("check", "routing", 30)
    labels = items[0].row["labels"]
    assert set(labels) == {"required_model", "reason", "floor", "tools", "output"}
    shown = json.dumps([item.model_dump(exclude={"row"}) for item in items])
    assert "required_model" not in shown
    said = json.dumps([[item.heading, item.sections[-1].text] for item in items])
    assert not [item.id for item in items if item.id in said]
    other = draw_check("routing", root / "eval/datasets/routing", count=30, seed=6)[1]
    assert {item.id for item in other} != {item.id for item in items}


def test_a_check_of_grades_shows_the_whole_conversation(tmp_path: Path) -> None:
    def lines(*rows: dict[str, object]) -> str:
        return "".join(json.dumps(row) + "\n" for row in rows)

    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(lines({"_id": "d", "title": "T", "text": "answer"}))
    history = [{"role": "user", "text": "vpn?"}, {"role": "assistant", "text": "which one?"}]
    (tmp_path / "queries.jsonl").write_text(
        lines({"_id": "q", "text": "the second", "history": history})
    )
    (tmp_path / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\t1\n")
    _, (item,) = draw_check("retrieval", tmp_path, count=50, seed=1)
    assert item.sections[0].text == "user: vpn?\n\nassistant: which one?\n\nthe second"
    assert item.row["labels"] == {"grade": 1}


def test_a_check_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no turns\.jsonl"):
        draw_check("routing", tmp_path, count=5, seed=1)
    with pytest.raises(UsageError, match=r"has no qrels"):
        draw_check("retrieval", tmp_path, count=5, seed=1)
    (tmp_path / "turns.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(InvalidInput, match=r"turns\.jsonl:1: customer_id"):
        draw_check("routing", tmp_path, count=5, seed=1)


def test_a_set_with_the_same_item_twice_is_not_checked(tmp_path: Path, root: Path) -> None:
    line = (root / "eval/datasets/routing/turns.jsonl").read_text().splitlines()[0]
    (tmp_path / "turns.jsonl").write_text(f"{line}\n{line}\n")
    with pytest.raises(InvalidInput, match=r"turns\.jsonl:2: id: .* for the second time"):
        draw_check("routing", tmp_path, count=5, seed=1)
