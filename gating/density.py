"""Histograms on the display scale: smooth them, find their peaks and the valleys between."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import pairwise
from math import inf, pi, sqrt
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from gating._parts import parts

FINE = 8_192  # bins of the one pass over the events
N_BINS = 256
PLANE_PART = 1 << 17  # events; a plane has as many bins as a part has events
TRIM = 5e-4  # fraction of events that may lie beyond either end
MIN_DROP = 0.15  # a valley lies at least this far below the lower of its two peaks
REACH = 3.5  # bandwidths beyond which a Gaussian's weights are left out
NOISE_SIGMAS = 3.0  # and by more than counting can explain
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in equal bins from ``low`` to ``high``; what lies beyond is in the end bins.

    ``total`` is the number of events.
    """

    low: float
    high: float
    counts: Floats
    total: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", float(self.counts.sum()))

    @property
    def width(self) -> float:
        """Width of one bin, on the display scale."""
        return (self.high - self.low) / self.counts.size

    @property
    def centres(self) -> Floats:
        """Middle of each bin."""
        return np.asarray(self.low + (np.arange(self.counts.size) + 0.5) * self.width)

    def at(self, bin_position: Any) -> Any:
        """Return the display value at a position counted in bins."""
        return self.low + bin_position * self.width

    def position(self, display: Floats | float) -> Any:
        """Return where a display value lies, counted in bins."""
        return (display - self.low) / self.width

    def held(self, display: float) -> int:
        """Return the edge below a display value, counted in bins from 0; the ends beyond them."""
        return int(min(max(self.position(display), 0.0), self.counts.size))

    def fraction_above(self, thresholds: Floats | float) -> Floats:
        """Return the fraction of events above display values, linear within a bin."""
        above = np.zeros(self.counts.size + 1)
        np.cumsum(self.counts[::-1], out=above[1:])
        at = self.counts.size - self.position(np.asarray(thresholds))  # from the upper end
        return np.asarray(np.interp(at, np.arange(above.size), above / max(self.total, 1.0)))


def bin_index(values: NDArray[Any], low: float, high: float, n: int) -> NDArray[np.int32]:
    """Return each value's bin; what lies outside goes to the end bins."""
    bins = np.empty(values.size, dtype=np.int32)
    for part in parts(values.size):
        scaled = values[part] - low
        scaled *= n / (high - low)
        bins[part] = np.clip(scaled, 0, n - 1, out=scaled)
    return bins


def bin_plane(
    x: NDArray[Any], y: NDArray[Any], axes: tuple["Histogram", "Histogram"]
) -> NDArray[np.int32]:
    """Return each event's bin in the plane of two histograms, rows (x) first."""
    across, up = axes
    bins = np.empty(x.size, dtype=np.int32)
    for part in parts(x.size):
        rows = bin_index(x[part], across.low, across.high, across.counts.size)
        rows *= up.counts.size
        rows += bin_index(y[part], up.low, up.high, up.counts.size)
        bins[part] = rows
    return bins


def count_bins(bins: NDArray[np.int32], axes: tuple["Histogram", "Histogram"]) -> NDArray[np.int64]:
    """Count the events of each bin of a plane, shape of the two histograms."""
    shape = axes[0].counts.size, axes[1].counts.size
    n_bins = shape[0] * shape[1]
    found = (np.bincount(bins[part], minlength=n_bins) for part in _large_parts(bins.size))
    return reduce(np.add, found).reshape(shape)


def _large_parts(n_events: int) -> Iterator[slice]:
    """Yield parts for counting, at least one: counts of many bins cost as much as the events."""
    return parts(max(n_events, 1), PLANE_PART)


def count_plane(
    x: NDArray[Any], y: NDArray[Any], axes: tuple["Histogram", "Histogram"]
) -> NDArray[np.int64]:
    """Count events in the plane of two histograms, without keeping each event's bin."""
    found = (count_bins(bin_plane(x[part], y[part], axes), axes) for part in _large_parts(x.size))
    return reduce(np.add, found)


def histogram(
    values: NDArray[Any], n_bins: int = N_BINS, *, limits: tuple[float, float] | None = None
) -> Histogram:
    """Count the values in equal bins over the range that holds nearly all of them.

    The events are gone through once: fine bins are counted, and a whole number of them makes one
    bin of the result.
    """
    if limits is not None:
        counts = np.bincount(bin_index(values, *limits, n_bins), minlength=n_bins)
        return Histogram(*limits, counts.astype(np.float64))
    if not values.size:
        return Histogram(0.0, 1.0, np.zeros(n_bins))
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return Histogram(low - 0.5, low + 0.5, _one_bin(values.size, n_bins))
    if high - low > float(np.finfo(values.dtype).max):
        values = values.astype(np.float64)
    return _coarse(_count(values, low, high), low, (high - low) / FINE, n_bins)


def _count(values: NDArray[Any], low: float, high: float) -> NDArray[np.int64]:
    """Count values in fine bins from the lowest to the highest, which falls beyond the last."""
    found = (_count_part(values[part], low, high) for part in _large_parts(values.size))
    counts = reduce(np.add, found)
    counts[FINE - 1] += counts[FINE]
    return counts[:FINE]


def _count_part(values: NDArray[Any], low: float, high: float) -> NDArray[np.int64]:
    bins = np.empty(values.size, dtype=np.int32)
    for part in parts(values.size):
        scaled = values[part] - low
        scaled *= FINE / (high - low)
        bins[part] = scaled
    return np.bincount(bins, minlength=FINE + 1)


