"""Writes the judged set of a labelling, with manifest and datasheet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eval.agreement import Agreement, Labels, write_agreement
from eval.datasheets.counts import count_set
from eval.datasheets.sheet import README, block
from eval.files import remove, write_lines
from eval.labelling.items import Drawn, Item
from eval.labelling.questions import PROTOCOL
from eval.retrieval_set import CORPUS_FILE, NO_ANSWER, QRELS_FOLDER, QUERIES_FILE
from eval.routing_set import LABELS_FILE
from eval.set_files import write_manifest, write_rows
from msp_core.routing.request import CHARACTERS_PER_TOKEN

PROMPT_TOKENS = 1200
"""Of system prompt and tools, which every call carries; an estimate."""

_LICENCE = "of the tickets it was made from"


def write_set(
    folder: Path,
    drawn: Drawn,
    items: Iterable[Item],
    labels: Mapping[str, Labels],
    *,
    queries: Iterable[Mapping[str, Any]],
    corpus: Iterable[Mapping[str, Any]],
    agreement: Agreement,
) -> tuple[list[str], list[str]]:
    """Write the set from the labels given so far.

    Args:
        queries, corpus: rows of a retrieval set; empty for routing.

    Returns:
        The files written, relative to the folder; and what is odd about the set. Nothing is
        written while no item, or no whole pool of a query, is judged.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    if drawn.kind == "routing":
        files, odd = _write_routing(folder, items, labels)
    else:
        files, odd = _write_retrieval(folder, items, labels, queries, corpus)
    if not files:
        return [], odd
    write_agreement(folder, agreement)
    sheet = block(count_set(folder, {}), agreement, None)
    write_lines(folder / README, [_readme(folder.name, drawn), sheet])
    write_manifest(
        folder,
        name=folder.name,
        kind=drawn.kind,
        version="1",
        licence=_LICENCE,
        files=files,
    )
    return files, odd


def _write_routing(
    folder: Path, items: Iterable[Item], labels: Mapping[str, Labels]
) -> tuple[list[str], list[str]]:
    rows = [_turn(item, labels[item.id]) for item in items if item.id in labels]
    if not rows:
        return [], []
    write_rows(folder / LABELS_FILE, rows)
    by_split: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_split[row["split"]].add(row["required_model"])
    odd = [
        f"split {split}: every turn requires the {next(iter(found))} model. A set of one class "
        "gives no routing curve; label more turns"
        for split, found in sorted(by_split.items())
        if len(found) == 1
    ]
    return [LABELS_FILE], odd


def _turn(item: Item, labels: Labels) -> dict[str, Any]:
    row = item.row
    said = sum(len(turn["text"]) for turn in row["history"])
    return {
        "id": item.id,
        **row,
        **{name: labels[name] for name in ("required_model", "reason", "floor", "tools")},
        "tokens": {
            "prefix": PROMPT_TOKENS + said // CHARACTERS_PER_TOKEN,
            "input": max(1, len(row["text"]) // CHARACTERS_PER_TOKEN),
            "output": labels["output"],
        },
    }


def _write_retrieval(
    folder: Path,
    items: Iterable[Item],
    labels: Mapping[str, Labels],
    queries: Iterable[Mapping[str, Any]],
    corpus: Iterable[Mapping[str, Any]],
) -> tuple[list[str], list[str]]:
    pools: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        pools[item.row["query"]].append(item)
    judged = {
        query: {item.row["document"]: labels[item.id]["grade"] for item in pool}
        for query, pool in pools.items()
        if all(item.id in labels for item in pool)
    }
    if not judged:
        return [], ["no query is judged for its whole pool yet, so there is no set to write"]
    odd = []
    if len(judged) < len(pools):
        odd.append(f"{len(pools) - len(judged)} queries are not judged for their whole pool yet")
    unanswered = {query for query, grades in judged.items() if not any(grades.values())}
    rows = [
        {**row, "type": NO_ANSWER} if row["_id"] in unanswered else row
        for row in queries
        if row["_id"] in judged
    ]
    splits = {query: pool[0].row["split"] for query, pool in pools.items()}
    lines: dict[str, list[str]] = {}
    for query, grades in judged.items():
        own = lines.setdefault(splits[query], ["query-id\tcorpus-id\tscore\n"])
        own += [f"{query}\t{document}\t{grade}\n" for document, grade in grades.items()]
    odd += [
        f"split {split}: no document helps with any query. A set of one class gives no nDCG; label "
        "more queries"
        for split in sorted(lines)
        if all(query in unanswered for query in judged if splits[query] == split)
    ]
    write_rows(folder / CORPUS_FILE, corpus)
    write_rows(folder / QUERIES_FILE, rows)
    for split in set(splits.values()):
        path = folder / QRELS_FOLDER / f"{split}.tsv"
        if split in lines:
            write_lines(path, lines[split])
        else:
            remove(path)  # the last query of the split was taken back
    files = [f"{QRELS_FOLDER}/{split}.tsv" for split in sorted(lines)]
    return [CORPUS_FILE, QUERIES_FILE, *files], odd


def _readme(name: str, drawn: Drawn) -> str:
    left_out = "; ".join(f"{count} {reason}" for reason, count in drawn.left_out.items())
    return (
        f"# Data set: {name}\n\n"
        f"Made with `msp label {drawn.kind}` from the tickets of `{drawn.source}` (seed "
        f"{drawn.seed}), by the protocol in `{PROTOCOL}` of the workbench.\n\n"
        f"Left out when it was drawn: {left_out or 'nothing'}. Splits keep customers apart; with "
        "one customer only, the tickets of one outage. Lengths in tokens are estimates.\n\n"
    )
