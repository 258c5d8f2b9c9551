"""File and sample names that say whose cells they hold: ``{donor}_{arm}_d{day}_{panel}.fcs``."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from labproc.errors import StudyError
from labproc.registry import nearest

FIELDS = (
    "donor",
    "experiment",
    "arm",
    "day",
    "date",
    "replicate",
    "panel",
    "role",
    "plate",
    "well",
)
DAYS_PER_MONTH = 30.4375  # a visit called M3 is on day 91
BEFORE = ("pre", "baseline", "screening")
_DAY = rf"(?:day[ _-]?|d)?-?\d+|m(?:onth)?[ _-]?\d+|{'|'.join(BEFORE)}"
_DATE = r"\d{4}-?\d{2}-?\d{2}|\d{4}\.\d{2}\.\d{2}|\d{4}_\d{2}_\d{2}"
_BRACES = re.compile(r"\{([^{}]*)\}")
# "d{day}" and "{day}" both read d07, day 7 and pre: the letter belongs to the day
_DAY_LETTER = re.compile(r"(?<![A-Za-z])(?:day[ _-]?|d)$", re.IGNORECASE)
_SHAPES = {"day": _DAY, "date": _DATE}
_ANY = "[^/]+"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled name pattern.

    ``short`` and ``long`` take only arms and panels of the study, so that a separator within a
    donor's name does no harm; they differ where a name can be read in two ways. ``loose`` takes
    any word, so that an unknown one can be named.
    """

    text: str
    short: re.Pattern[str]
    long: re.Pattern[str]
    loose: re.Pattern[str]

    def read(self, name: str) -> Mapping[str, str] | None:
        """Return what a name says, or None where it does not fit."""
        path = name.replace("\\", "/")
        match = self.short.fullmatch(path) or self.loose.fullmatch(path)
        return match.groupdict() if match else None

    def doubtful(self, name: str) -> Mapping[str, tuple[str, str]]:
        """Return the parts that a name says in two ways, with both words."""
        path = name.replace("\\", "/")
        short, long = self.short.fullmatch(path), self.long.fullmatch(path)
        if short is None or long is None:
            return {}
        other = long.groupdict()
        return {k: (v, other[k]) for k, v in short.groupdict().items() if v != other[k]}


def compile_pattern(
    text: str, *, where: str, words: Mapping[str, Collection[str]] | None = None
) -> Pattern:
    """Compile a pattern with braces.

    Parameters
    ----------
    text : str
        Such as ``{date}/{donor}_{arm}_d{day}_{panel}.fcs``; ``{*}`` skips what it stands for.
    where : str
        Where the pattern is written, for messages.
    words : mapping, optional
        Field to the words that it may hold (``arm``, ``panel``); any word where there are none.

    Raises
    ------
    StudyError
        If a brace names nothing that is known, or the same twice.
    """
    names = [brace[1] for brace in _BRACES.finditer(text) if brace[1] != "*"]
    for name in names:
        if name not in FIELDS:
            hint = nearest(name, list(FIELDS))
            raise StudyError(f"{where}: {text!r} has {{{name}}}, which says nothing; {hint}")
        if names.count(name) > 1:
            raise StudyError(f"{where}: {text!r} has {{{name}}} twice, expected once")
    known = words or {}
    short, long = _expression(text, known, f"{_ANY}?"), _expression(text, known, _ANY)
    return Pattern(text, short, long, _expression(text, {}, f"{_ANY}?"))


def _expression(text: str, words: Mapping[str, Collection[str]], free: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for brace in _BRACES.finditer(text):
        literal = text[end : brace.start()]
        if brace[1] == "day":
            literal = _DAY_LETTER.sub("", literal)
        parts += [re.escape(literal), _group(brace[1], words, free)]
        end = brace.end()
    parts.append(re.escape(text[end:]))
    return re.compile("".join(parts), re.IGNORECASE)


def _group(name: str, words: Mapping[str, Collection[str]], free: str) -> str:
    if name == "*":
        return free
    longest_first = sorted(words.get(name, ()), key=len, reverse=True)
    shape = _SHAPES.get(name) or "|".join(map(re.escape, longest_first)) or free
    return f"(?P<{name}>{shape})"


def read_name(name: str, patterns: Sequence[Pattern]) -> Mapping[str, str] | None:
    """Return what the first pattern that fits reads from a name."""
    return next((found for p in patterns if (found := p.read(name)) is not None), None)


def doubtful_parts(name: str, patterns: Sequence[Pattern]) -> Mapping[str, tuple[str, str]]:
    """Return what the first pattern that fits reads in two ways."""
    return next((p.doubtful(name) for p in patterns if p.read(name) is not None), {})


def read_day(text: str) -> int | None:
    """Return a day from ``7``, ``d07``, ``day 7``, ``D-1``, ``M1`` or ``pre``; None if it is none.

    A month is 30.4375 days; ``pre`` is the day before day 0.

    ``day-7`` is none: it may mean day 7 or seven days before the start.

    Examples
    --------
    >>> [read_day(t) for t in ("d07", "day 7", "7", "D-1", "M1", "pre", "soon")]
    [7, 7, 7, -1, 30, -1, None]
    """
    word = text.strip().casefold()
    if word in BEFORE:
        return -1
    if month := re.fullmatch(r"m(?:onth)?[ _-]?(\d+)", word):
        return round(int(month[1]) * DAYS_PER_MONTH)
    found = re.fullmatch(r"(?:day(?!-)|d)?[ _]?([+-]?\d+)(?:\.0+)?", word)
    return int(found[1]) if found else None


def read_date(text: str) -> date | None:
    """Return a date from ``2026-03-02``, ``20260302`` or ``02-MAR-2026``; None if it is none."""
    word = text.strip()
    if found := re.fullmatch(r"(\d{4})[-._]?(\d{2})[-._]?(\d{2})", word):
        return _date(*(int(part) for part in found.groups()))
    if found := re.fullmatch(r"(\d{1,2})[- ]([A-Za-z]{3})[- ](\d{4})", word):
        month = _MONTHS.find(found[2].casefold())
        return _date(int(found[3]), month // 3 + 1, int(found[1])) if month % 3 == 0 else None
    return None


_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
