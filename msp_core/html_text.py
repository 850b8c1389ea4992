"""HTML bodies as readable text: Markdown for articles, and for mails what a mail program shows."""

import re
from html.parser import HTMLParser

_BLOCK_TAGS = """
    p div section article header footer main aside address dl dt dd fieldset figure figcaption form
    center details summary tbody thead tfoot caption
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg"})
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_LOOKS_LIKE_HTML = re.compile(
    r"<(?:/?(?:p|div|br|span|html|body|table|ul|ol|li|a|b|i|strong|em|h[1-6]|pre|code|blockquote|"
    r"img|font)\b[^<>]{0,2000}|!DOCTYPE[^<>]{0,200})/?>",
    re.I,
)
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_Attributes = dict[str, str | None]
_NO_LINK = ("javascript:", "data:", "cid:", "#")


def looks_like_html(text: str) -> bool:
    """Whether a text holds a tag that mails and articles are made of; `<user@host>` is none."""
    return _LOOKS_LIKE_HTML.search(text) is not None


def html_to_text(html: str) -> str:
    """The text of an HTML fragment as Markdown, broken markup included.

    Links become `[text](address)`, lists keep their marks and depth, tables become rows of `|`,
    `pre` a fenced block, quotes lines with `>`; images leave their alternative text. Scripts,
    styles and comments leave nothing.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Gathers lines; a tag's work is in `_start_<tag>` and `_end_<tag>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._silent = 0
        self._fenced = 0
        self._quotes = 0
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int]] = []
        self._cells: list[str] | None = None
        self._header_row = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS or tag == "hr":
            self._blank_line()
        elif tag in _HEADINGS:
            self._blank_line()
            self._line = _HEADINGS[tag]
        elif tag in {"table", "tr", "td", "th"}:
            self._table_part(tag)
        elif tag in {"ul", "ol"}:
            self._list_begins(tag)
        elif start := getattr(self, f"_start_{tag}", None):
            start(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._blank_line()
        elif end := getattr(self, f"_end_{tag}", None):
            end()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        data = data.replace("\xa0", " ")
        if self._fenced:
            first, *rest = data.split("\n")
            self._line += first
            for line in rest:
                self._break_line(keep_blank=True)
                self._line = line
            return
        clean = _SPACES.sub(" ", data)
        self._line += clean.lstrip() if not self._line or self._line.endswith(" ") else clean

    def text(self) -> str:
        """What was read so far."""
        self._break_line()
        joined = "\n".join(line.rstrip() for line in self._lines)
        return re.sub(r"\n{3,}", "\n\n", joined).strip("\n")

    def _list_begins(self, tag: str) -> None:
        if not self._lists:
            self._blank_line()
        self._lists.append(1 if tag == "ol" else None)

    def _list_ends(self) -> None:
        self._break_line()
        if self._lists:
            self._lists.pop()
        if not self._lists:
            self._blank_line()

    def _start_pre(self, _given: _Attributes) -> None:
        self._blank_line()
        self._fenced += 1
        self._lines.append(self._prefix() + "```")

    def _end_pre(self) -> None:
        if self._fenced:
            self._break_line()
            self._fenced -= 1
            self._lines.append(self._prefix() + "```")
            self._blank_line()

    def _start_blockquote(self, _given: _Attributes) -> None:
        self._blank_line()
        self._quotes += 1

    def _end_blockquote(self) -> None:
        self._break_line()
        self._quotes = max(0, self._quotes - 1)
        while self._lines and not self._lines[-1].strip("> "):
            self._lines.pop()
        self._lines.append("")

    def _start_br(self, _given: _Attributes) -> None:
        self._break_line()

    def _start_a(self, given: _Attributes) -> None:
        self._links.append((given.get("href") or "", len(self._line)))

    def _start_img(self, given: _Attributes) -> None:
        self.handle_data(given.get("alt") or "")

    def _start_code(self, _given: _Attributes) -> None:
        self._end_code()

    def _end_li(self) -> None:
        self._break_line()

    def _end_ul(self) -> None:
        self._list_ends()

    def _end_ol(self) -> None:
        self._list_ends()

    def _end_th(self) -> None:
        self._end_td()

    def _end_code(self) -> None:
        if not self._fenced:
            self._line += "`"

    def _end_td(self) -> None:
        if self._cells is not None:
            self._cells.append(self._line.strip().replace("|", "\\|"))
            self._line = ""

    def _end_table(self) -> None:
        self._cells = None
        self._blank_line()

    def _prefix(self) -> str:
        return "> " * min(self._quotes, 10)

    def _break_line(self, *, keep_blank: bool = False) -> None:
        if self._cells is not None:
            self._line += " " if self._line and not self._line.endswith(" ") else ""
            return
        if self._line.strip() or keep_blank:
            self._lines.append(self._prefix() + self._line.rstrip())
        self._line = ""
        self._links = [(address, 0) for address, _ in self._links]

    def _blank_line(self) -> None:
        in_item = self._lists and self._line.strip() in {"-", ""}
        if self._cells is not None or in_item:
            return
        self._break_line()
        blank = self._prefix().rstrip()
        if self._lines and not self._lists and self._lines[-1].strip("> ") != "":
            self._lines.append(blank)

    def _start_li(self, _given: _Attributes) -> None:
        self._break_line()
        if not self._lists:
            self._lists.append(None)
        number = self._lists[-1]
        mark = "- " if number is None else f"{number}. "
        if number is not None:
            self._lists[-1] = number + 1
        self._line = "  " * min(len(self._lists) - 1, 10) + mark

    def _table_part(self, tag: str) -> None:
        if tag == "table":
            self._blank_line()
        elif tag == "tr":
            if self._cells is None:
                self._break_line()
            self._cells, self._header_row = [], False
        else:
            self._header_row = self._header_row or tag == "th"
            self._line = ""

    def _end_tr(self) -> None:
        if self._cells is None:
            return
        cells, self._cells = self._cells, None
        self._line = ""
        if len(cells) == 1:  # a table that only lays out a mail
            self._line = cells[0]
            self._break_line()
        elif any(cells):
            self._lines.append(f"{self._prefix()}| {' | '.join(cells)} |")
            if self._header_row:
                self._lines.append(f"{self._prefix()}|{' --- |' * len(cells)}")

    def _end_a(self) -> None:
        if not self._links:
            return
        address, start = self._links.pop()
        shown = self._line[start:].strip()
        if not shown or not address or address.lower().startswith(_NO_LINK):
            return
        plain = address.removeprefix("mailto:")
        if shown in (address, plain, address.rstrip("/")) or self._fenced:
            return
        lead = self._line[start:][: len(self._line[start:]) - len(self._line[start:].lstrip())]
        self._line = f"{self._line[:start]}{lead}[{shown}]({address})"
