"""File and sample names that say whose cells they hold: ``{donor}_{arm}_d{day}_{panel}.fcs``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from labproc.errors import StudyError
from labproc.registry import nearest

FIELDS = ("donor", "experiment", "arm", "day", "date", "replicate", "panel", "role", "well")
DAYS_PER_MONTH = 30.4375  # a visit called M3 is on day 91
_DAY = r"(?:day[ _-]?|d)?-?\d+|pre|m\d+"
_DATE = r"\d{4}-?\d{2}-?\d{2}"
_BRACES = re.compile(r"\{([^{}]*)\}")
# what stands before {day} in a pattern may be "d" already: "d{day}" and "{day}" both read d07
_SHAPES = {"day": _DAY, "date": _DATE}
_ANY = r"[^/]+?"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled name pattern."""

    text: str
    expression: re.Pattern[str]

    def read(self, name: str) -> Mapping[str, str] | None:
        """Return what a name says, or None where it does not fit."""
        match = self.expression.fullmatch(name.replace("\\", "/"))
        return match.groupdict() if match else None


def compile_pattern(text: str, *, where: str) -> Pattern:
    """Compile a pattern with braces.

    Raises
    ------
    StudyError
        If a brace names nothing that is known, or the same twice.
    """
    seen: set[str] = set()
    parts: list[str] = []
    end = 0
    for brace in _BRACES.finditer(text):
        parts += [re.escape(text[end : brace.start()]), _group(brace[1], seen, text, where)]
        end = brace.end()
    parts.append(re.escape(text[end:]))
    return Pattern(text, re.compile("".join(parts), re.IGNORECASE))


def _group(name: str, seen: set[str], text: str, where: str) -> str:
    if name == "*":
        return _ANY
    if name not in FIELDS:
        hint = nearest(name, list(FIELDS))
        raise StudyError(f"{where}: {text!r} has {{{name}}}, which says nothing; {hint}")
    if name in seen:
        raise StudyError(f"{where}: {text!r} has {{{name}}} twice, expected once")
    seen.add(name)
    return f"(?P<{name}>{_SHAPES.get(name, _ANY)})"


def read_name(name: str, patterns: Sequence[Pattern]) -> Mapping[str, str] | None:
    """Return what the first pattern that fits reads from a name."""
    return next((found for p in patterns if (found := p.read(name)) is not None), None)


def read_day(text: str) -> int | None:
    """Return a day from ``7``, ``d07``, ``day 7``, ``D-1``, ``M1`` or ``pre``; None if it is none.

    A month is 30.4375 days; ``pre`` is the day before day 0.

    Examples
    --------
    >>> [read_day(t) for t in ("d07", "day 7", "7", "M1", "pre", "soon")]
    [7, 7, 7, 30, -1, None]
    """
    word = text.strip().casefold()
    if word in ("pre", "baseline", "screening"):
        return -1
    if month := re.fullmatch(r"m(?:onth)?[ _-]?(\d+)", word):
        return round(int(month[1]) * DAYS_PER_MONTH)
    found = re.fullmatch(r"(?:day|d)?[ _]?([+-]?\d+)(?:\.0+)?", word)
    return int(found[1]) if found else None


def read_date(text: str) -> date | None:
    """Return a date from ``2026-03-02``, ``20260302`` or ``02-MAR-2026``; None if it is none."""
    word = text.strip()
    if found := re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})", word):
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
