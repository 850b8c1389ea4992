"""Recall at a cut-off."""

from collections.abc import Mapping, Sequence

from eval.metrics.ranking import check_ranking


def recall_at_k(grades: Mapping[str, int], ranking: Sequence[str], k: int) -> float:
    """Share of the relevant documents (grade above 0) among the first k, for one query.

    The denominator is every relevant document, also when there are more than k (Manning, Raghavan
    and Schütze 2008, Introduction to Information Retrieval, section 8.3).

    Returns:
        0.0 to 1.0; 0.0 when no document is relevant.

    Raises:
        ValueError: k below 1, or an id twice in the ranking.
    """
    check_ranking(ranking, k)
    relevant = {document_id for document_id, grade in grades.items() if grade > 0}
    if not relevant:
        return 0.0
    return len(relevant.intersection(ranking[:k])) / len(relevant)
