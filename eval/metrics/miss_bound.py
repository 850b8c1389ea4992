"""How often something may be missed that was seldom or never seen to be missed."""

import math

_HALVINGS = 60


def miss_rate_bound(misses: int, n: int, *, confidence: float = 0.95) -> float:
    """The one-sided upper bound on a rate of which `misses` of n were seen.

    Clopper and Pearson 1934 (doi:10.1093/biomet/26.4.404): the rate at which so few misses would
    be seen in 1 - confidence of all samples. With no miss in n it is about 3 / n. It takes the n
    for independent.

    Args:
        misses: 0 to n.
        n: 1 or more.
        confidence: above 0, below 1.

    Raises:
        ValueError: a value out of range.
    """
    if not 0 <= misses <= n or n < 1 or not 0 < confidence < 1:
        raise ValueError(f"{misses} misses of {n} at {confidence} is no sample")
    if misses == n:
        return 1.0
    low, high = misses / n, 1.0
    for _ in range(_HALVINGS):
        rate = (low + high) / 2
        if _at_most(misses, n, rate) > 1 - confidence:
            low = rate
        else:
            high = rate
    return high


def _at_most(misses: int, n: int, rate: float) -> float:
    """Probability of so many misses or fewer."""
    if rate >= 1:
        return 0.0
    terms = (
        math.lgamma(n + 1)
        - math.lgamma(k + 1)
        - math.lgamma(n - k + 1)
        + (k * math.log(rate) if k else 0.0)
        + (n - k) * math.log1p(-rate)
        for k in range(misses + 1)
    )
    return math.fsum(map(math.exp, terms))
