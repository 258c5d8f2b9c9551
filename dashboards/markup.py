"""HTML written by hand: every text is escaped unless it says that it is markup already."""

import html
from collections.abc import Iterable, Sequence
from typing import Any

from labproc.model import Flag, Severity

NUMERIC = "n"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def esc(text: Any) -> Markup:
    """Return text as HTML shows it literally; markup stays as it is.

    Examples
    --------
    >>> esc("<b>D1</b>")
    '&lt;b&gt;D1&lt;/b&gt;'
    """
    return text if isinstance(text, Markup) else Markup(html.escape(str(text), quote=True))


def tag(name: str, *children: Any, **attributes: str) -> Markup:
    """Return an element; ``cls`` is its class, other underscores become hyphens.

    Examples
    --------
    >>> tag("p", "n < 3", cls="quiet")
    '<p class="quiet">n &lt; 3</p>'
    """
    named = {("class" if k == "cls" else k.replace("_", "-")): v for k, v in attributes.items()}
    written = "".join(f' {k}="{esc(v)}"' for k, v in named.items())
    return Markup(f"<{name}{written}>{''.join(esc(c) for c in children)}</{name}>")


def join(parts: Iterable[Any], between: str = "") -> Markup:
    """Join parts, escaped, with markup between them."""
    return Markup(between.join(esc(p) for p in parts))


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, right: str = "") -> Markup:
    """Return a table; heads named in ``right`` (comma-separated indices) are figures."""
    numeric = {int(i) for i in right.split(",") if i}
    style = [{"cls": NUMERIC} if i in numeric else {} for i in range(len(heads))]
    head = tag("tr", *(tag("th", h, scope="col", **s) for h, s in zip(heads, style, strict=True)))
    body = [
        tag("tr", *(tag("td", cell, **s) for cell, s in zip(row, style, strict=True)))
        for row in rows
    ]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), cls="wide")


SIGNS = {
    Severity.INFO: ("", "quiet"),
    Severity.WARNING: ("▲", "look"),
    Severity.REVIEW: ("▲", "look"),
    Severity.FAIL: ("✕", "failed"),
}


def flag_list(flags: Iterable[Flag]) -> Markup:
    """Return flags as sentences, the gravest first, each with its sign and word."""
    ranked = sorted(flags, key=lambda f: -f.severity.rank)
    return join((_flag(f) for f in ranked), "<br>")


def _flag(flag: Flag) -> Markup:
    sign, css = SIGNS[flag.severity]
    word = f"{sign} {flag.severity.value}: ".lstrip()
    return join((tag("span", word, cls=css), flag.message))
