"""Intervals of counts and ratios, on the logarithmic scale.

Each source of error gives two half-widths of ln(value), one downwards and one upwards; independent
sources add in quadrature, side by side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt

import numpy as np

from labproc.model import Measurement
from labproc.model._arrays import Floats

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution
ZERO_UPPER = (
    3.688879454113936  # upper 97.5 % limit of a Poisson mean when 0 were counted: -ln(.025)
)
COUNTING, PLACEMENT, PIPETTING = "counting", "gate placement", "pipetting"
PARTS = (COUNTING, PLACEMENT, PIPETTING)


@dataclass(frozen=True, slots=True)
class Widths:
    """Half-widths of ln(value) at 95 %, and what they carry."""

    down: float = 0.0
    up: float = 0.0
    parts: frozenset[str] = frozenset()


def symmetric(sd: float, *parts: str) -> Widths:
    """Return the half-widths of an error with this standard deviation of ln(value)."""
    return Widths(Z95 * sd, Z95 * sd, frozenset(parts))


def poisson(n: float) -> Widths:
    """Return the exact (Garwood) half-widths of a counted number; 0 has no lower one."""
    if n <= 0:
        return Widths(inf, inf, frozenset({COUNTING}))
    from scipy.special import gammaincinv

    low = float(gammaincinv(n, 0.025))
    high = float(gammaincinv(n + 1, 0.975))
    down = log(n / low) if low > 0 else inf
    return Widths(down, log(high / n), frozenset({COUNTING}))


def both(widths: Iterable[Widths]) -> Widths:
    """Add independent errors in quadrature."""
    known = list(widths)
    down = sqrt(sum(w.down**2 for w in known))
    up = sqrt(sum(w.up**2 for w in known))
    return Widths(down, up, frozenset().union(*(w.parts for w in known)))


def wider(one: Widths, other: Widths) -> Widths:
    """Return the wider of two descriptions of the same error, carrying the parts of both."""
    down, up = max(one.down, other.down), max(one.up, other.up)
    return Widths(down, up, one.parts | other.parts)


def ends(value: float, widths: Widths) -> tuple[float | None, float | None]:
    """Return the interval around a positive value; none where nothing is known of its error."""
    if not widths.parts:
        return None, None
    return value * exp(-widths.down), value * exp(widths.up)


def of_measurement(measured: Measurement) -> Widths:
    """Return the half-widths that a measurement's own interval stands for."""
    value, low, high = measured.value, measured.ci_low, measured.ci_high
    if not value or value < 0 or low is None or high is None:
        return Widths()
    down = log(value / low) if low > 0 else inf
    up = log(high / value) if high > 0 else 0.0
    parts = frozenset(p for p in PARTS if p in measured.interval_of)
    return Widths(max(down, 0.0), max(up, 0.0), parts)


def spread(draws: Floats | None) -> Widths:
    """Return the half-widths of draws of a gate that was moved within its own uncertainty."""
    if draws is None or draws.size < 2 or not bool(np.all(draws > 0)):
        return Widths()
    return symmetric(float(np.std(np.log(draws), ddof=1)), PLACEMENT)


def multiply(draws: Sequence[tuple[float, Floats | None]]) -> Floats | None:
    """Multiply draws of several factors, one by one; a factor without draws stays at its value."""
    lengths = [d.size for _, d in draws if d is not None]
    if not lengths:
        return None
    n = min(lengths)
    product = np.ones(n)
    for value, factor in draws:
        product = product * (value if factor is None else factor[:n])
    return product


def say(parts: Iterable[str]) -> str:
    """Say in words what an interval carries."""
    known = [p for p in PARTS if p in set(parts)]
    if len(known) < 2:
        return f"{known[0]} error only" if known else ""
    return f"{', '.join(known[:-1])} and {known[-1]}"
