"""Decimal and thousands signs, decided once for a file and never for a cell."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from labproc.errors import ParseError
from labproc.formats.grid import quoted

MAX_LENGTH = 60  # characters; nothing longer is a number, and long ones make patterns slow
_LOOSE = re.compile(r"[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?")
_GROUP_SPACE = re.compile(r"(?<=\d)[\u00a0\u202f\u2009' ](?=\d{3}(?!\d))")


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    d, t = re.escape(decimal), re.escape(thousands)
    plain = rf"(?:\d+{d}?\d*|{d}\d+)(?:[eE][-+]?\d+)?"
    grouped = rf"[1-9]\d{{0,2}}(?:{t}\d{{3}})+(?:{d}\d*)?"
    return re.compile(rf"[-+]?(?:{plain}|{grouped})")


_PATTERNS = {".": _pattern(".", ","), ",": _pattern(",", ".")}


@dataclass(frozen=True, slots=True)
class Token:
    """A cell that holds a number as text: what it says, where it stands, what it is.

    ``limit`` is what no such number reaches: read as a thousand, a decimal number gives itself
    away.
    """

    text: str
    where: str
    field: str = ""
    limit: float = math.inf


def clean(text: str) -> str:
    """Return a number without percent sign and grouping spaces or apostrophes."""
    return _GROUP_SPACE.sub("", text.strip().rstrip("%").strip())


def is_numeric(text: str) -> bool:
    """Whether a cell looks like a number in some notation."""
    return len(text) <= MAX_LENGTH and _LOOSE.fullmatch(clean(text)) is not None


def parse(text: str, decimal: str) -> float | None:
    """Read a number with a decimal sign; None where it is none in that notation."""
    text = clean(text) if len(text) <= MAX_LENGTH else ""
    if _PATTERNS[decimal].fullmatch(text) is None:
        return None
    thousands = "," if decimal == "." else "."
    return float(text.replace(thousands, "").replace(decimal, "."))


def decide(tokens: Iterable[Token], others: Iterable[Token], *, name: str) -> str:
    """Return the decimal sign of a file.

    A sign fits if every number of the results can be read with it and none reaches its limit.
    Where both fit and give different numbers, the file's other numbers decide.

    Parameters
    ----------
    tokens : iterable of Token
        Every number of the result columns; all must be readable with the sign.
    others : iterable of Token
        Numbers of the other columns, as evidence only.

    Raises
    ------
    ParseError
        If no sign fits all numbers, or both fit and mean different numbers.
    """
    telling = [t for t in tokens if "." in t.text or "," in t.text]
    fits = [d for d in ".," if all(_fits(t, d) for t in telling)]
    if len(fits) == 1:
        return fits[0]
    if not fits:
        raise ParseError(_contradiction(telling, name))
    differing = [t for t in telling if not _same(t)]
    if not differing:
        return "."
    votes = {d for t in others for d in ".," if _only(t, d)}
    if len(votes) == 1:
        return votes.pop()
    first = differing[0]
    raise ParseError(
        f"{name}, {first.where}: {first.field} is {first.text!r}, which may be "
        f"{parse(first.text, '.'):g} or {parse(first.text, ','):g}, and nothing else in the file "
        "settles it; export again without thousands signs"
    )


def _fits(token: Token, decimal: str) -> bool:
    value = parse(token.text, decimal)
    return value is not None and abs(value) < token.limit


def _only(token: Token, decimal: str) -> bool:
    other = "," if decimal == "." else "."
    return parse(token.text, decimal) is not None and parse(token.text, other) is None


def _same(token: Token) -> bool:
    dot, comma = parse(token.text, "."), parse(token.text, ",")
    return dot is not None and comma is not None and math.isclose(dot, comma)


def _contradiction(tokens: list[Token], name: str) -> str:
    neither = [t for t in tokens if not _fits(t, ".") and not _fits(t, ",")]
    if neither:
        t = neither[0]
        return f"{name}, {t.where}: {t.field} is {quoted(t.text)}, expected a number"
    dot = next(t for t in tokens if not _fits(t, ","))
    comma = next(t for t in tokens if not _fits(t, "."))
    return (
        f"{name}: {dot.field} is {dot.text!r} ({dot.where}) but {comma.field} is "
        f"{comma.text!r} ({comma.where}), expected one decimal sign in the whole file"
    )
