"""A retrieval data set: a BEIR folder (corpus, queries, qrels) as the suite wants it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from eval.dataset import (
    Problems,
    Row,
    Said,
    check_manifest,
    choose_split,
    json_rows,
    text_lines,
    user_messages,
)
from eval.files import digest
from msp_core.errors import UsageError
from msp_core.knowledge.article import Audience
from msp_core.knowledge.document import Document, text_document

NO_ANSWER = "no_answer"
ANSWERS = 2
"""The grade of a document that answers the need; one that only helps has 1."""
CORPUS_FILE, QUERIES_FILE, QRELS_FOLDER = "corpus.jsonl", "queries.jsonl", "qrels"

_Id = Annotated[str, StringConstraints(min_length=1)]
Grades = Mapping[str, int]


@dataclass(frozen=True)
class Query:
    """A question as it was asked.

    Attributes:
        history: the user's earlier messages, oldest first.
        customer_id: whose question it is; None is the desk's own.
        kind: the query's type, such as `how_to`; `no_answer` is one the corpus does not answer.
        exclude: documents that may not be found.
    """

    query_id: str
    text: str
    history: tuple[str, ...] = ()
    customer_id: str | None = None
    kind: str | None = None
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RetrievalSet:
    """Documents, the judged queries of one split, and grades.

    Attributes:
        queries: those judged in the split, and its no-answer queries.
        qrels: grade by document id, by query id; 0 is a judgement too.
    """

    name: str
    split: str
    sha256: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    qrels: Mapping[str, Grades]

    @cached_property
    def customers(self) -> frozenset[str]:
        """All that a document or a query names."""
        owners = {document.customer_id for document in self.documents}
        owners |= {query.customer_id for query in self.queries}
        return frozenset(owner for owner in owners if owner is not None)


class _Metadata(Row):
    customer_id: str | None = None
    category: str | None = None
    audience: Audience = "public"
    superseded_by: str | None = None


class _DocumentRow(Row):
    id: _Id = Field(alias="_id")
    title: str = ""
    text: str
    metadata: _Metadata = _Metadata()


class _QueryRow(Row):
    id: _Id = Field(alias="_id")
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    history: tuple[Said, ...] = ()
    customer_id: str | None = None
    type: str | None = None
    exclude: frozenset[str] = frozenset()


def read_retrieval_set(folder: Path, *, split: str | None = None) -> RetrievalSet:
    """The data set in a BEIR folder; a manifest is checked if there is one.

    A no-answer query belongs to the splits whose qrels name it (with documents that help at most),
    or to every split if none does.

    Args:
        folder: `corpus.jsonl`, `queries.jsonl`, `qrels/<split>.tsv`; ids may be any text.
        split: default see `choose_split`.

    Raises:
        UsageError: it is no such folder, or there is no such split.
        ConfigurationError: a file cannot be read.
        InvalidInput: names each malformed row, each unknown or repeated id and each wrong hash.
    """
    corpus_file, queries_file = folder / CORPUS_FILE, folder / QUERIES_FILE
    qrels_files = {path.stem: path for path in sorted((folder / QRELS_FOLDER).glob("*.tsv"))}
    if not (corpus_file.is_file() and queries_file.is_file() and qrels_files):
        raise UsageError(
            f"{folder} is no retrieval data set: it needs {CORPUS_FILE}, {QUERIES_FILE} and "
            f"{QRELS_FOLDER}/<split>.tsv."
        )
    chosen = choose_split(split, qrels_files, name=folder.name)
    problems = Problems()
    check_manifest(folder, problems, kind="retrieval")
    documents = _read_documents(corpus_file, problems)
    queries = _read_queries(queries_file, problems, documents)
    qrels = {
        name: _read_qrels(path, problems, queries, documents) for name, path in qrels_files.items()
    }
    if not qrels[chosen]:
        problems.add(qrels_files[chosen], None, "it holds no judgement")
    problems.refuse(folder.name)
    named_anywhere = {query_id for judged in qrels.values() for query_id in judged}
    return RetrievalSet(
        name=folder.name,
        split=chosen,
        sha256=digest([corpus_file, queries_file, qrels_files[chosen]], root=folder),
        documents=tuple(documents.values()),
        queries=tuple(
            query
            for query in queries.values()
            if query.query_id in qrels[chosen]
            or (query.kind == NO_ANSWER and query.query_id not in named_anywhere)
        ),
        qrels=qrels[chosen],
    )


def _read_documents(path: Path, problems: Problems) -> dict[str, Document]:
    found: dict[str, Document] = {}
    successors: list[tuple[int, str]] = []
    for line, row in json_rows(path, _DocumentRow, problems):
        if row.id in found:
            problems.add(path, line, f"_id: {row.id!r} stands here for the second time")
            continue
        document = text_document(
            row.id,
            row.title,
            row.text,
            audience=row.metadata.audience,
            customer_id=row.metadata.customer_id,
            category=row.metadata.category,
        )
        successor = row.metadata.superseded_by
        if successor is not None:
            successors.append((line, successor))
        found[row.id] = replace(document, superseded_by=successor)
    for line, successor in successors:
        if successor not in found:
            problems.add(path, line, f"metadata.superseded_by: there is no document {successor!r}")
    return found


def _read_queries(
    path: Path, problems: Problems, documents: Mapping[str, Document]
) -> dict[str, Query]:
    found: dict[str, Query] = {}
    for line, row in json_rows(path, _QueryRow, problems):
        if row.id in found:
            problems.add(path, line, f"_id: {row.id!r} stands here for the second time")
        for document_id in sorted(row.exclude - documents.keys()):
            problems.add(path, line, f"exclude: there is no document {document_id!r}")
        found[row.id] = Query(
            row.id,
            row.text,
            user_messages(row.history),
            row.customer_id,
            row.type,
            row.exclude,
        )
    return found


def _read_qrels(
    path: Path,
    problems: Problems,
    queries: Mapping[str, Query],
    documents: Mapping[str, Document],
) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for line, text in text_lines(path, problems):
        cells = [cell.strip() for cell in text.rstrip("\r\n").split("\t")]
        if line == 1 and cells == ["query-id", "corpus-id", "score"]:
            continue
        if len(cells) != 3:
            problems.add(path, line, "it needs three cells: query-id, corpus-id, score")
            continue
        query_id, document_id, score = cells
        query = queries.get(query_id)
        if query is None:
            problems.add(path, line, f"query-id: there is no query {query_id!r}")
            continue
        grades = qrels.setdefault(query_id, {})
        try:
            grade = int(score)
        except ValueError:
            problems.add(path, line, f"score: {score!r} is no whole number")
            continue
        reason = _contradiction(query, document_id, grade, documents)
        if document_id in grades:
            reason = f"query {query_id!r} judges {document_id!r} twice"
        if reason is not None:
            problems.add(path, line, reason)
        grades[document_id] = grade
    return qrels


def _contradiction(
    query: Query, document_id: str, grade: int, documents: Mapping[str, Document]
) -> str | None:
    document = documents.get(document_id)
    if document is None:
        return f"corpus-id: there is no document {document_id!r}"
    if document_id in query.exclude:
        return f"{document_id!r} is judged, and query {query.query_id!r} excludes it"
    if grade <= 0:
        return None
    if query.kind == NO_ANSWER and grade >= ANSWERS:
        return f"query {query.query_id!r} is of type {NO_ANSWER}, and {document_id!r} answers it"
    owner = document.customer_id
    if query.customer_id is not None and owner not in (None, query.customer_id):
        return f"{document_id!r} belongs to {owner}, which query {query.query_id!r} may not see"
    return None
