"""Which language a text is in, by its commonest words."""

import re
from collections import Counter
from collections.abc import Iterable

from msp_core.data_check.findings import Table

_WORD = re.compile(r"[^\W\d_]+")
_COMMON = {
    "English": """
        the is are was and to of for with on in it that this have has not can we you my our please
        from when after again but they all still does will be no i
    """,
    "German": """
        der die das und ist sind war nicht mit ein eine einen auf dem den für von wir ich sie bitte
        kann seit auch noch kein keine beim zum zur nach bei es im heute wird
    """,
    "Spanish": """
        el la los las de que y en un una no con por para se es está del al lo me nos hemos desde
        pero favor hoy sigue cuando ha ya su muy
    """,
    "French": """
        le la les des et est un une pas pour avec sur dans que qui nous vous je il ce cette du au
        aux ne plus depuis merci bonjour sont mais ça c j l d n y a
    """,
}
_LISTS = {name: frozenset(words.split()) for name, words in _COMMON.items()}
_LEAST_HITS = 2


def language_of(text: str) -> str:
    """English, German, Spanish or French; `unclear` when too few of their words stand in it."""
    counts = Counter(word.lower() for word in _WORD.findall(text))
    scores = {
        name: sum(times for word, times in counts.items() if word in words)
        for name, words in _LISTS.items()
    }
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= _LEAST_HITS else "unclear"


def language_table(name: str, texts: Iterable[str]) -> Table:
    """How many texts are in which language, the commonest first."""
    counts = Counter(map(language_of, texts))
    return Table(name, tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))))
