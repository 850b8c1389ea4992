"""The words of a question that are worth matching."""

import re
from collections.abc import Mapping

COMMON_SHARE = 0.3
"""A word in more than this share of the chunks is not searched: it tells nothing, and is slow."""
COMMON_AT_LEAST = 10
"""Below this count no word is common, or a small index could find nothing."""
MAX_TERMS = 64
"""More of a question's words than this add time and no precision; the rarest are kept."""

_WORD = re.compile(r"[^\W_]+")

STOP_WORDS = frozenset("""
    a about after again all also am an and any are as at be because been before being but by can
    could did do does doing don for from further get gets got had has have having he her here
    hers him his how however i if in into is it its just let like may me might more most must my
    no nor not now of on once only or other our ours out over own please same shall she should
    so some such than thank thanks that the their theirs them then there these they this those
    through to too until up us very was we were what when where which while who whom why will with
    within without would you your yours
    """.split())  # noqa: SIM905  # as a list of 150 quoted strings nobody would read it


def query_terms(query: str) -> list[str]:
    """Its words in lower case, each once, without stop words and single characters.

    Words are runs of letters and digits, as SQLite's unicode61 tokenizer sees them, so no term
    can hold a quote or an operator.
    """
    words = dict.fromkeys(_WORD.findall(query.lower()))
    return [word for word in words if len(word) > 1 and word not in STOP_WORDS]


def telling_terms(counts: Mapping[str, int], chunks: int) -> list[str]:
    """Those of the words that are worth searching, rarest first, `MAX_TERMS` at most.

    Args:
        counts: in how many chunks each word stands.
        chunks: how many there are.

    Returns:
        Words that stand somewhere and are not common; the common ones if there is no other.
    """
    found = {term: count for term, count in counts.items() if count}
    common = max(COMMON_SHARE * chunks, COMMON_AT_LEAST)
    telling = {term: count for term, count in found.items() if count <= common} or found
    return sorted(telling, key=lambda term: telling[term])[:MAX_TERMS]