def _one_bin(n_events: int, n_bins: int) -> Floats:
    counts = np.zeros(n_bins)
    counts[n_bins // 2] = n_events
    return counts


def _coarse(fine: NDArray[np.int64], low: float, step: float, n_bins: int) -> Histogram:
    """Sum fine bins over the range that leaves ``TRIM`` of the events beyond either end."""
    below = np.zeros(FINE + 1, dtype=np.int64)
    np.cumsum(fine, out=below[1:])
    total = int(below[-1])
    cut = int(total * TRIM)
    first = int(below.searchsorted(cut, side="right")) - 1
    last = int(below.searchsorted(total - cut, side="left"))
    margin = max(int(0.02 * (last - first)), 1)
    group = -(-(last - first + 2 * margin) // n_bins)
    start = first - margin
    held = np.arange(start, start + n_bins * group + 1, group)
    ends = below[np.minimum(np.maximum(held, 0), FINE)]
    ends[0], ends[-1] = 0, total
    counts = (ends[1:] - ends[:-1]).astype(np.float64)
    return Histogram(low + start * step, low + (start + n_bins * group) * step, counts)


@lru_cache(maxsize=256)
def _gaussian(bandwidth: float) -> Floats:
    """Return the weights of a Gaussian cut off at 3.5 bandwidths, as scipy's filter has them."""
    reach = int(REACH * bandwidth + 0.5)
    weights = np.exp(-0.5 / (bandwidth * bandwidth) * np.arange(-reach, reach + 1) ** 2)
    return np.asarray(weights / weights.sum())


def smooth(counts: Floats, bandwidth: float) -> Floats:
    """Smooth histograms, shape (..., n_bins), with a Gaussian of ``bandwidth`` bins.

    Nothing lies beyond the ends. By hand: scipy's filters take a fifth of a second to import, and
    a matrix product would wake every core for a hundred bins.
    """
    weights, n_bins = _gaussian(bandwidth), counts.shape[-1]
    reach = weights.size // 2
    if counts.ndim == 1:
        return np.convolve(counts, weights)[reach : reach + n_bins]
    padded = np.zeros((*counts.shape[:-1], n_bins + 2 * reach))
    padded[..., reach : reach + n_bins] = counts
    return np.asarray(sliding_window_view(padded, weights.size, axis=-1) @ weights)


@dataclass(frozen=True, slots=True)
class Peak:
    """A peak of a smoothed histogram with the mass between the valleys beside it."""

    position: float
    height: float
    left: int
    right: int
    mass: float


def find_peaks(
    density: Floats, bandwidth: float, *, min_mass: float = 0.0, drop: float = MIN_DROP
) -> tuple[Peak, ...]:
    """Find the peaks that stand out from their neighbours by more than counting noise.

    The least prominent peak is merged into its higher neighbour until all that are left drop to
    the valley by ``drop`` of their height and by three standard errors of the smoothed count.
    """
    tops, lows = _extrema(density)
    heights = [float(density[t]) for t in tops]
    valleys = [-1.0, *(float(density[v]) for v in lows[1:-1]), -1.0]  # the ends are not valleys
    while len(tops) > 1:
        weakest, gap = _weakest(heights, valleys, bandwidth, drop)
        if gap >= 0:
            break
        across = weakest if valleys[weakest] >= valleys[weakest + 1] else weakest + 1
        del tops[weakest], heights[weakest]  # its ground goes to the neighbour across
        del lows[across], valleys[across]
    if not tops:
        return ()
    masses = (np.add.reduceat(density, lows[:-1]) / density.sum()).tolist()
    peaks = [
        Peak(float(t), h, a, b, mass)
        for t, h, a, b, mass in zip(tops, heights, lows[:-1], lows[1:], masses, strict=True)
    ]
    return tuple(p for p in peaks if p.mass >= min_mass)


def _extrema(density: Floats) -> tuple[list[int], list[int]]:
    """Return peak bins, and the valley bins around them (one more, with both ends)."""
    rising = np.zeros(density.size + 1, dtype=np.bool_)
    rising[0] = density[0] > -1.0
    np.greater(density[1:], density[:-1], out=rising[1:-1])
    tops = [t for t in np.flatnonzero(rising[:-1] & ~rising[1:]).tolist() if density[t] > 0]
    lows = [a + int(density[a : b + 1].argmin()) for a, b in pairwise(tops)]
    return tops, [0, *lows, density.size]


def _weakest(
    heights: list[float], valleys: list[float], bandwidth: float, drop: float
) -> tuple[int, float]:
    """Return the peak with the least to spare over its higher valley, and how much that is."""
    worst, least = 0, inf
    spread = 2.0 * sqrt(pi) * bandwidth
    for k, height in enumerate(heights):
        valley = max(valleys[k], valleys[k + 1])
        noise = sqrt((height + valley) / spread)
        spare = (height - valley) - max(drop * height, NOISE_SIGMAS * noise)
        if spare / height < least:
            worst, least = k, spare / height
    return worst, least


def rough_bandwidth(n_events: float, n_bins: int = N_BINS) -> float:
    """Return the smoothing in bins: 1.2 % of the range at 10,000 events, more for fewer."""
    return float(min(max(0.012 * n_bins * (1e4 / max(n_events, 1.0)) ** 0.2, 1.5), 10.0))
