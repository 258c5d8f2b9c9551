"""Where to cut one channel in two, with guards."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gating.density import Histogram, Peak, find_peaks, histogram, rough_bandwidth, smooth
from gating.transforms import Transform
from gating.uncertainty import valley_draws
from labproc.model import Flag
from labproc.model.flag import review

MIN_MASS = 0.003  # a peak of fewer events is not a population


@dataclass(frozen=True, slots=True)
class Split:
    """A cut on the display scale, how it was found, and how sure it is.

    ``separation`` is the distance of the two peaks in standard deviations of the lower one.
    """

    display: float
    how: str
    draws: NDArray[np.float64]
    separation: float
    n_peaks: int
    flags: tuple[Flag, ...] = field(default=())


def split(
    values: NDArray[np.float64], population: str, *, draws: int, rng: np.random.Generator
) -> Split:
    """Cut below the highest peak that is a population of its own; else at the lower one's tail."""
    counts = histogram(values)
    if counts.total < 20:
        middle = counts.at(counts.counts.size / 2)
        flag = review("too_few_events", f"{population}: {values.size} events to gate on")
        return Split(middle, "none", np.full(draws, middle), 0.0, 0, (flag,))
    bandwidth = rough_bandwidth(counts.total)
    density = smooth(counts.counts, bandwidth)
    peaks = find_peaks(density, bandwidth, min_mass=MIN_MASS)
    if len(peaks) >= 2:
        low, high = peaks[-2], peaks[-1]
        first, last = int(low.position), int(high.position) + 1
        valley = counts.at(first + float(density[first:last].argmin()) + 0.5)
        between = (low.position, high.position)
        moved = valley_draws(counts, between, bandwidth, draws=draws, rng=rng)
        return Split(valley, "valley", moved, _separation(counts, density, low, high), len(peaks))
    return _tail(counts, density, population, draws=draws)


def _separation(counts: Histogram, density: NDArray[np.float64], low: Peak, high: Peak) -> float:
    spread = half_width(density, int(low.position))
    return (high.position - low.position) / max(spread, 1.0)


def half_width(density: NDArray[np.float64], top: int) -> float:
    """Return the standard deviation in bins of a peak's lower side, from where it falls to 61 %."""
    below = np.flatnonzero(density[: top + 1] < 0.6065 * density[top])
    return float(top - below[-1]) if below.size else float(max(top, 1))


def _tail(counts: Histogram, density: NDArray[np.float64], population: str, *, draws: int) -> Split:
    """Cut three standard deviations above the only peak, and say that there was only one."""
    top = int(density.argmax())
    cut = counts.at(top + 0.5 + 3.0 * half_width(density, top))
    flag = review("no_valley", f"{population}: one peak only; cut at its upper tail")
    return Split(cut, "tail", np.full(draws, cut), 0.0, 1, (flag,))


def to_linear(cut: Split, scale: Transform) -> float:
    """Return the cut in linear fluorescence."""
    return float(scale.inverse(np.array([cut.display]))[0])
