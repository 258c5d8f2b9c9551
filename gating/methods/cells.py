"""Cells by scatter: everything dense that is not debris, as generous as a hand-drawn gate."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.density import (
    Histogram,
    bin_plane,
    count_bins,
    find_peaks,
    histogram,
    rough_bandwidth,
    smooth,
)
from gating.geometry import convex_hull, in_binned
from gating.methods import METHODS, Method, Request, Selection
from gating.uncertainty import counted, share
from labproc.model import Boundary
from labproc.model.flag import Flag, review, warning

GRID = 96
SMOOTHING = 1.5  # bins
FEW = 50
KEEP = 0.997  # of the events that are not debris; a hand-drawn gate is generous
MOSTLY = 0.8  # a first peak that holds so much is the cells, not debris
NEAR = 0.6  # and so is one that lies this close to the main peak
MANY_SATURATED = 0.05
TOP = 0.999  # of the range: the end of the scale


def place(request: Request) -> tuple[Selection, ...]:
    """Cut debris at the first valley of forward scatter, then hold the dense region."""
    population = request.populations[0]
    if request.n_events < FEW:
        flag = review("too_few_events", f"{population}: {request.n_events} events to gate on")
        return (Selection(population, np.ones(request.n_events, dtype=np.bool_), flags=(flag,)),)
    x, y = request.display(0), request.display(1)
    across, up = histogram(x, GRID), histogram(y, GRID)
    bins = bin_plane(x, y, (across, up))
    counts = count_bins(bins, (across, up))
    counts = _on_scale(counts, (across, up), request.ranges)
    across = replace(across, counts=counts.sum(axis=1).astype(np.float64))
    floor = _debris_edge(across)
    corners = _outline(counts, across, up, floor, request.number("keep", KEEP))
    edges = across.at(np.arange(GRID + 1)), up.at(np.arange(GRID + 1))
    mask = in_binned(x, y, corners, bins=bins, edges=edges)
    fraction = share(mask) or 0.0
    rng = np.random.default_rng(request.seed)
    draws = counted(np.full(request.draws, fraction), request.n_events, rng)
    boundary = Boundary("polygon", request.channels, request.specs, corners)
    saturated = 1.0 - float(counts.sum()) / request.n_events
    flags: tuple[Flag, ...] = ()
    if saturated > MANY_SATURATED:
        text = f"{population}: {saturated:.0%} of events are off the top of the scatter scale"
        flags = (warning("saturated_scatter", text),)
    parameters = {"debris_below": floor, "saturated": saturated}
    return (Selection(population, mask, boundary, fraction, draws, parameters, flags),)


def _on_scale(
    counts: NDArray[np.int64],
    axes: tuple[Histogram, Histogram],
    ranges: tuple[float | None, ...],
) -> NDArray[np.int64]:
    """Leave out the bins at the top of either scale: what is off the scale has no place on it."""
    kept = counts.copy()
    for k, (axis, top) in enumerate(zip(axes, ranges or (None, None), strict=True)):
        if top:
            first = int(np.clip(np.floor(axis.position(top * TOP)), 0, GRID))
            kept.swapaxes(0, k)[first:] = 0
    return kept


def _debris_edge(forward: Histogram) -> float:
    """Return the forward scatter below which events are debris: the valley before the cells."""
    bandwidth = rough_bandwidth(forward.total, GRID)
    density = smooth(forward.counts, bandwidth)
    peaks = find_peaks(density, bandwidth, min_mass=0.02)
    if len(peaks) < 2:
        return forward.low
    tallest = max(peaks[1:], key=lambda p: p.mass)
    first = peaks[0]
    if first.mass > MOSTLY or first.position > tallest.position * NEAR:
        return forward.low
    return float(forward.at(first.right))


def _outline(
    counts: NDArray[Any], across: Histogram, up: Histogram, floor: float, keep: float
) -> NDArray[np.float64]:
    """Return the hull of the densest region above the debris that holds ``keep`` of its events."""
    usable = counts.astype(np.float64)
    cut = float(across.position(floor))
    usable[: int(cut)] = 0.0
    density = smooth(smooth(usable, SMOOTHING).T, SMOOTHING).T
    density[: int(cut)] = 0.0
    order = np.sort(density.ravel())[::-1]
    level = order[min(int(np.searchsorted(np.cumsum(order), keep * order.sum())), order.size - 1)]
    inside = density >= max(float(level), 1e-12)
    rows = np.flatnonzero(inside.any(axis=1))
    first = inside[rows].argmax(axis=1)
    last = GRID - inside[rows, ::-1].argmax(axis=1)
    ends = [(r, c) for r in (np.maximum(rows, cut), rows + 1) for c in (first, last)]
    return convex_hull(np.concatenate([np.column_stack([across.at(r), up.at(c)]) for r, c in ends]))


METHODS.register("cells")(
    Method("cells by scatter, debris cut off", place, n_channels=(2,), options={"keep": KEEP})
)
