"""Where to cut one channel in two, with guards."""

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.density import Histogram, Peak
from gating.methods._landscape import FEW, Landscape, Split, half_width
from gating.methods._one_peak import tail
from gating.transforms import Transform
from gating.uncertainty import valley_draws
from labproc.model.flag import review

POSITIVE_FROM = 0.52  # of the display scale, from zero to the top; backgrounds lie below
DEEP = 3.0  # standard errors of the smoothed count
FEW_POSITIVES = 0.1  # of the parent; so many may be autofluorescent cells
COMPARABLE = 0.3  # a valley this clear against the clearest counts as one
Floats = NDArray[np.float64]


def choose_pair(
    land: Landscape, *, highest: bool, middle: float = np.inf
) -> tuple[Peak, Peak] | None:
    """Choose the two neighbouring peaks to cut between: the clearest valley.

    With ``highest``, the last valley that is nearly as clear: what lies between the negatives and
    the positives (autofluorescent cells) then goes with the negatives. A peak above ``middle`` of
    the display scale is no background: no valley beyond it counts, where there is one before.
    """
    pairs = list(pairwise(land.peaks))
    if not pairs:
        return None
    if not highest:
        return pairs[int(np.argmax([land.clearness(*p) for p in pairs]))]
    pairs = [p for p in pairs if land.counts.at(p[0].position + 0.5) <= middle] or pairs[:1]
    clear = [land.clearness(*p) for p in pairs]
    return [p for p, c in zip(pairs, clear, strict=True) if c >= COMPARABLE * max(clear)][-1]


def split(
    values: NDArray[Any],
    population: str,
    *,
    draws: int,
    rng: np.random.Generator,
    highest: bool = True,
    lean: float = 0.0,
    middle: float = np.inf,
    side: str = "above",
    counted: Histogram | None = None,
) -> Split:
    """Cut at the valley between the negative and the positive peak; else at the tail of one."""
    land = Landscape.of(values, counted)
    if land.counts.total < FEW:
        return too_few(land.counts, population, values.size, draws)
    pair = choose_pair(land, highest=highest, middle=middle)
    if pair is None:
        return tail(land, population, draws=draws, rng=rng, middle=middle, side=side)
    low, high = pair[0].position, pair[1].position
    cut = at_valley(land, low, high, draws=draws, rng=rng, lean=lean)
    return cut if side != "above" else doubted(cut, land, population, middle)


def shallow(cut: Split, land: Landscape, population: str) -> Split:
    """Ask for a look at a valley that counting alone may have made.

    That is so where the two peaks were found in a slice, and lie closer among all the events.
    """
    if cut.peaks is None:
        return cut
    depth = land.depth(*(float(land.counts.position(p)) - 0.5 for p in cut.peaks))
    if depth >= DEEP:
        return cut
    text = f"{population}: the valley is {depth:.1f} standard errors deep, expected {DEEP:.0f}"
    return replace(cut, flags=(*cut.flags, review("shallow_valley", text)))


def doubted(cut: Split, land: Landscape, population: str, middle: float) -> Split:
    """Ask for a look at positives that are few and no brighter than a background.

    Autofluorescent cells make such a peak in a tube that was not stained at all.
    """
    share = float(land.counts.fraction_above(cut.display))
    if cut.peaks is None or cut.peaks[1] > middle or share > FEW_POSITIVES:
        return cut
    text = f"{population}: the positives ({share:.1%}) are few and dim; autofluorescence is too"
    return replace(cut, flags=(*cut.flags, review("dim_positives", text)))


def at_valley(
    land: Landscape,
    low: float,
    high: float,
    *,
    draws: int,
    rng: np.random.Generator,
    lean: float = 0.0,
) -> Split:
    """Cut at the lowest point between two peaks, given in bins."""
    cut = land.lowest(low, high, lean)
    between = (low, high)
    moved = valley_draws(land.counts, between, land.bandwidth, draws=draws, rng=rng, lean=lean)
    if moved.size:
        moved = moved + (cut - float(np.median(moved)))
    spread = half_width(land.density, int(low))
    peaks = (land.counts.at(low + 0.5), land.counts.at(high + 0.5))
    separation = (high - low) / max(spread, 1.0)
    return Split(cut, "valley", moved, separation, peaks, spread * land.counts.width)


def too_few(counts: Histogram, population: str, n_events: int, draws: int) -> Split:
    """Cut in the middle of the range, and say that there is nothing to cut by."""
    middle = counts.at(counts.counts.size / 2)
    flag = review("too_few_events", f"{population}: {n_events} events to gate on")
    return Split(middle, "none", np.full(draws, middle), 0.0, flags=(flag,))


@lru_cache(maxsize=256)
def middle_of(scale: Transform, top: float | None) -> float:
    """Return the place on the display scale above which a peak is taken for positives."""
    ends = np.asarray(scale.forward(np.array([0.0, top or 262_144.0])), dtype=np.float64)
    return float(ends[0] + POSITIVE_FROM * (ends[1] - ends[0]))


def to_linear(cut: Split, scale: Transform) -> float:
    """Return the cut in linear fluorescence, as a float32: exact against stored values."""
    return stored(float(scale.inverse(np.array([cut.display]))[0]))


def stored(threshold: float) -> float:
    """Round a threshold to what a file can store, so that no comparison depends on precision."""
    return float(np.float32(threshold))
