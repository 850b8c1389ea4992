"""Items for a spot check: labels of an existing set, to be given anew without seeing them."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from eval.agreement import Kind
from eval.dataset import Problems, Row, Said, check_manifest, json_rows
from eval.labelling.items import Drawn, Item, Section
from eval.labelling.retrieval_items import pair_item
from eval.labelling.routing_items import turn_sections
from eval.retrieval_set import QRELS_FOLDER, QUERIES_FILE, read_retrieval_set
from eval.routing_set import LABELS_FILE
from msp_core.errors import UsageError


class _Tokens(Row):
    output: int


class _Turn(Row):
    id: str
    customer_id: str
    history: tuple[Said, ...] = ()
    text: str
    category: str | None = None
    priority: str | None = None
    required_model: str
    reason: str
    floor: str | None = None
    tools: tuple[str, ...] = ()
    tokens: _Tokens


class _Query(Row):
    id: Annotated[str, BeforeValidator(str)] = Field(alias="_id")
    history: tuple[Said, ...] = ()


def draw_check(kind: Kind, folder: Path, *, count: int, seed: int) -> tuple[Drawn, list[Item]]:
    """Judgements of a set drawn at random over all splits; all when there are fewer.

    Raises:
        UsageError: the folder is no set of that kind.
        InvalidInput: names what is malformed in it.
    """
    items = _turns(folder) if kind == "routing" else _pairs(folder)
    chosen = random.Random(seed).sample(items, min(count, len(items)))
    return Drawn(kind=kind, purpose="check", source=folder.name, seed=seed), chosen


def _turns(folder: Path) -> list[Item]:
    path = folder / LABELS_FILE
    if not path.is_file():
        raise UsageError(f"{folder} has no {LABELS_FILE}, so there is no routing label to check.")
    problems = Problems()
    check_manifest(folder, problems, kind="routing")
    rows: dict[str, _Turn] = {}
    for line, row in json_rows(path, _Turn, problems):
        if row.id in rows:
            problems.add(path, line, f"id: {row.id!r} stands here for the second time")
        rows[row.id] = row
    if not rows:
        problems.add(path, None, "it holds no row")
    problems.refuse(folder.name)
    return [
        Item(
            id=row.id,
            group=row.customer_id,
            # Without its id, which could tell the split.
            heading=(
                f"customer {row.customer_id}, category {row.category or '-'}, "
                f"priority {row.priority or '-'}"
            ),
            sections=turn_sections([said.model_dump() for said in row.history], row.text),
            row={
                "labels": {
                    "required_model": row.required_model,
                    "reason": row.reason,
                    "floor": row.floor,
                    "tools": list(row.tools),
                    "output": row.tokens.output,
                }
            },
        )
        for row in rows.values()
    ]


def _pairs(folder: Path) -> list[Item]:
    splits = sorted(path.stem for path in (folder / QRELS_FOLDER).glob("*.tsv"))
    if not splits:
        raise UsageError(f"{folder} has no {QRELS_FOLDER}/*.tsv, so there is no grade to check.")
    histories = _histories(folder)
    items = []
    for split in splits:
        data = read_retrieval_set(folder, split=split)
        documents = {document.document_id: document for document in data.documents}
        for query in data.queries:
            said = "".join(f"{turn.role}: {turn.text}\n\n" for turn in histories[query.query_id])
            need = Section(title="The need", text=said + query.text)
            items += [
                pair_item(
                    query.query_id,
                    need,
                    documents[document_id],
                    customer_id=query.customer_id,
                    group=query.customer_id or query.query_id,
                    row={"labels": {"grade": grade}},
                )
                for document_id, grade in sorted(data.qrels.get(query.query_id, {}).items())
            ]
    return items


def _histories(folder: Path) -> Mapping[str, tuple[Said, ...]]:
    """Both sides of each query's conversation; faults are told by `read_retrieval_set`."""
    rows = json_rows(folder / QUERIES_FILE, _Query, Problems())
    return {row.id: row.history for _, row in rows}
