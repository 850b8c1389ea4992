"""Secrets and user ids: by their own shape, or by the word that introduces them."""

import re
from collections import deque
from collections.abc import Iterator

from msp_core.guardrails.pii_values import Found
from msp_core.guardrails.pii_words import (
    EMPLOYEE_LABELS,
    LOGIN_LABELS,
    NO_DOMAIN,
    NO_USER,
    SECRET_LABELS,
)

_SHAPES = re.compile(
    r"(?<![\w/+-])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{20,100}|github_pat_[A-Za-z0-9_]{20,120}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,120}"
    r"|sk-[A-Za-z0-9_-]{20,200}|sk_(?:live|test)_[A-Za-z0-9]{16,100}"
    r"|AIza[0-9A-Za-z_-]{35}"
    r"|eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000}"
    r"|(?:\d{6}-){7}\d{6}"  # BitLocker recovery password
    r"|(?:[A-HJ-NP-Z2-9]{5}-){4}[A-HJ-NP-Z2-9]{5}"  # Windows product key
    r")(?![\w-])"
)
_KEY_BLOCK = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----")
_KEY_END = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----")
_LONGEST_KEY = 20_000
_BEARER = re.compile(r"\b(?:Bearer|Basic) ([A-Za-z0-9+/._~-]{16,4000}={0,2})")
_URL_PASSWORD = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@]{1,64}:([^\s/@]{3,128})@")
_LABEL = re.compile(
    r"(?<![\w-])(?:(?:temp|temporary|initial|new|neues|admin|wifi|wi-fi|wlan) )?"
    rf"(?P<label>{SECRET_LABELS})(?:[ \t]{{0,2}}(?:\([^)\n]{{1,30}}\))?[ \t]{{0,2}}(?P<mark>:|=|->)"
    r"|[ \t](?P<verb>is|was|ist|lautet|es|est)|[ \t](?=[\"'`]))[ \t]{0,3}"
    r"(?:(?P<quote>[\"'`])(?P<quoted>[^\"'`\n]{3,80})(?P=quote)|(?P<bare>[^\s\"'`,;<>]{3,200}))",
    re.I,
)
_PLAIN_WORD = re.compile(r"[^\W\d_]+[.!?:)]*$")

_ACCOUNT = re.compile(
    r"(?<![\w\\/:.%$-])([A-Za-z][A-Za-z0-9-]{1,14})\\([A-Za-z][A-Za-z0-9._-]{1,30})(?![\w\\$-])"
)
_PROFILE = re.compile(
    r"(?:\\Users\\|/Users/|/home/|Documents and Settings\\)"
    r"([A-Za-z][A-Za-z0-9._-]{1,30})(?=[\\/\s\"'<>|,;)]|$)"
)
_NAMED_ID = re.compile(
    rf"(?<!\w)(?:(?P<login>{LOGIN_LABELS}(?:[ \t]{{0,2}}[:=]| is| ist))|"
    rf"{EMPLOYEE_LABELS}[ \t]{{0,2}}[:#=]?)"
    r"[ \t]{0,3}(?P<value>[A-Za-z0-9][A-Za-z0-9._-]{2,30})(?![\w\\@-])",
    re.I,
)
_FILE_ENDING = re.compile(
    r"\.(?:exe|dll|sys|log|txt|ps1|bat|cmd|ini|dat|xml|json|inf|msi|vbs|evtx)$", re.I
)
_ACCOUNT_WORD = re.compile(
    r"(?:user|account|login|logon|konto|benutzer|usuario|compte|as)\W{0,3}$", re.I
)


def secrets(text: str) -> Iterator[Found]:
    """Keys, tokens and passwords."""
    for match in _SHAPES.finditer(text):
        yield "SECRET", match.start(), match.end()
    yield from _key_blocks(text)
    for pattern in (_BEARER, _URL_PASSWORD):
        for match in pattern.finditer(text):
            yield "SECRET", match.start(1), match.end(1)
    for match in _LABEL.finditer(text):
        part = "bare" if match["quoted"] is None else "quoted"
        value = match[part] if part == "quoted" else match[part].rstrip(".)!")
        if value and _is_secret(match, value):
            start = match.start(part)
            yield "SECRET", start, start + len(value)


def user_ids(text: str) -> Iterator[Found]:
    r"""`DOMAIN\user`, the folder of a profile, named user names and employee numbers."""
    for match in _ACCOUNT.finditer(text):
        domain, user = match[1], match[2].rstrip(".")
        named = _ACCOUNT_WORD.search(text, max(0, match.start() - 14), match.start()) is not None
        written_as_domain = domain.isupper() and any(mark.islower() for mark in user)
        if domain.lower() in NO_DOMAIN or user.lower() in NO_USER or _FILE_ENDING.search(user):
            continue
        if named or written_as_domain:
            yield "USER_ID", match.start(), match.start(2) + len(user)
    for match in _PROFILE.finditer(text):
        if match[1].lower() not in NO_USER:
            yield "USER_ID", match.start(1), match.end(1)
    for match in _NAMED_ID.finditer(text):
        value = match["value"].rstrip(".-")
        spelt = match["login"] is not None and ("." in value or value.islower())
        if value.lower() not in NO_USER and (spelt or any(mark.isdigit() for mark in value)):
            yield "USER_ID", match.start("value"), match.start("value") + len(value)


def _key_blocks(text: str) -> Iterator[Found]:
    """Private keys to their end, or their first line when the end is missing."""
    ends = deque(_KEY_END.finditer(text))
    covered = 0
    for match in _KEY_BLOCK.finditer(text):
        if match.start() < covered:
            continue
        while ends and ends[0].start() < match.end():
            ends.popleft()
        whole = ends and ends[0].end() - match.start() <= _LONGEST_KEY
        covered = ends[0].end() if whole else match.end()
        yield "SECRET", match.start(), covered


def _is_secret(match: re.Match[str], value: str) -> bool:
    """Whether the value looks like one: `password: see the vault` names none."""
    if match["quote"] is not None or (match["mark"] == "=" and len(value) >= 6):
        return not value.startswith(("%", "$", "{", "<", "*"))
    label = match["label"].lower()
    if label == "pin":
        return value.isdigit() and 4 <= len(value) <= 8
    if _PLAIN_WORD.match(value) or set(value) <= set("*•xX.-_"):
        return False
    mixed = sum((any(c.isdigit() for c in value), any(c.isalpha() for c in value),
                 any(not c.isalnum() for c in value)))  # fmt: skip
    enough = 4 if match["verb"] is None else 6
    return len(value) >= enough and mixed >= 2 and not value.startswith(("http", "\\\\", "/"))
