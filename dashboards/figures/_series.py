"""From measurements to the lines that figures draw: one per culture, one mean per arm."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labproc.model import Measurement, Severity

LEAST_FOR_BAND = 3  # with two donors the 95 % t interval spans decades and says nothing


@dataclass(frozen=True, slots=True)
class Line:
    """One culture's (or patient's) measurements of one metric in the order of days."""

    donor: str
    arm: str
    points: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True)
class Mean:
    """Geometric mean over donors per day with its 95 % interval; NaN where n is under 3."""

    arm: str
    n: int
    days: NDArray[np.float64] = field(compare=False)
    values: NDArray[np.float64] = field(compare=False)
    low: NDArray[np.float64] = field(compare=False)
    high: NDArray[np.float64] = field(compare=False)


def usable(point: Measurement) -> bool:
    """Whether a measurement is a positive number on a day that may enter a mean."""
    counted = point.value is not None and point.value > 0 and point.key.day is not None
    return counted and point.severity is not Severity.FAIL


def lines(points: Iterable[Measurement]) -> list[Line]:
    """Group measurements with a day into cultures, in the order of donors and arms."""
    cultures: dict[tuple[str, ...], list[Measurement]] = defaultdict(list)
    for point in sorted(points, key=lambda m: m.key.order):
        if point.key.day is not None:
            cultures[point.key.culture].append(point)
    return [Line(key[0], key[2], tuple(rows)) for key, rows in cultures.items()]


def arm_mean(points: Iterable[Measurement], arm: str) -> Mean:
    """Average over donors on the log scale, cultures of one donor first averaged together."""
    logs: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        if point.key.arm == arm and usable(point):
            logs[int(point.key.day or 0)][point.key.donor].append(math.log(point.value or 1.0))
    n = max((len(donors) for donors in logs.values()), default=0)
    # a day that not every donor reaches would bend the mean by who is missing
    days = sorted(day for day, donors in logs.items() if len(donors) == n)
    each = [[float(np.mean(v)) for v in logs[day].values()] for day in days]
    centre = np.array([np.mean(v) for v in each])
    half = np.array([_half_width(v) for v in each])
    return Mean(
        arm, n, np.array(days, float), np.exp(centre), np.exp(centre - half), np.exp(centre + half)
    )


def _half_width(logs: Sequence[float]) -> float:
    """Half of the 95 % t interval of a mean, NaN under three values."""
    from scipy.special import stdtrit

    if len(logs) < LEAST_FOR_BAND:
        return math.nan
    return float(stdtrit(len(logs) - 1, 0.975) * np.std(logs, ddof=1) / math.sqrt(len(logs)))


def extent(values: Iterable[float | None], beyond: float = 1.0) -> tuple[float, float]:
    """Return the lowest and highest positive number, or (1, 10) where there is none."""
    known = [v for v in values if v is not None and math.isfinite(v) and v > 0]
    if not known:
        return 1.0, 10.0
    low, high = min(known) / beyond, max(known) * beyond
    return (low, high) if high > low else (low / 2, high * 2)
