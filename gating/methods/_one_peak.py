"""A cut where one peak only stands out: at its tail, or towards a valley too faint to count."""

import numpy as np
from numpy.typing import NDArray

from gating.density import rough_bandwidth, smooth
from gating.methods._landscape import COARSER, MIN_MASS, Landscape, Split, half_width
from gating.uncertainty import REFITS, resample, valley_draws
from labproc.model.flag import info, review

TAIL_SDS = 3.5  # of 10,000 negatives 2 lie beyond; of 3 standard deviations it would be 13
FEW_BEYOND = 0.03  # events beyond the tail of a single peak that need no look
Floats = NDArray[np.float64]


def tail(
    land: Landscape,
    population: str,
    *,
    draws: int,
    rng: np.random.Generator,
    middle: float = np.inf,
    side: str = "above",
) -> Split:
    """Cut at the tail of the only peak, and say that there was only one.

    A peak that lies above ``middle`` of the display scale is taken for positives and cut below,
    any other for negatives and cut above: a culture may be all T cells, or all alive. Where the
    peak is not on the asked ``side`` the gate holds a tail and no population, as in a tube that was
    not stained: that is for review, however few lie beyond.

    Beyond negatives there may be a valley too faint to stand out. The tail's cut is then too low
    where negatives are skewed, the valley's too high where positives are broad: the cut lies
    halfway, and its draws anywhere between the two.
    """
    top = int(land.density.argmax())
    positive = land.counts.at(top + 0.5) > middle
    at, spread = _tail_bin(land.density, positive)
    lost = _beyond(land, at, positive)
    asked = positive == (side == "above")
    say = info if asked and lost < FEW_BEYOND else review
    moved = _tail_draws(land, positive, draws, rng)
    valley = None if positive else _faint_valley(land, at)
    where, how = "its tail", "tail"
    if valley is not None:
        lowest, between, bandwidth = valley
        far = valley_draws(land.counts, between, bandwidth, draws=draws, rng=rng)
        moved += rng.random(draws) * (far - moved)
        at, where, how = (at + lowest) / 2.0, "its tail and a faint valley", "faint_valley"
        lost = _beyond(land, at, positive)
    cut = float(land.counts.at(at))
    if moved.size:
        moved += cut - float(np.median(moved))
    text = (
        f"{population}: one peak only, taken for {'positives' if positive else 'negatives'}; "
        f"cut {'between' if valley else 'at'} {where}, {lost:.1%} lie beyond"
    )
    width = spread * land.counts.width
    return Split(cut, how, moved, 0.0, spread=width, flags=(say("no_valley", text),))


def _beyond(land: Landscape, at: float, positive: bool) -> float:
    """Return the share of events beyond a cut, seen from the peak."""
    above = float(land.counts.fraction_above(land.counts.at(at)))
    return 1.0 - above if positive else above


def _faint_valley(
    land: Landscape, tail_bin: float
) -> tuple[float, tuple[float, float], float] | None:
    """Return the valley of the coarsest smoothing, the peaks beside it in bins, the smoothing.

    None where nothing rises again beyond the tail, or too few events lie there to be anyone.
    """
    bandwidth = rough_bandwidth(land.counts.total) * COARSER[-1]
    density = smooth(land.counts.counts, bandwidth)
    top = int(land.density.argmax())
    rising = np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:])) + 1
    rising = rising[rising > tail_bin]
    if not rising.size:
        return None
    second = int(rising[density[rising].argmax()])
    lowest = top + int(density[top:second].argmin())
    if lowest + 0.5 <= tail_bin or density[lowest:].sum() < MIN_MASS * density.sum():
        return None
    return lowest + 0.5, (float(top), float(second)), bandwidth


def _tail_draws(land: Landscape, positive: bool, draws: int, rng: np.random.Generator) -> Floats:
    """Cut at the tail again in resampled histograms."""
    if not draws:
        return np.empty(0)
    again = smooth(resample(land.counts.counts, min(draws, REFITS), rng), land.bandwidth)
    moved = np.array([land.counts.at(_tail_bin(row, positive)[0]) for row in again])
    return np.resize(moved, draws)


def _tail_bin(density: Floats, positive: bool) -> tuple[float, float]:
    """Return the bin of the cut, and the peak's spread in bins."""
    top = int(density.argmax())
    spread = min(half_width(density, top), half_width(density[::-1], -top - 1))
    return top + 0.5 + (-TAIL_SDS if positive else TAIL_SDS) * spread, spread
