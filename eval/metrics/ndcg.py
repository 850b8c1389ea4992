"""Normalised discounted cumulative gain."""

from collections.abc import Iterable, Mapping, Sequence
from math import log2

from eval.metrics.ranking import check_ranking


def ndcg_at_k(grades: Mapping[str, int], ranking: Sequence[str], k: int) -> float:
    """How close the first k come to the best possible order, for one query.

    The gain at a rank is grade / log2(rank + 1), summed over ranks 1 to k and divided by the same
    sum of the ideal order (Järvelin and Kekäläinen 2002, doi:10.1145/582415.582418). Gains are
    linear in the grade, as trec_eval has them.

    Args:
        grades: by document id; an id that is missing, or graded below 0, counts as 0.
        ranking: document ids, best first, each once.
        k: cut-off, 1 or more.

    Returns:
        0.0 to 1.0; 0.0 when no document has a grade above 0.

    Raises:
        ValueError: k below 1, or an id twice in the ranking.
    """
    check_ranking(ranking, k)
    ideal = _gain(sorted(grades.values(), reverse=True)[:k])
    if ideal == 0:
        return 0.0
    return _gain(grades.get(document_id, 0) for document_id in ranking[:k]) / ideal


def _gain(grades: Iterable[int]) -> float:
    return sum(max(grade, 0) / log2(rank + 1) for rank, grade in enumerate(grades, start=1))
