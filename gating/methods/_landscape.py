"""A channel's histogram as a landscape of peaks and valleys, and a cut made in it."""

from dataclasses import dataclass, field
from math import inf, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.density import Histogram, Peak, find_peaks, histogram, rough_bandwidth, smooth
from gating.uncertainty import valley_floor, valley_rise
from labproc.model import Flag

MIN_MASS = 0.003  # a peak of fewer events is not a population
FEW = 20
PILE_UP = (0.001, 0.4)  # share of events at one end that is off the scale
PILE = 2  # and more events than may happen to be alike
COARSER = (2.0, 3.5)  # smoothing tried where one peak only is found
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """A cut on the display scale, how it was found, and how sure it is.

    ``separation`` is the distance of the two peaks in standard deviations of the lower one;
    ``peaks`` are the display positions of the negative and the positive peak.
    """

    display: float
    how: str
    draws: Floats
    separation: float
    peaks: tuple[float, float] | None = None
    spread: float = 0.0
    flags: tuple[Flag, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Landscape:
    """A histogram, smoothed, with the peaks that are populations."""

    counts: Histogram
    density: Floats
    bandwidth: float
    peaks: tuple[Peak, ...]

    @classmethod
    def of(cls, values: NDArray[Any], counted: Histogram | None = None) -> "Landscape":
        """Count the values that are on the scale, and find their peaks.

        ``counted`` is the histogram of all of them, where somebody has it already.
        """
        counts = counted or histogram(values)
        on_scale = without_pile_up(values, counts)
        return cls.of_counts(counts if on_scale is values else histogram(on_scale))

    @classmethod
    def of_counts(cls, counts: Histogram) -> "Landscape":
        """Smooth and find the peaks; smooth more where only one shows at first.

        A sparse, broad population stands out from counting noise only when it is smoothed.
        """
        first = rough_bandwidth(counts.total)
        made = [cls._at(counts, first)]
        for factor in COARSER:
            if len(made[-1].peaks) >= 2 or counts.total < FEW:
                break
            made.append(cls._at(counts, first * factor))
        return made[-1] if len(made[-1].peaks) >= 2 else made[0]

    @classmethod
    def _at(cls, counts: Histogram, bandwidth: float) -> "Landscape":
        density = smooth(counts.counts, bandwidth)
        peaks = find_peaks(density, bandwidth, min_mass=MIN_MASS) if counts.total >= FEW else ()
        return cls(counts, density, bandwidth, peaks)

    def clearness(self, low: Peak, high: Peak) -> float:
        """Return by how many standard errors the valley lies below the lower of two peaks."""
        return self.depth(low.position, high.position)

    def depth(self, low: float, high: float) -> float:
        """Return the same of the density at two positions in bins."""
        between = self.density[int(low) : int(high) + 1]
        valley, top = float(between.min()), float(min(between[0], between[-1]))
        noise = sqrt((top + valley) / (2.0 * sqrt(pi) * self.bandwidth))
        return (top - valley) / max(noise, 1e-9)

    def lowest(self, low: float, high: float, lean: float = 0.0) -> float:
        """Return the display position of the valley between two: the middle of its floor.

        With ``lean``, where the density has risen towards the higher peak by that fraction of it.
        """
        first, last = int(low), max(int(high), int(low) + 1) + 1
        part = self.density[None, first:last]
        at = valley_rise(part, lean) if lean else valley_floor(part) + 0.5
        return float(self.counts.at(first + float(at[0])))


def without_pile_up(values: NDArray[Any], binned: Histogram) -> NDArray[Any]:
    """Leave out the events that lie exactly at either end: off the scale, not a population."""
    for end in piled_ends(values, binned):
        if end is not None:
            values = values[values != end]
    return values


def piled_ends(
    values: NDArray[Any], binned: Histogram | None = None
) -> tuple[float | None, float | None]:
    """Return the lowest and the highest value where events pile up at it.

    Their histogram, where there is one, tells most ends to be free of it without a look at the
    values: its outermost events are too few.
    """
    if values.size < FEW:
        return None, None
    least, most = max(PILE_UP[0] * values.size, PILE), PILE_UP[1] * values.size
    found: list[float | None] = []
    outermost = (inf, inf) if binned is None else binned.counts[binned.counts > 0][[0, -1]]
    for end, n_at_most in zip((values.min, values.max), outermost, strict=True):
        at = float(end()) if n_at_most > least else None
        piled = at is not None and least < np.count_nonzero(values == at) < most
        found.append(at if piled else None)
    return found[0], found[1]


def half_width(density: Floats, top: int) -> float:
    """Return the standard deviation in bins of a peak's lower side, from where it falls to 61 %."""
    top %= density.size
    below = np.flatnonzero(density[: top + 1] < 0.6065 * density[top])
    return float(top - below[-1]) if below.size else float(max(top, 1))
