"""Share of unjudged documents: how far the judgements can be trusted for this system."""

from collections.abc import Mapping, Sequence

from eval.metrics.ranking import check_ranking


def unjudged_at_k(grades: Mapping[str, int], ranking: Sequence[str], k: int) -> float:
    """Share of the first k documents that nobody judged (a grade of 0 is a judgement).

    The other metrics count such a document as irrelevant, so a high share means that they may
    underrate the system.

    Returns:
        0.0 to 1.0 of what the ranking holds down to rank k; 0.0 for an empty ranking.

    Raises:
        ValueError: k below 1, or an id twice in the ranking.
    """
    check_ranking(ranking, k)
    top = ranking[:k]
    if not top:
        return 0.0
    return sum(document_id not in grades for document_id in top) / len(top)
