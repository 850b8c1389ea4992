"""Checks all that a service holds of an index."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from msp_core.knowledge.index import Record, unusable_rows
from msp_core.knowledge.made_with import NOT_WHOLE, Stored, hashes_of_whole

Item = TypeVar("Item")
IN_PIECES = "is not held whole"
"""Ends the line about a document that a killed write left in pieces."""


def problems_of(
    items: Iterable[Item],
    *,
    name: Callable[[Item], str],
    stored: Callable[[Item], Stored],
    record: Callable[[Item], Record],
) -> list[str]:
    """What is wrong, a line each: unreadable records, unusable vectors, documents in pieces.

    Args:
        items: as the service has them.
        name: the chunk id under which one is kept.
        stored, record: read one; raise KeyError, TypeError or ValueError for a foreign one.
    """
    import numpy as np

    problems = []
    held = []
    for item in items:
        try:
            held.append(stored(item))
            found = record(item)
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"the record of {name(item)!r} cannot be read ({error})")
            continue
        if found.chunk.chunk_id != name(item):
            problems.append(f"the record of {name(item)!r} is that of another chunk")
        if unusable_rows(np.atleast_2d(found.vector)):
            problems.append(f"the vector of {name(item)!r} is not usable")
    whole = hashes_of_whole(held)
    problems += [f"{name_} {IN_PIECES}" for name_, hash_ in whole.items() if hash_ == NOT_WHOLE]
    return problems
