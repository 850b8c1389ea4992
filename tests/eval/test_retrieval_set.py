from collections.abc import Callable
from pathlib import Path

import pytest

from eval.retrieval_set import read_retrieval_set
from msp_core.errors import InvalidInput, UsageError

Writer = Callable[..., Path]


def test_a_folder_with_customers_history_and_no_answer(retrieval_folder: Writer) -> None:
    data = read_retrieval_set(retrieval_folder())
    assert (data.name, data.split) == ("mini", "dev")
    assert [query.query_id for query in data.queries] == ["q1", "q2", "q3", "q4"]
    assert data.queries[1].history == ("printer stuck",)
    assert data.qrels["q1"] == {"article:vpn": 2, "article:print": 0}
    secret = data.documents[2]
    assert (secret.customer_id, secret.parts[0].audience) == ("medora", "internal")


def test_a_bare_beir_folder_with_any_ids(retrieval_folder: Writer) -> None:
    folder = retrieval_folder(
        corpus=[{"_id": 7, "text": "a text"}, {"_id": "doc é/2", "text": "b", "metadata": {}}],
        queries=[{"_id": "1", "text": "a?", "metadata": {"url": "x"}}],
        qrels="query-id\tcorpus-id\tscore\r\n1\t7\t1\r\n",
    )
    (folder / "qrels/dev.tsv").rename(folder / "qrels/test.tsv")
    data = read_retrieval_set(folder)
    assert (data.split, data.qrels) == ("test", {"1": {"7": 1}})
    assert data.documents[0].customer_id is None
    assert data.documents[0].parts[0].audience == "public"


def test_a_no_answer_query_belongs_to_the_split_that_names_it(retrieval_folder: Writer) -> None:
    folder = retrieval_folder()
    (folder / "qrels/test.tsv").write_text("q1\tarticle:vpn\t1\nq4\tarticle:vpn\t0\n")
    dev, test = (read_retrieval_set(folder, split=split) for split in ("dev", "test"))
    assert "q4" not in [query.query_id for query in dev.queries]
    assert [query.query_id for query in test.queries] == ["q1", "q4"]
    assert dev.sha256 != test.sha256


def test_a_document_may_help_with_a_no_answer_query(retrieval_folder: Writer) -> None:
    queries = [{"_id": "q", "text": "x", "type": "no_answer"}]
    data = read_retrieval_set(retrieval_folder(GOOD_CORPUS, queries, "q\ta\t1\n"))
    assert data.qrels == {"q": {"a": 1}}


def test_a_successor_is_kept(retrieval_folder: Writer) -> None:
    corpus = [
        {"_id": "old", "text": "a", "metadata": {"superseded_by": "new"}},
        {"_id": "new", "text": "b"},
    ]
    data = read_retrieval_set(
        retrieval_folder(corpus, [{"_id": "q", "text": "a"}], "q\tnew\t1\n"),
    )
    assert data.documents[0].superseded_by == "new"


GOOD_CORPUS = [{"_id": "a", "text": "x"}, {"_id": "b", "text": "y"}]
GOOD_QUERIES = [{"_id": "q", "text": "x"}]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"corpus": [*GOOD_CORPUS, {"_id": "a", "text": "z"}]}, r"corpus\.jsonl:3: _id: 'a'"),
        ({"corpus": [*GOOD_CORPUS, {"text": "z"}]}, r"corpus\.jsonl:3: _id: Field required"),
        (
            {"corpus": [*GOOD_CORPUS, {"_id": "c", "text": "", "metadata": {"audience": "all"}}]},
            r"corpus\.jsonl:3: metadata\.audience",
        ),
        ({"queries": [*GOOD_QUERIES, {"_id": "r", "text": "  "}]}, r"queries\.jsonl:2: text"),
        (
            {"queries": [{"_id": "q", "text": "x", "exclude": ["zz"]}]},
            r"queries\.jsonl:1: exclude: there is no document 'zz'",
        ),
        (
            {"queries": [{"_id": "q", "text": "x", "exclude": ["a"]}]},
            r"dev\.tsv:1: 'a' is judged, and query 'q' excludes it",
        ),
        (
            {
                "queries": [{"_id": "q", "text": "x", "type": "no_answer"}],
                "qrels": "q\ta\t2\n",
            },
            r"dev\.tsv:1: query 'q' is of type no_answer",
        ),
        ({"qrels": "q\ta\n"}, r"dev\.tsv:1: it needs three cells"),
        ({"qrels": "q\ta\tmuch\n"}, r"dev\.tsv:1: score: 'much'"),
        ({"qrels": "q\ta\t1\nq\ta\t2\n"}, r"dev\.tsv:2: query 'q' judges 'a' twice"),
        ({"qrels": "q\ta\t1\nr\ta\t1\n"}, r"dev\.tsv:2: query-id: there is no query 'r'"),
        ({"qrels": "q\tz\t1\n"}, r"dev\.tsv:1: corpus-id: there is no document 'z'"),
        ({"qrels": "query-id\tcorpus-id\tscore\n"}, r"dev\.tsv: it holds no judgement"),
    ],
)
def test_each_problem_is_named_with_file_and_line(
    retrieval_folder: Writer, changed: dict[str, object], problem: str
) -> None:
    good = {"corpus": GOOD_CORPUS, "queries": GOOD_QUERIES, "qrels": "q\ta\t1\n"}
    read_retrieval_set(retrieval_folder(**good))
    with pytest.raises(InvalidInput, match=problem):
        read_retrieval_set(retrieval_folder(**{**good, **changed}))


def test_another_customers_document_cannot_be_an_answer(retrieval_folder: Writer) -> None:
    corpus = [{"_id": "a", "text": "x", "metadata": {"customer_id": "medora"}}]
    queries = [{"_id": "q", "text": "x", "customer_id": "northwind"}]
    with pytest.raises(InvalidInput, match="belongs to medora"):
        read_retrieval_set(retrieval_folder(corpus, queries, "q\ta\t1\n"))


def test_a_folder_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"it needs corpus\.jsonl"):
        read_retrieval_set(tmp_path)
