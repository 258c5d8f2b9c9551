"""Large text packed into a page: LZMA, then 85 printable digits that no HTML parser minds."""

import base64
import contextlib
import hashlib
import lzma
from functools import cache
from importlib import resources
from pathlib import Path

from dashboards.markup import Markup, tag
from labproc.formats.drafts import write_whole
from labproc.home import cache_folder

# report.js knows these: lc 3, lp 0, pb 2, raw
FILTERS = [{"id": lzma.FILTER_LZMA1, "preset": 6, "lc": 3, "lp": 0, "pb": 2}]


def packed(name: str, text: str) -> Markup:
    """Return a script element that holds the text and runs nothing."""
    content = text.encode()
    return _script(name, _digits(content), len(content))


def _script(name: str, digits: str, size: int) -> Markup:
    return tag("script", Markup(digits), id=name, type="text/plain", data_size=str(size))


def _digits(content: bytes) -> str:
    """Return the packed bytes as digits; ``<`` is written ``,`` so that no tag can begin."""
    small = lzma.compress(content, format=lzma.FORMAT_RAW, filters=FILTERS)
    return base64.b85encode(small).replace(b"<", b",").decode("ascii")


@cache
def plotly_bundle() -> Markup:
    """Return plotly's own library packed: 2.5 s once, then kept for the user who runs this."""
    from plotly.offline import get_plotlyjs

    content = get_plotlyjs().encode()
    path = cache_folder() / f"plotly-{_hash(content)[:16]}.txt"
    digits = _kept(path)
    if not digits:
        digits = _digits(content)
        with contextlib.suppress(OSError):  # a home that cannot be written to
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, f"{_hash(digits.encode())}\n{digits}")
    return _script("packed-plotly", digits, len(content))


def _kept(path: Path) -> str:
    """Return digits packed before; nothing where there are none, or not whole."""
    try:
        said, _, digits = path.read_text(encoding="ascii").partition("\n")
    except (OSError, ValueError):
        return ""
    return digits if said == _hash(digits.encode()) else ""


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def asset(name: str) -> str:
    """Return one of the files in ``dashboards/assets``."""
    return (
        resources.files("dashboards")
        .joinpath("assets", *name.split("/"))
        .read_text(encoding="utf-8")
    )
