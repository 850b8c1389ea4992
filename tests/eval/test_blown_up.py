from collections.abc import Callable
from pathlib import Path

import pytest

from eval.blown_up import blow_up
from eval.retrieval import evaluate_retrieval
from eval.retrieval_set import read_retrieval_set
from msp_core.errors import UsageError
from msp_core.knowledge.document import pieces

Writer = Callable[..., Path]


def test_the_corpus_grows_and_nothing_else(retrieval_folder: Writer, embedder) -> None:
    data = read_retrieval_set(retrieval_folder())
    large = blow_up(data, 50, seed=7)
    assert sum(len(pieces(document)) for document in large.documents) == 50
    assert large.documents[:3] == data.documents
    assert (large.queries, large.qrels) == (data.queries, data.qrels)
    assert len({document.document_id for document in large.documents}) == len(large.documents)
    owners = {(row.customer_id, row.parts[0].audience) for row in large.documents[3:]}
    assert owners == {(None, "public"), ("medora", "internal")}
    run = evaluate_retrieval(large, embedder, systems=["bm25"])
    assert run.result.find("unjudged@10", "bm25").value > 0.5
    assert "50 chunks" in run.result.dataset.name


def test_equal_seeds_make_equal_documents(retrieval_folder: Writer) -> None:
    data = read_retrieval_set(retrieval_folder())
    once, again, other = (blow_up(data, 40, seed=seed) for seed in (7, 7, 8))
    assert once == again
    assert once.documents != other.documents
    assert len({data.sha256, once.sha256, other.sha256, blow_up(data, 41, seed=7).sha256}) == 4


def test_a_corpus_that_is_larger_already(retrieval_folder: Writer) -> None:
    with pytest.raises(UsageError, match="has 3 chunks and cannot be blown up to 3"):
        blow_up(read_retrieval_set(retrieval_folder()), 3, seed=7)
