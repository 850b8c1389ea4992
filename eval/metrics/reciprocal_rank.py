"""Reciprocal rank; its mean over queries is the MRR."""

from collections.abc import Mapping, Sequence

from eval.metrics.ranking import check_ranking


def reciprocal_rank(grades: Mapping[str, int], ranking: Sequence[str]) -> float:
    """1 / rank of the first relevant document (grade above 0), for one query.

    Source: Voorhees 1999, The TREC-8 Question Answering Track Report.

    Returns:
        0.0 to 1.0; 0.0 when the ranking holds no relevant document.

    Raises:
        ValueError: an id twice in the ranking.
    """
    check_ranking(ranking)
    for rank, document_id in enumerate(ranking, start=1):
        if grades.get(document_id, 0) > 0:
            return 1.0 / rank
    return 0.0
