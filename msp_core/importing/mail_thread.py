"""A mail and the older mails quoted below it."""

import re
from dataclasses import dataclass

# What mail programs put above a quoted mail, in the languages a desk meets.
_ORIGINAL = re.compile(
    r"^[ \t>]*(?:[-_]{2,30} ?(?:Original (?:Message|Appointment)|Forwarded message|"
    r"Forwarded by [^\n]{1,60}|Ursprüngliche Nachricht|Original-Nachricht|"
    r"Weitergeleitete Nachricht|Mensaje original|Mensaje reenviado|Message d['’]origine|"
    r"Message transféré|Message original)"
    r" ?[-_]{2,30}|Begin forwarded message:|_{20,80})[ \t]*$",
    re.I,
)
_WHEN = r"[^\n]{6,80}(?:\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?: ?[AP]M)?(?: Uhr)?|\d{4})"
_WROTE = re.compile(
    rf"(?:On (?P<d1>{_WHEN}),? (?P<a1>[^\n]{{2,120}}) wrote:"
    rf"|Am (?P<d2>{_WHEN})[,;]? schrieb (?P<a2>[^\n]{{2,120}}):"
    rf"|(?:El|Le) (?P<d3>{_WHEN}),? (?P<a3>[^\n]{{2,120}}) (?:escribió|a écrit) ?:)[ \t]*$",
    re.I,
)
_FIELD = re.compile(
    r"^[ \t>*]*(?P<key>From|Sent|Date|To|Cc|Bcc|Subject|Reply-To|Von|Gesendet|Datum|An|Betreff|"
    r"De|Enviado(?: el)?|Fecha|Para|Asunto|Envoyé|À|Objet)[* \t]{0,3}:[* \t]{0,4}"
    r"(?P<value>[^\n]{0,400})$",
    re.I,
)
_SENDERS = frozenset({"from", "von", "de"})
_DATES = frozenset(
    {"sent", "date", "gesendet", "datum", "enviado", "enviado el", "fecha", "envoyé"}
)
_ADDRESS = re.compile(r"<(?:mailto:)?([^<>\s@]{1,64}@[^<>\s]{1,255})>")
_QUOTED = re.compile(r"^[ \t]*>")


@dataclass(frozen=True)
class Mail:
    """One mail of a thread.

    Attributes:
        author: the sender's address, else the name; empty for the newest.
        sent: its date as written, or empty.
    """

    author: str
    sent: str
    text: str


def split_thread(text: str) -> list[Mail]:
    """The newest mail, then those it quotes, newest first; always at least one.

    A quoted mail begins at `From: ... Sent: ...`, at `On ... wrote:`, at a line such as
    `-----Original Message-----`, or with lines that start with `>`. Marks of quoting are taken
    away; a few quoted lines that the writer answers between stay with the answer.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = _starts(lines)
    mails = []
    for number, (_, body, author, sent) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(lines)
        content = lines[body:end]
        if number > 0:
            content = [_unquoted(line) for line in content]
        clean = "\n".join(content).strip()
        if number == 0 or clean:
            address = _ADDRESS.search(author)
            mails.append(Mail(address[1] if address else author.strip("\"' "), sent, clean))
    return mails


def _starts(lines: list[str]) -> list[tuple[int, int, str, str]]:
    """(first line, first line of its body, author, date) of each mail."""
    found: list[tuple[int, int, str, str]] = [(0, 0, "", "")]
    at = 0
    while at < len(lines):
        wrote, height = _wrote(lines, at)
        if wrote:
            parts = wrote.groupdict()
            author = next(parts[key] for key in ("a1", "a2", "a3") if parts[key])
            sent = next(parts[key] for key in ("d1", "d2", "d3") if parts[key])
            found.append((at, at + height, author.strip(), sent.strip()))
            at += height
            continue
        divider = bool(_ORIGINAL.match(lines[at]))
        head = at + 1 if divider else at
        while divider and head < len(lines) and not lines[head].strip("> \t"):
            head += 1
        fields, body = _header(lines, head)
        if fields is not None:
            author = next((value for key, value in fields.items() if key in _SENDERS), "")
            sent = next((value for key, value in fields.items() if key in _DATES), "")
            found.append((at, body, author, sent))
            at = body
        elif divider and lines[at].strip("_ \t>"):
            found.append((at, at + 1, "", ""))
            at += 1
        elif _block_of_quotes(lines, at, found[-1][1]):
            found.append((at, at, "", ""))
            while at < len(lines) and (_QUOTED.match(lines[at]) or not lines[at].strip()):
                at += 1
        else:
            at += 1
    return found


def _wrote(lines: list[str], at: int) -> tuple[re.Match[str] | None, int]:
    """A line `On ... wrote:` and its height: long ones are broken in two."""
    if not _unquoted(lines[at]).lstrip().lower().startswith(("on ", "am ", "el ", "le ")):
        return None, 0
    for height in (1, 2):
        joined = " ".join(_unquoted(line).strip() for line in lines[at : at + height])
        if joined.endswith(":") and (match := _WROTE.match(joined[:400])):
            return match, height
    return None, 0


def _header(lines: list[str], at: int) -> tuple[dict[str, str] | None, int]:
    """The fields of a quoted mail's head and the line behind it; a sender and one more needed."""
    fields: dict[str, str] = {}
    place = at
    while place < len(lines) and place - at < 10:
        match = _FIELD.match(lines[place])
        if match:
            fields.setdefault(match["key"].lower(), match["value"].strip(" *\t"))
        elif not (fields and lines[place][:1] in " \t" and lines[place].strip()):
            break
        place += 1
    keys = list(fields)
    complete = bool(keys) and keys[0] in _SENDERS and len(keys) > 1
    return (fields, place) if complete else (None, at)


def _block_of_quotes(lines: list[str], at: int, body: int) -> bool:
    """Whether only quoted lines follow, and something stands before them."""
    if not _QUOTED.match(lines[at]) or not any(lines[i].strip() for i in range(body, at)):
        return False
    if at > 0 and _QUOTED.match(lines[at - 1]):
        return False
    return all(_QUOTED.match(lines[i]) or not lines[i].strip() for i in range(at, len(lines)))


def _unquoted(line: str) -> str:
    return re.sub(r"^[ \t]*(?:>[ ]?){1,10}", "", line)
