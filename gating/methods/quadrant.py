"""Two markers cut by a cross: CD4 against CD8."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.boundary import QUADRANTS
from gating.density import N_BINS, Histogram, Peak, count_plane, histogram
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._landscape import FEW, Landscape, Split, half_width, piled_ends
from gating.methods._one_peak import tail
from gating.methods._split import (
    at_valley,
    choose_pair,
    doubted,
    middle_of,
    shallow,
    to_linear,
    too_few,
)
from gating.uncertainty import REFITS, resample
from labproc.model import Boundary, Flag
from labproc.model.flag import review, unique

TIGHT_SDS = 1.0  # how far above the negative peak of the other marker a slice reaches
MIN_SLICE = 200
LEAST_NEGATIVES = 0.1  # height of the negative peak against the positive one
MOST_NEITHER = 0.1  # of the events below a cut may be negative for both
LEAST_APART = 20  # events on either side of the other marker's cut
LEAN = 0.02  # cut where the density has begun to rise again towards the positives
UNCOMPENSATED = 1 / 3  # of the double positives that are let pass, where nothing was compensated
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plane:
    """Both markers counted together, shape (256, 256).

    ``bins`` are the two histograms; everything but the masks is worked out from here, so that it
    costs the same for any number of events. ``piled`` are the bins at whose value events pile up,
    off the scale of the channel: they count as their neighbour does.
    """

    counts: Floats
    bins: tuple[Histogram, Histogram]
    piled: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]

    @classmethod
    def of(cls, x: NDArray[Any], y: NDArray[Any]) -> "Plane":
        """Count two channels."""
        bins = (histogram(x), histogram(y))
        piled = (_piled_bins(x, bins[0]), _piled_bins(y, bins[1]))
        return cls(count_plane(x, y, bins).astype(np.float64), bins, piled)

    def turned(self) -> "Plane":
        """Return the plane with the channels exchanged."""
        return Plane(self.counts.T, self.bins[::-1], self.piled[::-1])

    def slice(self, ceiling: float | None = None) -> Histogram:
        """Return the first channel's histogram of the events up to a bin of the second."""
        top = N_BINS if ceiling is None else ceil(min(max(ceiling, 0.0), N_BINS))
        counts = self.counts[:, :top].sum(axis=1)
        for at, beside in self.piled[0]:
            counts[at] = min(counts[at], counts[beside])
        return Histogram(self.bins[0].low, self.bins[0].high, counts)


def _piled_bins(values: NDArray[Any], bins: Histogram) -> tuple[tuple[int, int], ...]:
    """Return the end bins that hold a pile-up, each with its neighbour towards the middle."""
    found = []
    for end, inward in zip(piled_ends(values, bins), (1, -1), strict=True):
        if end is not None:
            at = min(bins.held(end), N_BINS - 1)
            found.append((at, min(max(at + inward, 0), N_BINS - 1)))
    return tuple(found)


def place(request: Request) -> tuple[Selection, ...]:
    """Cut each marker where its positives part from the events that are negative for both.

    The two peaks are found in a slice that is tightly negative for the other marker, where
    autofluorescent cells (raised in both) are not; the valley between them is found among all
    events below the other marker's cut. A slice without two peaks falls back on all events.
    """
    rng = request.rng()
    plane = Plane.of(request.display(0), request.display(1))
    planes = (plane, plane.turned())
    wholes = [Landscape.of_counts(p.slice()) for p in planes]
    tight = [_tight(w) for w in wholes]
    lean = request.number("lean", LEAN)
    tops = request.ranges or (None, None)
    middles = [middle_of(s, t) for s, t in zip(request.scales, tops, strict=True)]

    slices = [Landscape.of_counts(p.slice(t)) for p, t in zip(planes, tight[::-1], strict=True)]

    def cut(k: int, ceiling: float | None, draws: int) -> Split:
        name, lands = request.channels[k], (slices[k], wholes[k])
        return _cut(planes[k], lands, ceiling, name, draws, rng, lean, middles[k])

    second = cut(1, None, 0)
    first = cut(0, planes[1].bins[0].position(second.display), request.draws)
    second = cut(1, planes[0].bins[0].position(first.display), request.draws)
    return _selections(request, plane, (first, second), rng)


