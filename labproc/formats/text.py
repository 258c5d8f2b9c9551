"""Text tables as instruments and office programs write them: any encoding, line end, delimiter."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from labproc.errors import ParseError
from labproc.formats._limits import MAX_CELLS
from labproc.formats.grid import Grid, Line
from labproc.model.flag import Flag, info, warning

MAX_TEXT_BYTES = 48 << 20  # a full 384-well run with raw data is about 10 MB
MAX_LINE = 1 << 20  # characters
SAMPLE_LINES = 3_000  # lines that the delimiter is decided on

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = "\t;|,"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_STATED = re.compile(r'"?sep=(.)"?\n', re.IGNORECASE)  # Excel's own first line
_DIGIT = re.compile(r"\d")
_QUOTED = re.compile(r'"[^"\n]*"')
# What Western European exports hold beside ASCII; anything else makes the guess doubtful.
_WESTERN = frozenset("µ°²³±·×®™©äöüÄÖÜßéèêëàâáóòôùûúíìîïñçåøæÅØÆÉ")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with LF line ends, the encoding it was in and what is doubtful about that."""

    text: str
    encoding: str
    flags: tuple[Flag, ...] = ()


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file can be text in any encoding that is read here."""
    if head.startswith(tuple(bom for bom, _ in _BOMS)) or _utf16_without_bom(head):
        return True
    binary = sum(head[:4096].count(bytes([b])) for b in (0, 1, 2, 3, 4, 5, 6))
    return binary * 50 <= len(head[:4096])


def decode(data: bytes, *, name: str) -> Decoded:
    """Decode the bytes of a text file, saying how sure the encoding is.

    A byte order mark decides; else UTF-16 by its zero bytes, UTF-8 if it is valid, GBK if all
    that is not ASCII is common Chinese, and else Windows-1252 with a flag.

    Raises
    ------
    ParseError
        If the text stops within a character, or one line is longer than 1 MiB.
    """
    text, encoding, flags = _decoded(data, name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(text):
        line = text.count("\n", 0, _CONTROL.search(text).start()) + 1  # type: ignore[union-attr]
        message = f"{name}: control characters, first on line {line}, were left out"
        flags = (*flags, warning("control_characters", message))
        text = _CONTROL.sub("", text)
    _check_lines(text, name)
    return Decoded(text, encoding, flags)


def read_grid(data: bytes, *, name: str) -> Grid:
    """Decode a text file and split it into cells.

    Raises
    ------
    ParseError
        If the text cannot be decoded, a quotation mark is never closed, or it is too large.
    """
    decoded = decode(data, name=name)
    stated = _STATED.match(decoded.text)
    delimiter = stated.group(1) if stated else choose_delimiter(decoded.text)
    cells = decoded.text.count(delimiter) + decoded.text.count("\n")
    if cells > MAX_CELLS:  # before any of them is made
        raise ParseError(
            f"{name}: about {cells:,} cells, expected at most {MAX_CELLS:,} of one run"
        )
    text = _STATED.sub("\n", decoded.text) if stated else decoded.text
    lines = tuple(_lines(text, delimiter, name))
    cut = bool(decoded.text) and not decoded.text.endswith("\n")
    return Grid("", lines, delimiter, cut, decoded.flags)


def choose_delimiter(text: str) -> str:
    """Return the delimiter that most cells stand between.

    Every line votes once, with the cells it gains: for a tab before a semicolon, a bar and a
    comma, unless what comes later is three times as frequent in it. A decimal comma is never more
    frequent than the delimiter beside it. A line without digits, as headings are, has ten votes.
    """
    votes = dict.fromkeys(_DELIMITERS, 0)
    for line in text.split("\n", SAMPLE_LINES)[:SAMPLE_LINES]:
        bare = _QUOTED.sub("", line)
        counts = [bare.count(d) for d in _DELIMITERS]
        for i, delimiter in enumerate(_DELIMITERS):
            if counts[i] and 3 * counts[i] >= max(counts[i:]):
                votes[delimiter] += counts[i] * (1 if _DIGIT.search(bare) else 10)
                break
    return max(_DELIMITERS, key=lambda d: votes[d])


def _lines(text: str, delimiter: str, name: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            yield Line(start, tuple(cell.strip() for cell in row))
            start = reader.line_num + 1
    except csv.Error as error:
        raise ParseError(
            f"{name}, line {start}: {error}, expected every quotation mark closed on its line"
        ) from error


def _check_lines(text: str, name: str) -> None:
    start, number = 0, 1
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > MAX_LINE:
            raise ParseError(
                f"{name}, line {number}: {end - start:,} characters on one line, "
                f"expected at most {MAX_LINE:,}"
            )
        start, number = end + 1, number + 1


def _decoded(data: bytes, name: str) -> tuple[str, str, tuple[Flag, ...]]:
    try:
        for bom, encoding in _BOMS:
            if data.startswith(bom):
                return data.decode(encoding), encoding.removesuffix("-sig"), ()
        wide = _utf16_without_bom(data)
        if wide:
            return data.decode(wide), wide, ()
    except UnicodeDecodeError as error:
        raise ParseError(
            f"{name}, byte {error.start}: {error.reason}, expected {error.encoding} as the "
            "file's first bytes say; the copy may be incomplete"
        ) from error
    try:
        return data.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError:
        return _legacy(data, name)


def _utf16_without_bom(data: bytes) -> str:
    """Return the UTF-16 flavour of ASCII-like text, by where its zero bytes stand."""
    head = data[:512]
    half = len(head) // 2
    low, high = head[0::2].count(0), head[1::2].count(0)
    if half >= 8 and high > 0.7 * half and low < 0.1 * half:
        return "utf-16-le"
    if half >= 8 and low > 0.7 * half and high < 0.1 * half:
        return "utf-16-be"
    return ""


def _legacy(data: bytes, name: str) -> tuple[str, str, tuple[Flag, ...]]:
    chinese = _as_chinese(data)
    if chinese is not None:
        message = f"{name}: read as GBK (Chinese); check the names"
        return chinese, "gbk", (info("encoding_guessed", message),)
    text = data.decode("cp1252", errors="replace")
    odd = sorted({c for c in text if not c.isascii()})
    message = (
        f"{name}: not UTF-8, read as Windows-1252 with {' '.join(odd[:8])}; check the names, "
        "or save as UTF-8"
    )
    make = info if _WESTERN.issuperset(odd) else warning
    return text, "cp1252", (make("encoding_guessed", message),)


def _as_chinese(data: bytes) -> str | None:
    """Return the text if everything outside ASCII is common Chinese (GB 2312 level 1)."""
    try:
        text = data.decode("gb2312")
    except UnicodeDecodeError:
        return None
    high = [c for c in text if not c.isascii()]
    common = [c for c in high if 0xA1 <= c.encode("gb2312")[0] <= 0xD7]
    return text if high and len(common) >= 0.8 * len(high) else None
