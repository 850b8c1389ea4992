"""Judged sets: the files are those of the manifest, ids exist, splits keep customers apart."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msp_core.data_check.findings import Check, Problem
from msp_core.data_check.folder import Folder

MANIFEST = "manifest.json"
Row = dict[str, Any]
Placed = tuple[str, int, Row]
# A floor's turns only measure whether the floor holds, so they may be of any customer.
_FREE_SPLITS = frozenset({"floor"})


def check_dataset(path: Path, folder: Folder) -> Check:
    """One data set of `eval/datasets/`, or of a user's `datasets/`."""
    reader = _Reader(path, folder)
    reader.check()
    return Check(f"dataset {path.name}", "rows", reader.rows, tuple(reader.problems))


class _Reader:
    def __init__(self, path: Path, folder: Folder) -> None:
        self._path, self._folder = path, folder
        self._tickets = {ticket.ticket_id: ticket for ticket in folder.tickets}
        self._articles = {article.article_id: article for article in folder.articles}
        self.problems: list[Problem] = []
        self.rows = 0

    def check(self) -> None:
        """Everything, by what the folder holds."""
        manifest = self._manifest()
        if (self._path / "queries.jsonl").is_file():
            self._retrieval()
        for name in ("turns.jsonl", "labels.jsonl", "texts.jsonl", "scenarios.jsonl"):
            if (self._path / name).is_file():
                self._labelled(name)
        if manifest is not None and not self.rows:
            self._error(MANIFEST, 0, "the set holds no row of a kind that is known here")

    def _error(self, file: str, line: int, reason: str) -> None:
        self.problems.append(Problem("error", f"{self._path.name}/{file}", line, reason))

    def _manifest(self) -> Row | None:
        file = self._path / MANIFEST
        if not file.is_file():
            name = f"{self._path.name}/{MANIFEST}"
            self.problems.append(
                Problem("warning", name, 0, "there is none: nothing proves the files")
            )
            return None
        try:
            manifest: Row = json.loads(file.read_bytes())
            listed = {
                name: (entry["sha256"], entry["rows"]) for name, entry in manifest["files"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._error(MANIFEST, 0, f"it is not usable ({error!r})")
            return None
        for name, (sha256, rows) in listed.items():
            path = self._path / name
            if not path.is_file():
                self._error(name, 0, "the manifest lists it, and it is not there")
                continue
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != sha256:
                self._error(name, 0, "its SHA-256 differs from the manifest's")
            lines = [line for line in content.split(b"\n") if line.strip()]
            found = len(lines) - (
                path.suffix == ".tsv" and lines[:1] != [] and b"query-id" in lines[0]
            )
            if found != rows:
                self._error(name, 0, f"it has {found} rows, and the manifest says {rows}")
        return manifest

    def _json_rows(self, name: str) -> Iterator[Placed]:
        for number, line in enumerate((self._path / name).read_bytes().split(b"\n"), start=1):
            if not line.strip():
                continue
            self.rows += 1
            try:
                row = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
            except ValueError as error:
                self._error(name, number, f"not JSON ({error})")
                continue
            if isinstance(row, dict):
                yield name, number, row
            else:
                self._error(name, number, "not an object")

    def _unique(self, rows: list[Placed], key: str) -> dict[str, Placed]:
        found: dict[str, Placed] = {}
        for file, line, row in rows:
            id_ = str(row.get(key, ""))
            if not id_:
                self._error(file, line, f"it has no {key}")
            elif found.setdefault(id_, (file, line, row))[1] != line:
                self._error(file, line, f"{key} {id_} stands there for the second time")
        return found

    def _retrieval(self) -> None:
        documents = self._unique(list(self._json_rows("corpus.jsonl")), "_id")
        for id_, (file, line, row) in documents.items():
            self._source(file, line, id_, row)
        queries = self._unique(list(self._json_rows("queries.jsonl")), "_id")
        for id_, (file, line, row) in queries.items():
            self._customer(file, line, row)
            for other in row.get("exclude") or ():
                if other not in documents:
                    self._error(file, line, f"{id_} excludes {other}, which is not in the corpus")
        owners: dict[str, set[str]] = {}
        split_of: dict[str, str] = {}
        for path in sorted((self._path / "qrels").glob("*.tsv")):
            for file, line, query, document in self._judgements(path):
                if query not in queries:
                    self._error(file, line, f"there is no query {query}")
                    continue
                if document not in documents:
                    self._error(file, line, f"there is no document {document}")
                if split_of.setdefault(query, path.stem) != path.stem:
                    self._error(file, line, f"query {query} is judged in {split_of[query]} too")
                customer = queries[query][2].get("customer_id")
                if customer:
                    owners.setdefault(str(customer), set()).add(path.stem)
        self._apart(owners, "qrels", "customer")

    def _judgements(self, path: Path) -> Iterator[tuple[str, int, str, str]]:
        """(file, line, query, document) of each well-formed line."""
        file = f"qrels/{path.name}"
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
            cells = line.split("\t")
            if not line.strip() or cells[0] == "query-id":
                continue
            self.rows += 1
            if len(cells) == 3 and cells[2].strip().isdigit():
                yield file, number, cells[0], cells[1]
            else:
                self._error(file, number, "it needs query-id, corpus-id and a whole number")

    def _source(self, file: str, line: int, id_: str, row: Row) -> None:
        """A document made from the folder still has its title; other texts are left alone."""
        kind, _, name = id_.partition(":")
        known = {"article": self._articles, "ticket": self._tickets}.get(kind)
        if known is None:
            return
        item = known.get(name)  # type: ignore[attr-defined]
        if item is None:
            self._error(file, line, f"{id_} is not in the data folder")
        elif item.title != row.get("title"):
            self._error(
                file, line, f"{id_} has another title in the data folder: make the set anew"
            )

    def _customer(self, file: str, line: int, row: Row) -> None:
        customer = row.get("customer_id")
        if (
            customer is not None
            and self._folder.customers
            and customer not in self._folder.customers
        ):
            self._error(file, line, f"there is no customer {customer}")

    def _labelled(self, name: str) -> None:
        rows = list(self._json_rows(name))
        key = "ticket_id" if name == "labels.jsonl" else "id"
        customers: dict[str, set[str]] = {}
        outages: dict[str, set[str]] = {}
        for id_, (file, line, row) in self._unique(rows, key).items():
            self._customer(file, line, row)
            ticket = self._tickets.get(str(row.get("ticket_id")))
            if row.get("ticket_id") and ticket is None:
                self._error(file, line, f"{id_}: there is no ticket {row['ticket_id']}")
            split = row.get("split")
            if not isinstance(split, str) or not split:
                self._error(file, line, f"{id_} has no split")
                continue
            if split in _FREE_SPLITS:
                continue
            customer = row.get("customer_id") or (ticket.customer_id if ticket else None)
            if customer:
                customers.setdefault(str(customer), set()).add(split)
            if ticket:
                outages.setdefault(ticket.duplicate_of or ticket.ticket_id, set()).add(split)
        self._apart(customers, name, "customer")
        self._apart(outages, name, "ticket (or its outage)")

    def _apart(self, splits: dict[str, set[str]], file: str, what: str) -> None:
        for name, found in sorted(splits.items()):
            if len(found) > 1:
                self._error(
                    file, 0, f"{what} {name} is in several splits: {', '.join(sorted(found))}"
                )
