"""Retrieval sets: documents are those of the data, queries and grades fit together."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from msp_core.data_check.set_rows import Placed, SetRows

_ANSWERS = 2
_TICKET = "ticket:"


def check_retrieval(rows: SetRows) -> None:
    """Corpus, queries and qrels of a set."""
    documents = rows.unique(list(rows.json_rows("corpus.jsonl")), "_id")
    for id_, placed in documents.items():
        _check_source(rows, id_, placed)
    queries = rows.unique(list(rows.json_rows("queries.jsonl")), "_id")
    for id_, placed in queries.items():
        _check_query(rows, id_, placed, documents)
    customers: dict[str, set[str]] = {}
    outages: dict[str, set[str]] = {}
    split_of: dict[str, str] = {}
    for path in sorted((rows.path / "qrels").glob("*.tsv")):
        for file, line, query, document, grade in _judgements(rows, path):
            if query not in queries:
                rows.note(file, line, f"there is no query {query}")
                continue
            if document not in documents:
                rows.note(file, line, f"there is no document {document}")
            row = queries[query].row
            if row.get("type") == "no_answer" and grade >= _ANSWERS:
                rows.note(file, line, f"{document} answers {query}, which is of type no_answer")
            if split_of.setdefault(query, path.stem) != path.stem:
                rows.note(file, line, f"query {query} is judged in {split_of[query]} too")
            if row.get("customer_id"):
                customers.setdefault(str(row["customer_id"]), set()).add(path.stem)
            for ticket in _excluded_tickets(queries[query]):
                outages.setdefault(rows.outage(ticket), set()).add(path.stem)
    rows.check_customers_apart(customers, "qrels")
    rows.check_apart(outages, "qrels", "excluded ticket (or its outage)")


def _check_source(rows: SetRows, id_: str, placed: Placed) -> None:
    """A document made from the folder still has its title; other texts are left alone."""
    kind, _, name = id_.partition(":")
    if kind not in {"article", "ticket"}:
        return
    item = rows.articles.get(name) if kind == "article" else rows.tickets.get(name)
    if item is None:
        rows.note(placed.file, placed.line, f"{id_} is not in the data folder")
    elif item.title != placed.row.get("title"):
        reason = f"{id_} has another title in the data folder: make the set anew"
        rows.note(placed.file, placed.line, reason)


def _check_query(rows: SetRows, id_: str, placed: Placed, documents: Mapping[str, Placed]) -> None:
    rows.check_customer(placed)
    exclude = set(placed.row.get("exclude") or ())
    for other in sorted(exclude - documents.keys()):
        rows.note(placed.file, placed.line, f"{id_} excludes {other}, which is not in the corpus")
    outages = {rows.outage(ticket) for ticket in _excluded_tickets(placed)}
    for document in sorted(documents.keys() - exclude):
        if document.startswith(_TICKET) and rows.outage(document.removeprefix(_TICKET)) in outages:
            reason = f"{id_} excludes a ticket but not {document} of the same outage"
            rows.note(placed.file, placed.line, reason)
    if placed.row.get("type") == "follow_up" and not placed.row.get("history"):
        rows.note(placed.file, placed.line, f"{id_} is of type follow_up and has no history")


def _excluded_tickets(placed: Placed) -> Iterator[str]:
    for document in placed.row.get("exclude") or ():
        if str(document).startswith(_TICKET):
            yield str(document).removeprefix(_TICKET)


def _judgements(rows: SetRows, path: Path) -> Iterator[tuple[str, int, str, str, int]]:
    """(file, line, query, document, grade) of each well-formed line."""
    file = f"qrels/{path.name}"
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        cells = line.split("\t")
        if not line.strip() or cells[0] == "query-id":
            continue
        rows.count += 1
        if len(cells) == 3 and cells[2].strip().isdigit():
            yield file, number, cells[0], cells[1], int(cells[2])
        else:
            rows.note(file, number, "it needs query-id, corpus-id and a whole number")
