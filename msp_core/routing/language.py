"""Whether a message is in English, by script, commonest words and letters; no model."""

import re
from collections import Counter
from functools import cache
from typing import Literal

Language = Literal["English", "German", "French", "Spanish", "Italian", "Dutch", "other"]

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_LEAST_HITS = 2
_MAX_CHARACTERS = 4_000
_FOREIGN_SHARE = 0.3

# The commonest words. One that several of the languages have tells nothing and counts for each.
_WORDS: dict[Language, str] = {
    "English": """
        the a an is are was were be been being and or of to in on at for with from by about this
        that these those it its i we you he she they my our your his her their me us them not no
        can could will would should may have has had do does did done what which who when where why
        how please there here all any some still now just again after before but if then than so as
        thanks hello need get got since every help open show close ticket tickets yes out up new
        only
    """,
    "German": """
        der die das den dem des ein eine einen einem einer und oder aber ist sind war waren nicht
        kein keine mit von vom zu zum zur auf aus bei beim nach seit für im am an ich wir sie er es
        uns mir mich mein meine unser unsere ihr ihre bitte kann können haben hat hatte wird werden
        auch noch schon nur wie was wer wo warum wenn dass als über unter alle alles danke hallo
        seid gibt geht mehr heute morgen gestern ja nein doch dann sich du
        kannst ganze ganzen man weg geht diese dieser keiner niemand
    """,
    "French": """
        le la les un une des du de et ou est sont était pas ne plus avec pour par sur dans sous
        chez que qui quoi où quand comment pourquoi je tu il elle nous vous ils elles on mon ma mes
        notre nos votre vos leur ce cette ces se si mais donc merci bonjour depuis tout tous toute
        toutes peut pouvez avons avez ont fait être avoir au aux oui non très aussi encore
    """,
    "Spanish": """
        el la los las un una unos unas de del y o es son está están fue no con para por en sin que
        qué quien cuando cómo donde porque yo tú él ella nosotros ustedes me te se nos mi mis su
        sus nuestro nuestra pero si sí ya muy más también desde hasta todo todos toda todas gracias
        hola favor puede pueden hay hemos tiene tengo ha han al lo hoy ayer
    """,
    "Italian": """
        il lo la gli le un una di del della dei e è sono era non con per da in che chi quando come
        dove perché io noi voi mi ci si mio nostro nostra ma anche già più grazie ciao buongiorno
        tutto tutti può possono abbiamo ha hanno questo questa oggi ieri
    """,
    "Dutch": """
        de het een en of is zijn was niet geen met van voor op aan bij uit naar ik wij we jij u hij
        zij ze ons onze mijn uw dit dat deze die maar ook nog al wel kan kunnen heeft hebben wordt
        graag bedankt hallo waarom hoe wat wie waar als dan om te er
    """,
}
_LETTERS: dict[Language, str] = {
    "German": "äöüß",
    "French": "çœêèàùûîôë",
    "Spanish": "ñ¿¡áíóú",
}
"""A word with one of these counts as a hit."""


@cache
def _lists() -> dict[Language, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in _WORDS.items()}


def guess_language(text: str) -> Language | None:
    """The language of a message; None when too little of it tells (an id, a log line, "VPN?").

    Most of it in another script than Latin is `other`, and so is Latin script that is none of the
    known languages but full of letters that English has not.
    """
    text = text[:_MAX_CHARACTERS]
    words = [word.lower() for word in _WORD.findall(text)]
    letters = sum(map(len, words))
    if not letters:
        return None
    latin = len(_LATIN.findall(text))
    if latin < letters * (1 - _FOREIGN_SHARE):
        return "other"
    counts = Counter(words)
    scores = {
        language: sum(times for word, times in counts.items() if word in known)
        for language, known in _lists().items()
    }
    for language, special in _LETTERS.items():
        scores[language] += sum(1 for word in words if any(letter in special for letter in word))
    best = max(scores, key=lambda language: scores[language])  # English on a tie
    if scores[best] >= _LEAST_HITS:
        return best
    if scores[best] and len(words) <= 4 and _is_word(best, counts):
        return best
    accented = sum(1 for word in words if not word.isascii())
    unknown = not scores["English"] and accented >= max(_LEAST_HITS, len(words) * _FOREIGN_SHARE)
    return "other" if unknown else None


def _is_word(language: Language, counts: Counter[str]) -> bool:
    """Whether one of the words tells the language: "et" is also a time zone."""
    known = _lists()[language]
    return language == "English" or any(
        len(word) > 2 and (word in known or not word.isascii()) for word in counts
    )


def is_foreign(text: str) -> bool:
    """Whether a message is in a language other than English, as far as it tells."""
    return guess_language(text) not in (None, "English")
