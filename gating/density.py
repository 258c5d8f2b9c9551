"""Histograms on the display scale: smooth them, find their peaks and the valleys between."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

FINE = 8_192  # bins of the one pass over the events
N_BINS = 256
PART = 1 << 18  # events
TRIM = 5e-4  # fraction of events that may lie beyond either end
MIN_DROP = 0.15  # a valley lies at least this far below the lower of its two peaks
NOISE_SIGMAS = 3.0  # and by more than counting can explain
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in equal bins from ``low`` to ``high``; what lies beyond is in the end bins."""

    low: float
    high: float
    counts: Floats

    @property
    def width(self) -> float:
        """Width of one bin, on the display scale."""
        return (self.high - self.low) / self.counts.size

    @property
    def centres(self) -> Floats:
        """Middle of each bin."""
        return np.asarray(self.low + (np.arange(self.counts.size) + 0.5) * self.width)

    @property
    def total(self) -> float:
        """Number of events."""
        return float(self.counts.sum())

    def at(self, bin_position: Any) -> Any:
        """Return the display value at a position counted in bins."""
        return self.low + bin_position * self.width

    def position(self, display: Floats | float) -> Any:
        """Return where a display value lies, counted in bins."""
        return (display - self.low) / self.width

    def fraction_above(self, thresholds: Floats | float) -> Floats:
        """Return the fraction of events above display values, linear within a bin."""
        edges = np.linspace(self.low, self.high, self.counts.size + 1)
        above = np.concatenate([np.cumsum(self.counts[::-1])[::-1], [0.0]])
        return np.asarray(np.interp(thresholds, edges, above / max(self.total, 1.0)))


def bin_index(values: NDArray[Any], low: float, high: float, n: int) -> NDArray[np.int64]:
    """Return each value's bin; what lies outside goes to the end bins."""
    scaled = values - low
    scaled *= n / (high - low)
    np.clip(scaled, 0, n - 1, out=scaled)
    return scaled.astype(np.int64)


def histogram(
    values: NDArray[Any], n_bins: int = N_BINS, *, limits: tuple[float, float] | None = None
) -> Histogram:
    """Count the values in equal bins over the range that holds nearly all of them.

    The events are gone through once: fine bins are counted, and a whole number of them makes one
    bin of the result.
    """
    if limits is not None:
        return Histogram(*limits, _count(values, *limits, n_bins).astype(np.float64))
    if not values.size:
        return Histogram(0.0, 1.0, np.zeros(n_bins))
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return Histogram(low - 0.5, low + 0.5, _one_bin(values.size, n_bins))
    fine = _count(values, low, high, FINE)
    return _coarse(fine, low, (high - low) / FINE, n_bins)


def _count(values: NDArray[Any], low: float, high: float, n: int) -> NDArray[np.int64]:
    """Count values in bins, a part at a time, so that ten million need no memory of their own."""
    counts = np.zeros(n, dtype=np.int64)
    for part in parts(values.size):
        counts += np.bincount(bin_index(values[part], low, high, n), minlength=n)
    return counts


def parts(n_events: int) -> Iterator[slice]:
    """Yield slices that go through many events a part at a time."""
    return (slice(a, a + PART) for a in range(0, n_events, PART))


def _one_bin(n_events: int, n_bins: int) -> Floats:
    counts = np.zeros(n_bins)
    counts[n_bins // 2] = n_events
    return counts


def _coarse(fine: NDArray[np.int64], low: float, step: float, n_bins: int) -> Histogram:
    """Sum fine bins over the range that leaves ``TRIM`` of the events beyond either end."""
    below = np.cumsum(fine)
    cut = int(below[-1] * TRIM)
    first = int(np.searchsorted(below, cut, side="right"))
    last = int(np.searchsorted(below, below[-1] - cut, side="left")) + 1
    margin = max(int(0.02 * (last - first)), 1)
    group = -(-(last - first + 2 * margin) // n_bins)
    start = first - margin
    held = np.clip(start + np.arange(n_bins + 1) * group, 0, FINE)
    ends = np.append(0, below)[held]
    ends[0], ends[-1] = 0, below[-1]
    counts = np.diff(ends).astype(np.float64)
    return Histogram(low + start * step, low + (start + n_bins * group) * step, counts)


def smooth(counts: Floats, bandwidth: float) -> Floats:
    """Smooth histograms, shape (..., n_bins), with a Gaussian of ``bandwidth`` bins.

    Summed by hand where a matrix product would wake every core for a hundred bins.
    """
    return np.asarray(gaussian_filter1d(counts, bandwidth, axis=-1, mode="constant", truncate=3.5))


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
    while tops:
        weakest, gap = _weakest(density, tops, lows, bandwidth, drop)
        if gap >= 0 or len(tops) == 1:
            break
        _merge(density, tops, lows, weakest)
    total = max(float(density.sum()), 1e-12)
    peaks = [
        Peak(float(t), float(density[t]), a, b, float(density[a:b].sum()) / total)
        for t, a, b in zip(tops, lows[:-1], lows[1:], strict=True)
    ]
    return tuple(p for p in peaks if p.mass >= min_mass)


def _extrema(density: Floats) -> tuple[list[int], list[int]]:
    """Return peak bins, and the valley bins around them (one more, with both ends)."""
    padded = np.concatenate([[-1.0], density, [-1.0]])
    rising = np.diff(padded) > 0
    tops = np.flatnonzero(rising[:-1] & ~rising[1:]).tolist()
    tops = [t for t in tops if density[t] > 0]
    lows = [0]
    for a, b in pairwise(tops):
        lows.append(a + int(np.argmin(density[a : b + 1])))
    return tops, [*lows, density.size]


def _weakest(
    density: Floats, tops: list[int], lows: list[int], bandwidth: float, drop: float
) -> tuple[int, float]:
    """Return the peak with the least to spare over its higher valley, and how much that is."""
    worst, least = 0, np.inf
    for k, top in enumerate(tops):
        beside = [density[lows[j]] for j in (k, k + 1) if 0 < j < len(tops)]
        if not beside:
            continue
        height = density[top]
        noise = np.sqrt((height + max(beside)) / (2.0 * np.sqrt(np.pi) * bandwidth))
        spare = (height - max(beside)) - max(drop * height, NOISE_SIGMAS * noise)
        if spare / height < least:
            worst, least = k, float(spare / height)
    return worst, least


def _merge(density: Floats, tops: list[int], lows: list[int], k: int) -> None:
    """Give a peak's ground to the neighbour across its higher valley."""
    left = density[lows[k]] if k > 0 else -1.0
    right = density[lows[k + 1]] if k + 1 < len(tops) else -1.0
    if left >= right:
        del lows[k]
    else:
        del lows[k + 1]
    del tops[k]


def rough_bandwidth(n_events: float, n_bins: int = N_BINS) -> float:
    """Return the smoothing in bins: 1.2 % of the range at 10,000 events, more for fewer."""
    return float(np.clip(0.012 * n_bins * (1e4 / max(n_events, 1.0)) ** 0.2, 1.5, 10.0))
