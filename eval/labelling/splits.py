"""Splits that keep what belongs together on one side."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence


def assign_splits(
    groups: Sequence[str], shares: Mapping[str, float], *, seed: int
) -> dict[str, str]:
    """A split for each group, so that the splits come near their shares of the items.

    The largest group goes first, each to the split that lacks most; equal ones in random order.
    With fewer groups than splits, splits of a small share stay empty.

    Args:
        groups: the group of each item (its customer, say).
        shares: wanted share of the items by split, summing to 1.
        seed: equal seeds give equal splits.
    """
    sizes = Counter(groups)
    names = sorted(sizes)
    random.Random(seed).shuffle(names)
    lacking = {split: share * len(groups) for split, share in shares.items()}
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda name: -sizes[name]):
        split = max(lacking, key=lambda split: lacking[split])
        found[name] = split
        lacking[split] -= sizes[name]
    return found