def _tight(land: Landscape) -> float:
    """Return the bin up to which a marker is tightly negative: one spread above its lowest peak."""
    if not land.peaks:
        return float(N_BINS)
    low = land.peaks[0]
    return low.position + 0.5 + TIGHT_SDS * half_width(land.density, int(low.position))


def _cut(
    plane: Plane,
    lands: tuple[Landscape, Landscape],
    ceiling: float | None,
    name: str,
    draws: int,
    rng: np.random.Generator,
    lean: float,
    middle: float,
) -> Split:
    tight, whole = lands
    if whole.counts.total < FEW:
        return too_few(whole.counts, name, int(whole.counts.total), draws)
    below = Landscape.of_counts(plane.slice(ceiling)) if ceiling is not None else whole
    pair = None
    for land in (tight, below, whole):
        enough = land.counts.total >= MIN_SLICE
        pair = choose_pair(land, highest=True, middle=middle) if enough else None
        if pair is not None and (land is whole or _from_negatives(pair, whole)):
            break
    pair = pair or choose_pair(whole, highest=True, middle=middle)
    if pair is None:
        return tail(whole, name, draws=draws, rng=rng, middle=middle)
    parted = _has_negatives(below, pair)
    low, high = pair[0].position, pair[1].position
    land = below if parted else whole
    cut = at_valley(land, low, high, draws=draws, rng=rng, lean=lean)
    cut = shallow(cut, land, name)
    if not parted and ceiling is not None:
        cut = _apart(whole.counts, below.counts, (low, high), cut, rng)
    return doubted(cut, whole, name, middle)


def _apart(
    whole: Histogram,
    rest: Histogram,
    between: tuple[float, float],
    cut: Split,
    rng: np.random.Generator,
) -> Split:
    """Cut where the fewest cells are on the wrong side, for want of cells negative for both.

    Of T cells alone, what is negative for one marker is positive for the other. Positives for the
    other belong below the cut, the rest above it; where they spread, a valley may lie among them.
    """
    other = Histogram(rest.low, rest.high, np.maximum(whole.counts - rest.counts, 0.0))
    low = rest.held(cut.display)
    neither, only_other = (float(h.counts[:low].sum()) for h in (rest, other))
    if min(rest.total, other.total) < LEAST_APART or neither > MOST_NEITHER * only_other:
        return cut
    found = _fewest_wrong(rest.counts[None], other.counts[None], between)[0]
    moved = np.empty(0)
    if cut.draws.size:
        again = [resample(h.counts, min(cut.draws.size, REFITS), rng) for h in (rest, other)]
        drawn = _fewest_wrong(again[0], again[1], between)
        moved = np.resize(rest.at(drawn), cut.draws.size)
    return replace(cut, display=float(rest.at(found)), draws=moved)


def _fewest_wrong(rest: Floats, other: Floats, between: tuple[float, float]) -> Floats:
    """Return the cut of each row, in bins: the middle of where the wrong ones are fewest."""
    edges = np.arange(int(between[0]) + 1, max(int(between[1]), int(between[0]) + 1) + 1)
    below = rest.cumsum(axis=1)[:, edges - 1]
    above = other.sum(axis=1, keepdims=True) - other.cumsum(axis=1)[:, edges - 1]
    wrong = below + above
    fewest = wrong <= wrong.min(axis=1, keepdims=True) + 1e-9
    return np.asarray((fewest @ edges) / fewest.sum(axis=1))


def _from_negatives(pair: tuple[Peak, Peak], whole: Landscape) -> bool:
    """Whether a slice's lower peak is the negatives: no slice of T cells may hold positives only.

    Among events negative for CD8 there may be no cell negative for CD4; two peaks found there
    would split the positives.
    """
    if not whole.peaks:
        return False
    lowest = whole.peaks[0]
    reach = lowest.position + 1.5 * half_width(whole.density, int(lowest.position))
    return pair[0].position <= (lowest.right if len(whole.peaks) > 1 else reach)


