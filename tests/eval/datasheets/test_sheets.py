import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from eval.agreement import Agreement, LabelAgreement, SpotCheck, write_agreement
from eval.datasheets.counts import count_set
from eval.datasheets.sheet import BEGIN, END, block, put_block, who_judged, write_block
from eval.datasheets.sheets import overview_of, sheet_of
from msp_core.errors import InvalidInput, UsageError
from msp_core.knowledge.embedding import Embedder
from msp_core.tickets.file import read_tickets
from msp_core.tickets.ticket import Ticket
from tests.fakes.data_folder import TICKETS

VPN, PRINT = "vpn tunnel drops", "printer is stuck again in the warehouse and nobody can print"


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def turn(name: str, split: str, text: str, model: str, **fields: object) -> dict[str, object]:
    return {
        "id": name,
        "split": split,
        "customer_id": {"train": "a", "test": "b"}.get(split, "c"),
        "text": text,
        "required_model": model,
        "reason": "lookup" if model == "weak" else "plan",
        "tokens": {"input": 1, "output": 1},
        **fields,
    }


@pytest.fixture
def routing(tmp_path: Path) -> Path:
    write(
        tmp_path / "routing/turns.jsonl",
        [
            turn("x-1", "test", VPN, "weak"),
            turn("x-2", "test", PRINT, "strong", floor="outage"),
            turn("y-1", "train", f"{VPN} again", "weak"),
            turn("y-2", "train", f"{PRINT} today", "strong"),
            turn("y-3", "train", "vpn tunnel", "weak"),
        ],
    )
    return tmp_path / "routing"


@pytest.fixture
def tickets(tmp_path: Path) -> dict[str, Ticket]:
    write(tmp_path / "tickets.jsonl", TICKETS)
    return {ticket.ticket_id: ticket for ticket in read_tickets(tmp_path / "tickets.jsonl")[0]}


