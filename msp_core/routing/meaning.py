"""What a low-signal message ("yes", "the second one", "thanks, but it still fails") means."""

import re
from dataclasses import replace

from msp_core.routing.request import RouteRequest

_ASSENT = (
    r"yes|yep|yeah|yup|sure|correct|right|exactly|agreed|confirmed?|approved?|go(?: right)? ahead"
    r"|please(?: do)?|do (?:it|that|so)|proceed|go for it|sounds good|ok(?:ay)?|fine|that works"
    r"|ja|genau|klar|gern(?:e)?|bitte|passt|einverstanden|mach(?:en sie)?(?: das| es)?|los"
    r"|oui|d'accord|allez-y|vas-y|faites(?:-le)?|s'il vous pla[iî]t|bien s[uû]r"
    r"|s[ií]|vale|claro|adelante|de acuerdo|por favor|h[aá]galo|hazlo"
)
_DISSENT = r"no|nope|nein|non|cancel|stop|abbrechen|annuler?|cancelar?|neither|none|not that one"
_CHOICE = (
    r"the (?:first|second|third|fourth|last|other|former|latter)(?: one)?|(?:that|this) one|both"
    r"|all of them|option [a-e1-9]|number [1-9]|[1-9]|[a-e]\)"
    r"|(?:der|die|das) (?:erste|zweite|dritte|letzte)|beide|le (?:premier|deuxi[eè]me|second"
    r"|dernier)|la (?:premi[eè]re|deuxi[eè]me|seconde|derni[eè]re)|les deux"
    r"|(?:el|la) (?:primer[oa]|segund[oa]|tercer[oa]|[uú]ltim[oa])|ambos|los dos"
)
_COURTESY = (
    r"thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|ty|cheers|great|perfect|cool|nice|awesome"
    r"|good(?: morning| afternoon| evening)?|got it|i see|understood|hm+|well|hi|hello"
    r"|hey|bye|danke(?: sch[oö]n| sehr)?"
    r"|vielen dank|super|prima|alles klar|verstanden|hallo|moin|guten (?:morgen|tag)|tsch[uü]ss"
    r"|merci(?: beaucoup| bien)?|parfait|compris|salut|bonjour|bonsoir|au revoir"
    r"|(?:much[ií]simas |muchas |mil )?gracias|perfecto|entendido|genial|hola|buen[ao]s"
    r"(?: d[ií]as| tardes)?|de nada|adi[oó]s"
)
_LINK = r"but|and|now|so|though|however|then|aber|und|jetzt|mais|et|maintenant|pero|y|ahora"
_END = r"(?![\w'-])[\s,.!;:?–-]*"


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(alternatives)}){_END}", re.IGNORECASE)


_EMPTY = _words(_ASSENT, _DISSENT, _CHOICE, _COURTESY)
_LEADING_LINK = _words(_LINK)
_IS_ASSENT = _words(_ASSENT, _CHOICE)
_IS_COURTESY = _words(_COURTESY)
_MOST_EMPTY = 6
_SHORT = 7
_WORD = re.compile(r"\w+")
_REFERS = re.compile(
    r"\b(it|its|that|this|those|these|them|they|he|she|him|one|ones|also|too|instead|else|es|das"
    r"|dies\w*|auch|[cç]a|cela|aussi|eso|esto|tambi[eé]n)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\b(still|same (?:thing|problem|issue|error)|(?:it|that) (?:did(?:n.t| not)|does(?:n.t| not))"
    r" (?:help|work)|no (?:change|luck|difference)|worse|any (?:news|update)|immer noch|weiterhin"
    r"|schon wieder|toujours|encore|sigue|todav[ií]a|otra vez)\b",
    re.IGNORECASE,
)
_ASKS_ON = re.compile(
    r"(?:(?:and|so|ok(?:ay)?|then|now|well)\s+)*(?:and|so|now|next|then|what(?:'s)?(?: now| next"
    r"| then| else)?|what (?:should|do|shall|can) (?:i|we) do(?: now| next| first)?"
    r"|how (?:do|should|shall) (?:i|we) (?:go on|proceed|continue)|und (?:jetzt|nun)"
    r"|was (?:jetzt|nun)|et maintenant|y ahora(?: qu[eé])?)\W*",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"[^.!?\n]*\?")


def what_is_meant(request: RouteRequest) -> RouteRequest:
    """The request with a low-signal message replaced by what it answers or goes on with.

    - "yes", "the second one": the message before it, and the question that the assistant asked.
    - "no": the message before it.
    - "still no change", "thanks, but that one too", "and now?": the message before it, then its
      own text.
    - "thanks", "hello": itself; it asks for nothing.

    A message that says something by itself, or has nothing before it, stays as it is.
    """
    own, empty = _strip(request.text)
    if not own:
        if all(_IS_COURTESY.fullmatch(word) for word in empty):
            return request
        if not request.history and not request.asked:
            return request
        assents = any(_IS_ASSENT.fullmatch(word) for word in empty)
        question = _last_question(request.asked) if assents else ""
        return _after(request, question)
    refers = _GOES_ON.search(own) or (empty and _REFERS.search(own))
    short = refers and len(_WORD.findall(own)) <= _SHORT
    if request.history and (short or _ASKS_ON.fullmatch(own)):
        return _after(request, own)
    return request


def is_courtesy(text: str) -> bool:
    """Whether a message is nothing but "thanks", "good morning" and the like."""
    own, empty = _strip(text)
    return not own and bool(empty) and all(_IS_COURTESY.fullmatch(word) for word in empty)


def _after(request: RouteRequest, own: str) -> RouteRequest:
    """The request that goes on from the message before it."""
    before = ""
    if request.history:
        earlier = replace(request, text=request.history[-1], history=request.history[:-1], asked="")
        meant = what_is_meant(earlier)
        before, request = meant.text, replace(request, history=meant.history)
    return replace(request, text="\n".join(part for part in (before, own) if part), asked="")


def _strip(text: str) -> tuple[str, list[str]]:
    """What is left without leading words that say nothing, and those words; a few are enough."""
    rest = text.lstrip(" \t\r\n,.!;:-")
    empty: list[str] = []
    while len(empty) < _MOST_EMPTY and (match := _EMPTY.match(rest)):
        empty.append(match.group())
        rest = rest[match.end() :]
    if empty and (link := _LEADING_LINK.match(rest)):
        rest = rest[link.end() :]
    return rest.strip(), empty


def _last_question(asked: str) -> str:
    questions = _QUESTION.findall(asked)
    return questions[-1].strip() if questions else ""
