import pytest

from msp_core.html_text import html_to_text, looks_like_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("a&nbsp;&amp;&lt;b&gt;", "a &<b>"),
        ("<ul><li>a<ol><li>x</li><li>y</li></ol></li><li>b</li></ul>", "- a\n  1. x\n  2. y\n- b"),
        ("<a href='https://x.example/y'>the page</a>", "[the page](https://x.example/y)"),
        ("<a href='https://x.example'>https://x.example</a>", "https://x.example"),
        ("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example"),
        ("<a href='javascript:alert(1)'>go</a>", "go"),
        ("<h1>T</h1>x", "# T\n\nx"),
        ("<pre>a\n  b</pre>", "```\na\n  b\n```"),
        ("<p>use <code>ipconfig</code></p>", "use `ipconfig`"),
        ("<blockquote><p>old</p><p>er</p></blockquote>new", "> old\n>\n> er\n\nnew"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td><td>3</td></tr></table>",
         "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"),
        ("<table><tr><td>only layout</td></tr></table>", "only layout"),
        ("x<script>bad()</script><style>p{}</style><!-- c -->y", "xy"),
        ("<img src='cid:1' alt='screenshot'>", "screenshot"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("</ul></table></a></td></pre></blockquote>text", "text"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_becomes_readable_text(html, text):
    assert html_to_text(html) == text


def test_what_is_html():
    assert looks_like_html("<div>x</div>")
    assert looks_like_html("a<br/>b")
    assert not looks_like_html("Rosa <rosa@aspen.example> wrote: 1 < 2 > 0")
    assert not looks_like_html("run <script.ps1> and <enter>")


@pytest.mark.parametrize("piece", ["<div>", "<", "<a href='x'>", "<table><tr>", "<ul><li>", "&"])
def test_deep_or_broken_markup_is_survived(piece):
    assert isinstance(html_to_text(piece * 20_000), str)
