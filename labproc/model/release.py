"""Release of a product: what the user asks of it, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from labproc.model.sample import SampleKey, SourceFile

LAST, EVERY = "last", "every"


class Verdict(StrEnum):
    """What a specification says of a sample."""

    PASS = "pass"  # noqa: S105 (no password)
    FAIL = "fail"
    CANNOT_SAY = "cannot say"


@dataclass(frozen=True, slots=True)
class Specification:
    """One line of the user's own release table.

    ``metric`` is a metric of labproc, a population of a strategy, or a measure of the sheet
    ``measured``; ``day`` a whole day, ``last`` or ``every``. ``low`` and ``high`` are in ``unit``;
    ``expected`` is a word instead of limits. Empty ``panel``, ``arm`` and ``donor`` mean all.
    ``where`` names the line.
    """

    metric: str
    day: int | str
    low: float | None = None
    high: float | None = None
    expected: str = ""
    unit: str = ""
    parent: str = ""
    panel: str = ""
    arm: str = ""
    donor: str = ""
    title: str = ""
    where: str = field(default="", compare=False)

    @property
    def limits(self) -> str:
        """The limits in words, e.g. ``20 to 80 %``."""
        if self.expected:
            return self.expected
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}{unit}"
        if self.low is not None:
            return f"at least {self.low:g}{unit}"
        return f"at most {self.high:g}{unit}"


@dataclass(frozen=True, slots=True)
class OutsideValue:
    """A measure that labproc did not make: sterility, endotoxin, a count of another laboratory.

    ``value`` is a number or, as in ``negative``, a word.
    """

    key: SampleKey
    measure: str
    value: float | str
    ci_low: float | None = None
    ci_high: float | None = None
    unit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """One gate's fraction of its parent with its interval, as a chain of fractions needs it."""

    parent: str
    n_events: int
    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None


@dataclass(frozen=True, slots=True)
class GatedTube:
    """A tube's populations: by name, the share of the parent. ``doubt`` asks someone to look."""

    key: SampleKey
    source: SourceFile
    shares: Mapping[str, Share]
    version: str = ""
    doubts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One specification held against one sample; numbers are in the specification's unit."""

    specification: Specification
    key: SampleKey
    verdict: Verdict
    reason: str
    value: float | str | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int | None = None
    parent: str = ""
    origin: str = ""
    source: SourceFile | None = None
    version: str = ""

    @property
    def name(self) -> str:
        """What was asked for, a fraction or a ratio with its parent: ``purity of Live``."""
        one = self.specification
        parent = self.parent or one.parent
        return f"{one.title} of {parent}" if parent and one.unit in OF_A_PARENT else one.title


OF_A_PARENT = frozenset({"%", "fraction", "ratio"})
UNITS: Mapping[str, Mapping[str, float]] = {
    "fraction": {"%": 100.0, "fraction": 1.0},
    "cells": {"cells": 1.0, "1e6 cells": 1e-6, "cells/kg": 1.0, "1e6 cells/kg": 1e-6},
    "copies/diploid genome": {"copies/diploid genome": 1.0, "copies/cell": 1.0},
}
"""Units that a specification may be written in, by the unit of labproc, each with its factor."""
