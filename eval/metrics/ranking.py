"""What the ranking metrics ask of their arguments."""

from collections.abc import Sequence


def check_ranking(ranking: Sequence[str], k: int | None = None) -> None:
    """Pass, or raise ValueError: k below 1, or an id twice in the ranking."""
    if k is not None and k < 1:
        raise ValueError(f"k must be 1 or more, not {k}")
    if len(set(ranking)) < len(ranking):
        raise ValueError("the ranking holds a document twice")
