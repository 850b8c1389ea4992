"""Average precision; its mean over queries is the MAP."""

from collections.abc import Mapping, Sequence

from eval.metrics.ranking import check_ranking


def average_precision(grades: Mapping[str, int], ranking: Sequence[str]) -> float:
    """Mean, over all relevant documents, of the precision at each one's rank, for one query.

    A relevant document that the ranking lacks adds 0 (Buckley and Voorhees 2000,
    doi:10.1145/345508.345543).

    Returns:
        0.0 to 1.0; 0.0 when no document is relevant (grade above 0).

    Raises:
        ValueError: an id twice in the ranking.
    """
    check_ranking(ranking)
    relevant = sum(grade > 0 for grade in grades.values())
    if relevant == 0:
        return 0.0
    found = 0
    total = 0.0
    for rank, document_id in enumerate(ranking, start=1):
        if grades.get(document_id, 0) > 0:
            found += 1
            total += found / rank
    return total / relevant
