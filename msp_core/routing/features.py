"""What can be read off a turn without a model: counts, telling words, the ticket's priority."""

import hashlib
import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from msp_core.routing.request import RouteRequest
from msp_core.routing.scorers import WORDS, regex_rules

Floats = npt.NDArray[np.float64]

_MAX_CHARACTERS = 8_000
_PRIORITIES = {"Low": 0, "Medium": 1, "High": 2, "Critical": 3}
_UNKNOWN_PRIORITY = 1
_SENTENCE_END = re.compile(r"[.!?]+(?:\s|$)")
_NUMBER = re.compile(r"\d+")
_TICKET = re.compile(r"\bTKT-\d{8}-", re.IGNORECASE)
_LOG_LINE = re.compile(
    r"^.*(?:\d\d:\d\d|0x[0-9a-f]+|[{}<>|=\\]|::).*$", re.IGNORECASE | re.MULTILINE
)

# Words that tell what kind of work is wanted, in the languages that the desk hears most.
_TELLING: dict[str, re.Pattern[str]] = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "cause": r"why|cause[sd]?|reason|explain|understand|warum|wieso|ursache|grund|pourquoi"
        r"|raison|por qu[eé]|causa",
        "choice": r"or|versus|vs|better|best|rather|instead|compare|difference|between|option"
        r"|oder|lieber|besser|unterschied|ou|plut[oô]t|mieux|entre|mejor|o|diferencia",
        "judgement": r"should|shall|safe|risk\w*|worth|recommend|decide|wise|justif\w+|priorit\w+"
        r"|sollen|sollten|sicher|risiko|devons|faut-il|risque|deber[ií]a\w*|riesgo|conviene",
        "contrast": r"but|although|though|however|yet|still|except|despite|even|contradict\w*"
        r"|aber|obwohl|trotzdem|dennoch|mais|pourtant|malgr[eé]|pero|aunque|sin embargo",
        "condition": r"if|unless|until|while|before|without|wenn|bevor|ohne|falls|si|avant|sans"
        r"|antes|sin",
        "plan": r"plan|migrat\w+|cut-?over|roll-?back|steps|order|sequence|schedule|weekend|first"
        r"|schritte|reihenfolge|[eé]tapes|ordre|pasos|orden",
        "read": r"status|list|show|open|who|when|which|read|find|latest|any news|zeig\w*|liste|wer"
        r"|wann|offen\w*|montre\w*|qui|quand|muestra\w*|abiert\w+|qui[eé]n|cu[aá]ndo",
        "write": r"create|note|add|assign|set|close|reopen|update|log|change|put|notiz|zuweisen"
        r"|schlie(?:ß|ss)\w*|eintragen|ajoute\w*|ferme\w*|note|a[ñn]ad\w+|cierra\w*|nota",
        "reword": r"translate|shorten|rephrase|summar\w+|polite\w*|draft|wording|übersetz\w*"
        r"|kürze\w*|tradui\w*|r[eé]sum\w*|traduc\w+|resum\w+",
        "courtesy": r"hi|hello|thanks|thank you|bye|hallo|danke|bonjour|merci|hola|gracias",
        "evidence": r"log|error|event|trace|packet\w*|timeout\w*|latency|measured|sometimes"
        r"|intermittent\w*|random\w*|since|fehler|seit|manchmal|erreur|depuis|parfois|desde"
        r"|a veces",
    }.items()
}
NAMES = (
    "words",
    "sentences",
    "lines",
    "log_lines",
    "questions",
    "numbers",
    "word_length",
    "commas",
    "capitals",
    "tickets",
    "turns_before",
    "words_before",
    "words_asked",
    "regex",
    "priority",
    *_TELLING,
)
"""The named features, in the order in which `named_features` gives them."""

FEATURES_ID = hashlib.sha256(
    repr((NAMES, sorted((k, v.pattern) for k, v in _TELLING.items()))).encode()
).hexdigest()[:12]
"""Changes when the features do: a model trained on others cannot be used."""


def named_features(request: RouteRequest) -> Floats:
    """Counts and telling words, shape (len(NAMES),); counts as log(1 + n), so that none runs away.

    Only the first 8,000 characters of each text are read.
    """
    text = request.text[:_MAX_CHARACTERS]
    words = WORDS.findall(text)
    before = request.history[-1][:_MAX_CHARACTERS] if request.history else ""
    counts = (
        len(words),
        len(_SENTENCE_END.findall(text)),
        text.count("\n"),
        len(_LOG_LINE.findall(text)),
        text.count("?"),
        len(_NUMBER.findall(text)),
        sum(map(len, words)) / len(words) if words else 0,
        text.count(",") + text.count(";") + text.count(":"),
        sum(word.isupper() for word in words),
        len(_TICKET.findall(text)),
        len(request.history),
        len(WORDS.findall(before)),
        len(WORDS.findall(request.asked[:_MAX_CHARACTERS])),
        regex_rules(request),
        _PRIORITIES.get(request.priority or "", _UNKNOWN_PRIORITY),
        *(len(pattern.findall(text)) for pattern in _TELLING.values()),
    )
    return np.array([math.log1p(count) for count in counts])


def lexical_matrix(requests: Sequence[RouteRequest]) -> Floats:
    """The features of each request: shape (len(requests), len(NAMES))."""
    rows = [named_features(request) for request in requests]
    return np.array(rows).reshape(len(requests), len(NAMES))
