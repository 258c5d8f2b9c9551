"""How sure a fraction is: the gate moved within its own error, the events counted anew.

Everything works on histograms, so that the order of the events cannot matter and 200 draws of
100,000 events cost a millisecond.
"""

import numpy as np
from numpy.typing import NDArray

from gating.density import Histogram, smooth

Floats = NDArray[np.float64]
REFITS = 64  # histograms that a valley is found in anew; more draws repeat them
LEVEL = (0.025, 0.975)
FLOOR = 0.02  # of the lower peak: what counts as the floor of a valley


def resample(counts: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Draw a histogram's counts anew, shape (draws, n_bins), with Poisson's variance in each bin.

    Normal noise stands for Poisson's: it is smoothed before anything is read off, and costs a
    tenth.
    """
    noise = rng.standard_normal((draws, counts.size), dtype=np.float32)
    return np.asarray(counts + np.sqrt(counts) * noise)


def valley_draws(
    histogram: Histogram,
    between: tuple[float, float],
    bandwidth: float,
    *,
    draws: int,
    rng: np.random.Generator,
    lean: float = 0.0,
) -> Floats:
    """Find the valley between two peaks again in each resampled histogram, in display units.

    By the rule that placed the cut itself (``valley_floor``, or ``valley_rise`` with ``lean``): in
    an empty valley the lowest bin alone may lie anywhere between the peaks.
    """
    if not draws:
        return np.empty(0)
    first, last = int(between[0]), max(int(between[1]), int(between[0]) + 1)
    reach = int(3.5 * bandwidth) + 1
    part = slice(max(first - reach, 0), last + reach + 1)
    again = smooth(resample(histogram.counts[part], min(draws, REFITS), rng), bandwidth)
    density = again[:, first - part.start :][:, : last + 1 - first]
    bins = first + (valley_rise(density, lean) if lean else valley_floor(density) + 0.5)
    return np.asarray(histogram.at(bins[np.arange(draws) % bins.size]))


def valley_rise(densities: Floats, lean: float) -> Floats:
    """Return where each density begins to rise to its right peak, in bins, shape (n,).

    Parameters
    ----------
    densities : ndarray, shape (n, n_bins)
        From one peak to the next.
    lean : float
        Share of the lower peak that counts as risen.
    """
    bottom = densities.argmin(axis=1)
    lowest = densities.min(axis=1)
    level = lowest + lean * (_lower_peak(densities) - lowest)
    after = np.arange(densities.shape[1]) >= bottom[:, None]
    risen = after & (densities > level[:, None])
    return np.asarray(np.where(risen.any(axis=1), risen.argmax(axis=1), bottom), np.float64)


def valley_floor(densities: Floats) -> Floats:
    """Return the middle of each density's floor, in bins, shape (n,).

    The floor is what lies within 2 % of the lower peak above the lowest bin, around that bin.
    """
    n_bins = densities.shape[1]
    bottom = densities.argmin(axis=1)[:, None]
    level = densities.min(axis=1) + FLOOR * _lower_peak(densities)
    at = np.arange(n_bins)
    above = densities > level[:, None]
    left = np.where(above & (at < bottom), at, -1).max(axis=1) + 1
    right = np.where(above & (at > bottom), at, n_bins).min(axis=1) - 1
    return np.asarray((left + right) / 2.0)


def _lower_peak(densities: Floats) -> Floats:
    return np.asarray(np.minimum(densities[:, 0], densities[:, -1]))


def share(mask: NDArray[np.bool_]) -> float | None:
    """Return the fraction of events that a mask holds; None of no events."""
    return int(np.count_nonzero(mask)) / mask.size if mask.size else None


def counted(fractions: Floats, n_events: int, rng: np.random.Generator) -> Floats:
    """Add counting error to fractions of ``n_events``: one binomial draw each."""
    if n_events <= 0 or not fractions.size:
        return np.full(fractions.shape, np.nan)
    held = np.clip(fractions, 0.0, 1.0)
    return np.asarray(rng.binomial(n_events, held) / n_events, dtype=np.float64)


def interval(
    draws: Floats | None, estimate: float | None, n_events: int
) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a fraction: its draws, and never tighter than counting.

    Where no event or every event was selected the draws say nothing; the exact binomial limit
    (3.7 events in n for 0) then stands for it.
    """
    if estimate is None or n_events <= 0:
        return None, None
    low, high = wilson(estimate, n_events)
    if draws is not None and draws.size:
        drawn = np.quantile(draws[np.isfinite(draws)], LEVEL) if np.isfinite(draws).any() else None
        if drawn is not None:
            low, high = min(low, float(drawn[0])), max(high, float(drawn[1]))
    return max(0.0, min(low, estimate)), min(1.0, max(high, estimate))


def wilson(fraction: float, n_events: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a counted fraction."""
    z = 1.959964
    shrink = 1.0 + z * z / n_events
    centre = (fraction + z * z / (2 * n_events)) / shrink
    spread = fraction * (1.0 - fraction) / n_events + z * z / (4.0 * n_events**2)
    half = z * float(np.sqrt(max(spread, 0.0))) / shrink
    return max(0.0, centre - half), min(1.0, centre + half)
