"""Large text packed into a page: LZMA, then 85 printable digits that no HTML parser minds."""

import base64
import lzma
from functools import cache
from importlib import resources

from dashboards.markup import Markup, tag

# report.js knows these: lc 3, lp 0, pb 2, raw
FILTERS = [{"id": lzma.FILTER_LZMA1, "preset": 6, "lc": 3, "lp": 0, "pb": 2}]


def packed(name: str, text: str) -> Markup:
    """Return a script element that holds the text and runs nothing."""
    content = text.encode()
    return tag("script", _digits(content), id=name, type="text/plain", data_size=str(len(content)))


def _digits(content: bytes) -> Markup:
    """Return the packed bytes as digits; ``<`` is written ``,`` so that no tag can begin."""
    small = lzma.compress(content, format=lzma.FORMAT_RAW, filters=FILTERS)
    return Markup(base64.b85encode(small).replace(b"<", b",").decode("ascii"))


@cache
def plotly_bundle() -> Markup:
    """Return plotly's own library, packed once per process (about 2 s)."""
    from plotly.offline import get_plotlyjs

    return packed("packed-plotly", get_plotlyjs())


def asset(name: str) -> str:
    """Return one of the files in ``dashboards/assets``."""
    return (
        resources.files("dashboards")
        .joinpath("assets", *name.split("/"))
        .read_text(encoding="utf-8")
    )
