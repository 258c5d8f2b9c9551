"""Cells by scatter: everything dense that is not debris, as generous as a hand-drawn gate."""

from dataclasses import replace

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
from gating.methods._debris import Edge, debris_edge
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
    """Cut debris off where its hill ends in the plane, then hold the dense region."""
    population = request.populations[0]
    if request.n_events < FEW:
        return (_ungated(request, f"{request.n_events} events to gate on"),)
    x, y = request.display(0), request.display(1)
    across, up = histogram(x, GRID), histogram(y, GRID)
    bins = bin_plane(x, y, (across, up))
    counts = count_bins(bins, (across, up))
    counts = _on_scale(counts, (across, up), request.ranges)
    if (n_on_scale := int(counts.sum())) < FEW:
        return (_ungated(request, f"{n_on_scale} events on the scatter's scale to gate on"),)
    across = replace(across, counts=counts.sum(axis=1).astype(np.float64))
    density = smooth(smooth(counts.astype(np.float64), SMOOTHING).T, SMOOTHING).T
    edge = _edge(density, across)
    outline = _outline(density, edge, request.number("keep", KEEP))
    corners = np.column_stack([across.at(outline[:, 0]), up.at(outline[:, 1])])
    edges = across.at(np.arange(GRID + 1)), up.at(np.arange(GRID + 1))
    mask = in_binned(x, y, corners, bins=bins, edges=edges)
    fraction = share(mask) or 0.0
    rng = request.rng()
    draws = counted(np.full(request.draws, fraction), request.n_events, rng)
    boundary = Boundary("polygon", request.channels, request.specs, corners)
    saturated = 1.0 - n_on_scale / request.n_events
    flags: tuple[Flag, ...] = ()
    if saturated > MANY_SATURATED:
        text = f"{population}: {saturated:.0%} of events are off the top of the scatter scale"
        flags = (warning("saturated_scatter", text),)
    parameters = {"saturated": saturated}
    if edge is not None:
        parameters["debris_below"] = float(across.at(edge.point[0]))
    return (Selection(population, mask, boundary, fraction, draws, parameters, flags),)


def _ungated(request: Request, why: str) -> Selection:
    """Hold every event, for review: there is nothing to place a gate by."""
    population = request.populations[0]
    flag = review("too_few_events", f"{population}: {why}")
    return Selection(population, np.ones(request.n_events, dtype=np.bool_), flags=(flag,))


def _on_scale(
    counts: NDArray[np.int64],
    axes: tuple[Histogram, Histogram],
    ranges: tuple[float | None, ...],
) -> NDArray[np.int64]:
    """Leave out the bins at the top of either scale: what is off the scale has no place on it."""
    kept = counts.copy()
    for k, (axis, top) in enumerate(zip(axes, ranges or (None, None), strict=True)):
        if top:
            first = axis.held(top * TOP)
            kept.swapaxes(0, k)[first:] = 0
    return kept


def _edge(density: NDArray[np.float64], forward: Histogram) -> Edge | None:
    """Return where the debris ends; None where there is none.

    Whether there is, forward scatter says: a first peak that is neither most of the events nor
    next to the main one.
    """
    bandwidth = rough_bandwidth(forward.total, GRID)
    peaks = find_peaks(smooth(forward.counts, bandwidth), bandwidth, min_mass=0.02)
    if len(peaks) < 2:
        return None
    tallest = max(peaks[1:], key=lambda p: p.mass)
    first = peaks[0]
    if first.mass > MOSTLY or first.position > tallest.position * NEAR or first.right < 1:
        return None
    return debris_edge(density, first.right, SMOOTHING)


def _outline(density: NDArray[np.float64], edge: Edge | None, keep: float) -> NDArray[np.float64]:
    """Return the hull, in bins, of the densest region: it holds ``keep`` of what is no debris."""
    if edge is not None:
        density = np.where(edge.debris((GRID, GRID)), 0.0, density)
    order = np.sort(density[density > 0])[::-1]
    held = np.cumsum(order)
    level = order[min(int(held.searchsorted(keep * held[-1])), order.size - 1)]
    inside = density >= level
    rows = np.flatnonzero(inside.any(axis=1))
    first = inside[rows].argmax(axis=1)
    last = GRID - inside[rows, ::-1].argmax(axis=1)
    ends = [np.column_stack([r, c]) for r in (rows, rows + 1) for c in (first, last)]
    hull = convex_hull(np.concatenate(ends).astype(np.float64))
    return hull if edge is None else edge.clip(hull)


METHODS.register("cells")(
    Method("cells by scatter, debris cut off", place, n_channels=(2,), options={"keep": KEEP})
)