def _has_negatives(land: Landscape, pair: tuple[Peak, Peak]) -> bool:
    """Whether the events below the other marker's cut hold negatives for this one at all."""
    low, high = (float(land.density[int(p.position)]) for p in pair)
    return low >= LEAST_NEGATIVES * high


def _selections(
    request: Request, plane: Plane, cuts: tuple[Split, Split], rng: np.random.Generator
) -> tuple[Selection, ...]:
    point = np.array([[to_linear(c, s) for c, s in zip(cuts, request.scales, strict=True)]])
    boundary = Boundary("quadrant", request.channels, request.specs, point)
    high = [v > t for v, t in zip(request.linear, point[0], strict=True)]
    masks = [(high[0] == a) & (high[1] == b) for a, b in QUADRANTS]
    shares = np.array([np.count_nonzero(m) for m in masks]) / max(request.n_events, 1)
    fractions = _fraction_draws(plane, cuts, shares, request.n_events, rng)
    flags = unique((*cuts[0].flags, *cuts[1].flags, *_both_flags(request, float(shares[2]))))
    parameters: dict[str, float | str] = {
        "threshold_1": float(point[0, 0]),
        "threshold_2": float(point[0, 1]),
        "separation_1": cuts[0].separation,
        "separation_2": cuts[1].separation,
    }
    return tuple(
        Selection(
            population,
            masks[k],
            boundary,
            float(shares[k]) if request.n_events else None,
            fractions[:, k],
            parameters,
            flags,
        )
        for k, population in enumerate(request.populations)
    )


def _both_flags(request: Request, both: float) -> tuple[Flag, ...]:
    """Ask for a look where more events are positive for both markers than cells can be.

    Where nothing was compensated a third as many are too many: one dye may shine into the other's
    detector.
    """
    most, name = request.number("most_both", 1.0), request.populations[2]
    if both > most:
        text = f"{name}: {both:.0%}; spillover that was not taken out, or a low cut"
        return (review("many_double_positives", text),)
    if request.compensated or most >= 1.0 or both <= most * UNCOMPENSATED:
        return ()
    text = f"{name}: {both:.0%} of the parent, and nothing was compensated"
    return (review("spillover_visible", text),)


def _fraction_draws(
    plane: Plane,
    cuts: tuple[Split, Split],
    shares: Floats,
    n_events: int,
    rng: np.random.Generator,
) -> Floats:
    """Return draws of the four fractions together, shape (n_draws, 4): cross moved, recounted."""
    n_draws = cuts[0].draws.size
    total = plane.counts.sum()
    if not (n_draws and n_events and total):
        return np.full((n_draws, 4), np.nan)
    at = [
        np.clip(np.rint(h.position(np.append(c.draws, c.display))), 0, N_BINS).astype(np.int64)
        for h, c in zip(plane.bins, cuts, strict=True)
    ]
    first, last = int(at[0].min()), int(at[0].max())
    rows = np.concatenate([plane.counts[:first].sum(axis=0)[None], plane.counts[first:last]])
    below = np.pad(rows.cumsum(axis=0).cumsum(axis=1), ((0, 0), (1, 0))) / total
    low_in_second = np.pad(plane.counts.sum(axis=0).cumsum(), (1, 0)) / total
    neither = below[at[0] - first, at[1]]
    only_second, only_first = below[at[0] - first, -1] - neither, low_in_second[at[1]] - neither
    both = 1.0 - neither - only_first - only_second
    moved = np.column_stack([only_first, only_second, both, neither])
    chances = np.clip(shares + moved[:-1] - moved[-1], 0.0, 1.0)
    chances /= chances.sum(axis=1, keepdims=True)
    return np.asarray(rng.multinomial(n_events, chances) / n_events)


METHODS.register("quadrant")(
    Method(
        "two markers cut by a cross",
        place,
        n_channels=(2,),
        n_populations=4,
        options={"lean": LEAN, "most_both": 1.0},
    )
)