def cells(sheet: str, first: str) -> list[str]:
    """The cells of the row that begins with this one."""
    (row,) = [line for line in sheet.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def test_counts_and_hardness_of_routing(routing: Path, embedder: Embedder) -> None:
    sheet = sheet_of(routing, {}, embedder)
    assert cells(sheet, "train") == ["3", "1", "1", "2", "1", "0", "4"]
    assert cells(sheet, "strong: plan") == ["1", "1"]
    assert cells(sheet, "outage") == ["0", "1"]
    # Learnt on the three of train: mostly weak; strong from 12 words, and the one of test has 11;
    # both texts have their like.
    assert cells(sheet, "most frequent label") == ["2", "0.50 (0.00 to 1.00)"]
    assert cells(sheet, "strong from 12 words") == ["2", "0.50 (0.00 to 1.00)"]
    assert cells(sheet, "label of the nearest turn") == ["2", "1.00"]
    assert "Reported, not selected for" in sheet


def test_without_a_split_to_learn_from_there_is_no_hardness(
    tmp_path: Path, embedder: Embedder
) -> None:
    write(tmp_path / "r/turns.jsonl", [turn("a", "test", VPN, "weak")])
    assert "Hardness" not in sheet_of(tmp_path / "r", {}, embedder)


def test_counts_and_hardness_of_retrieval(tmp_path: Path, embedder: Embedder) -> None:
    folder = tmp_path / "retrieval"
    write(
        folder / "corpus.jsonl",
        [{"_id": "v", "title": "VPN", "text": VPN}, {"_id": "p", "title": "P", "text": PRINT}],
    )
    write(
        folder / "queries.jsonl",
        [
            {"_id": "1", "text": VPN, "type": "question", "customer_id": "a"},
            {"_id": "2", "text": "printer stuck", "type": "keyword", "customer_id": "b"},
            {"_id": "3", "text": "zzz", "type": "no_answer"},
        ],
    )
    head = "query-id\tcorpus-id\tscore\n"
    (folder / "qrels").mkdir()
    (folder / "qrels/dev.tsv").write_text(f"{head}1\tv\t2\n1\tp\t0\n")
    (folder / "qrels/test.tsv").write_text(f"{head}2\tp\t2\n")
    sheet = sheet_of(folder, {}, embedder)
    assert cells(sheet, "dev") == ["1", "1", "0", "2", "2.0"]
    assert cells(sheet, "keyword") == ["0", "1"]
    assert cells(sheet, "2") == ["1", "1"]
    assert cells(sheet, "BM25") == ["1", "1.00", "1.00"]
    assert re.search(r"Queries that no split judges .*\n.*\n.*\n.*\n\| no_answer \| 1 \|", sheet)


def test_counts_and_hardness_of_triage(
    tmp_path: Path, tickets: dict[str, Ticket], embedder: Embedder
) -> None:
    def label(place: int, split: str, category: str, duplicate_of: str | None = None) -> object:
        return {
            "ticket_id": TICKETS[place]["ticket_id"],
            "split": split,
            "category": category,
            "priority": "Low",
            "team": "desk",
            "duplicate_of": duplicate_of,
        }

    # Another customer's ticket with the very words of the duplicate is not its original.
    last, second = str(TICKETS[4]["ticket_id"]), tickets[str(TICKETS[1]["ticket_id"])]
    tickets[last] = replace(
        tickets[last],
        title=second.title,
        description=second.description,
        created_at=tickets[str(TICKETS[0]["ticket_id"])].created_at,
    )
    first = str(TICKETS[0]["ticket_id"])
    rows = [
        label(4, "test", "Network"),
        label(0, "test", "Network"),
        label(1, "test", "Hardware", first),
        label(3, "train", "General"),
    ]
    write(tmp_path / "triage/labels.jsonl", rows)  # type: ignore[arg-type]
    sheet = sheet_of(tmp_path / "triage", tickets, embedder)
    assert cells(sheet, "test") == ["3", "1", "2", "3", "0"]
    assert cells(sheet, "category | 3") == ["3", "0.00", "0.00", "0.33 (0.00 to 0.75)"]
    assert cells(sheet, "team | 3") == ["3", "1.00", "1.00", "1.00"]
    assert cells(sheet, "duplicate_of, of duplicates") == ["1", "-", "1.00", "-"]


def agreement(**changes: object) -> Agreement:
    row = LabelAgreement(n=900, agreed=0.91, kappa=0.815, low=0.78, high=0.85)
    fields: dict[str, object] = {
        "passes": ("model", "model"),
        "third_reading": "model",
        "labels": {"required_model": row},
    }
    return Agreement(**{**fields, **changes})  # type: ignore[arg-type]


def test_agreement_and_who_judged(routing: Path) -> None:
    check = SpotCheck(judge="model", n=50, changed=0.06, low=0.0, high=0.14, by_label={"floor": 0})
    sheet = block(count_set(routing, {}), agreement(spot_checks=(check,)), None)
    assert "**Both passes came from models and no human checked them**" in sheet
    assert cells(sheet, "required_model") == ["900", "91%", "0.81 (0.78 to 0.85)"]
    assert cells(sheet, "a language model") == ["50", "0.06 (0.00 to 0.14)", "floor 0%"]


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, "No agreement was measured."),
        (agreement(passes=()), "Who labelled it is not recorded."),
        (agreement(passes=("model",)), "One pass by a language model"),
        (
            agreement(passes=("person", "person"), third_reading=None),
            "Two passes without sight of each other, by a person and a person.",
        ),
    ],
)
def test_who_judged(kept: Agreement | None, said: str) -> None:
    assert who_judged(kept).startswith(said)


def test_a_person_anywhere_is_not_denied() -> None:
    check = SpotCheck(judge="person", n=50, changed=0.06)
    assert "no human" not in who_judged(agreement(spot_checks=(check,)))


def test_the_block_goes_between_its_marks(routing: Path, embedder: Embedder) -> None:
    readme = routing / "README.md"
    readme.write_text(f"# Routing\n\n{BEGIN}\nold\n{END}\n\n## Limits\n")
    new = sheet_of(routing, {}, embedder)
    write_block(routing, new)
    text = readme.read_text()
    assert text == f"# Routing\n\n{new}\n## Limits\n"
    write_block(routing, new)
    assert readme.read_text() == text


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}\n{END}\n{BEGIN}\n{END}"])
def test_a_readme_without_a_place_for_it(text: str) -> None:
    with pytest.raises(InvalidInput, match="does not say where its figures go"):
        put_block(text, "new", where="README.md")


def test_no_readme_and_no_set(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"README\.md is not there"):
        write_block(tmp_path, "new")
    with pytest.raises(UsageError, match="is no data set that a datasheet is made for"):
        count_set(tmp_path, {})


def test_the_overview_has_every_set(routing: Path, tmp_path: Path) -> None:
    write(tmp_path / "guardrails/texts.jsonl", [{"id": "1", "split": "test", "text": "x"}])
    write_agreement(routing, agreement())
    page = overview_of([tmp_path / "guardrails", routing], {})
    assert cells(page, "[routing](routing/README.md)") == ["turns", "5", "train 3, test 2"]
    assert cells(page, "[guardrails](guardrails/README.md)") == ["texts", "1", "test 1"]
    assert cells(page, "routing: required_model") == ["900", "0.81 (0.78 to 0.85)"]
    assert "synthetic" in page
