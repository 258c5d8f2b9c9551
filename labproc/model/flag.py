"""Reasons to doubt a number, carried with it wherever it goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a flag matters to the person who reads the number."""

    INFO = "info"
    WARNING = "warning"
    REVIEW = "review"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """0 for ``info`` up to 3 for ``fail``."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to doubt a result: a code for tables, a sentence for people.

    Every code is listed in ``docs/reference/flags.md``.
    """

    code: str
    severity: Severity
    message: str

    def as_dict(self) -> dict[str, str]:
        """Return the form that stands in JSON lines."""
        return {"code": self.code, "severity": self.severity.value, "message": self.message}


def info(code: str, message: str) -> Flag:
    """Make a flag that only informs."""
    return Flag(code, Severity.INFO, message)


def warning(code: str, message: str) -> Flag:
    """Make a flag for a number that is usable with care."""
    return Flag(code, Severity.WARNING, message)


def review(code: str, message: str) -> Flag:
    """Make a flag for a number that someone has to look at."""
    return Flag(code, Severity.REVIEW, message)


def fail(code: str, message: str) -> Flag:
    """Make a flag for a number that must not be used."""
    return Flag(code, Severity.FAIL, message)


def worst(flags: Iterable[Flag]) -> Severity | None:
    """Return the highest severity among the flags, or None without flags."""
    return max((f.severity for f in flags), key=lambda s: s.rank, default=None)


def unique(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """Return the flags without repeats, in the order of their first appearance."""
    return tuple(dict.fromkeys(flags))
