"""What a first message says of kind and urgency by its words alone."""

import hashlib
import math
import re
from collections.abc import Sequence

import numpy as np

from msp_core.learning.logistic import Floats

_MAX_CHARACTERS = 8_000

# English first, then Spanish, German and French: the languages that the desk hears most.
_TELLING: dict[str, re.Pattern[str]] = {
    name: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    for name, words in {
        "all": r"everyone|everybody|nobody|no one|all (?:of us|users|staff|sites?|pcs?|the)"
        r"|whole|entire|anywhere|todos|todas|nadie|ning[uú]n\w*|alle|niemand|keiner|tout le monde"
        r"|personne|toute?s?",
        "many": r"several|many|multiple|half|some of us|we (?:all|both)|\d+ (?:of|pcs?|users"
        r"|people|stations?|tablets?|laptops?|machines?)|varios|varias|mehrere|plusieurs",
        "down": r"down|outage|offline|dead|unreachable|gone|frozen|froze|hangs?|stopped|not"
        r" respond\w*|no response|ca[ií]d[oa]|parad[oa]|no funciona|ausgefallen|steht|geht nicht"
        r"|en panne|bloqu[eé]\w*",
        "blocked": r"can'?t|cannot|can not|unable|won'?t|not able|refuse[sd]?|no puedo|no podemos"
        r"|kann nicht|k[oö]nnen nicht|impossible|ne peut",
        "soon": r"urgent\w*|asap|immediately|right now|today|this morning|tonight|before noon"
        r"|deadline|waiting|tomorrow|in an hour|at \d{1,2}(?::\d\d)?|\d{1,2}:\d\d|\d{1,2} ?[ap]m"
        r"|hoy|ya|urgente|ma[nñ]ana|heute|morgen|sofort|dringend|aujourd'hui|demain",
        "calm": r"no (?:rush|hurry)|whenever|when(?:ever)? (?:convenient|you have)|not urgent"
        r"|low priority|some ?time|next (?:month|summer|year|quarter)|sin prisa|cuando pued\w*"
        r"|keine eile|pas urgent|just wondering|curious|nobody (?:but|notices)",
        "wish": r"could (?:i|we|you)|can (?:i|we) (?:get|have)|would like|please (?:add|set|create"
        r"|give|order|install)|need (?:a|an|access)|request|new (?:user|starter|hire|laptop|phone"
        r"|employee)|order|quote|licen[cs]es?|quisiera|quer[ií]a|necesit\w+|bitte|je voudrais",
        "question": r"how (?:do|can|to)|what (?:is|are)|which|where (?:can|do)|is it (?:allowed"
        r"|ok|safe|possible)|should (?:i|we)|question|c[oó]mo|pregunta|wie|frage|comment",
        "alert": r"alert|alarm|crit|critical|warning|host=\S+|event id|check_\w+|snmp|threshold"
        r"|poller|monitor(?:ing)?|severity",
        "workaround": r"work(?:s|ed|ing) (?:again|fine)|workaround|for now|instead|use another"
        r"|meanwhile|sometimes|slow(?:er|ly)?|lento|a veces|manchmal|langsam|lent|parfois",
        "attack": r"phish\w*|hack\w*|ransom\w*|virus|malware|scam|suspicious|clicked|typed my"
        r" password|bitcoin|encrypted|stolen|lost|compromis\w+|defender|edr|quarantine|mfa|spam"
        r"|fraud|usb|sospechos\w+|verd[aä]chtig\w*",
        "account": r"password|login|log ?in|sign ?in|account|locked|permissions?|access|folder"
        r"|contrase[nñ]a|cuenta|acceso|passwort|konto|mot de passe",
        "people": r"starts? (?:on|today|monday)|new (?:teacher|hire|starter|employee)|leav(?:es"
        r"|ing|er)|onboard\w*|offboard\w*|joiner|alta|baja|last day",
        "line": r"wi-?fi|wlan|internet|network|vpn|tunnel|switch|vlan|dhcp|dns|firewall|ping|ssid"
        r"|packet|latency|port|forticlient|anyconnect|fibre|isp|access points?|red|netzwerk",
        "device": r"printer|print\w*|toner|laptop|dock\w*|monitor|screen|keyboard|mouse|battery"
        r"|disk|drive bay|ups|raid|scanner|tablet|chromebook|phone|zebra|label\w*|impresora"
        r"|drucker|imprimante|pantalla|bildschirm",
        "office": r"outlook|teams|excel|word|onedrive|sharepoint|office|mailbox|calendar|m365"
        r"|365|adobe|browser|chrome|edge|erp|sap|cad",
        "server": r"server|vm|backup|veeam|snapshot|sql|database|restore|hyper-v|vmware|rds"
        r"|domain|gpo|nas|share[sd]?|\\\\\S+|job|replication|certificate|volume",
    }.items()
}
NAMES = ("words", "lines", "questions", "exclamations", "capitals", *_TELLING)
"""The features, in the order in which `telling_matrix` gives them."""

FEATURES_ID = hashlib.sha256(
    repr((NAMES, [pattern.pattern for pattern in _TELLING.values()])).encode()
).hexdigest()[:12]
"""Changes when the features do: a model trained on others cannot be used."""


def telling_matrix(texts: Sequence[str]) -> Floats:
    """Counts as log(1 + n), shape (len(texts), len(NAMES)); 8,000 characters of each are read."""
    rows = [_row(text[:_MAX_CHARACTERS]) for text in texts]
    return np.array(rows, dtype=np.float64).reshape(len(texts), len(NAMES))


def _row(text: str) -> list[float]:
    words = text.split()
    counts = (
        len(words),
        text.count("\n"),
        text.count("?"),
        text.count("!"),
        sum(len(word) > 3 and word.isupper() for word in words),
        *(len(pattern.findall(text)) for pattern in _TELLING.values()),
    )
    return [math.log1p(count) for count in counts]
