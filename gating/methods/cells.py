"""Cells by scatter: everything dense that is not debris, as generous as a hand-drawn gate."""

import numpy as np
from numpy.typing import NDArray

from gating.density import Histogram, find_peaks, histogram, rough_bandwidth, smooth
from gating.geometry import convex_hull, in_polygon
from gating.methods import METHODS, Method, Request, Selection
from gating.uncertainty import counted
from labproc.model import Boundary
from labproc.model.flag import Flag, review, warning

GRID = 96
FEW = 50
KEEP = 0.997  # of the events that are not debris; a hand-drawn gate is generous


def place(request: Request) -> tuple[Selection, ...]:
    """Cut debris at the first valley of forward scatter, then hold the dense region."""
    population = request.populations[0]
    if request.n_events < FEW:
        flag = review("too_few_events", f"{population}: {request.n_events} events to gate on")
        return (Selection(population, np.ones(request.n_events, dtype=np.bool_), flags=(flag,)),)
    x, y = request.display(0), request.display(1)
    tops = [r * 0.999 if r else np.inf for r in (request.ranges or (None, None))]
    unsaturated = (x < tops[0]) & (y < tops[1])
    floor, flags = _debris_edge(histogram(x[unsaturated]), population)
    corners = _outline(x, y, unsaturated & (x > floor), request.number("keep", KEEP))
    mask = in_polygon(x, y, corners)
    fraction = float(mask.mean())
    rng = np.random.default_rng(request.seed)
    draws = counted(np.full(request.draws, fraction), request.n_events, rng)
    boundary = Boundary("polygon", request.channels, request.specs, corners)
    saturated = float(1.0 - unsaturated.mean())
    if saturated > 0.05:
        text = f"{population}: {saturated:.0%} of events are off the top of the scatter scale"
        flags = (*flags, warning("saturated_scatter", text))
    parameters = {"debris_below": floor, "saturated": saturated}
    return (Selection(population, mask, boundary, fraction, draws, parameters, flags),)


def _debris_edge(forward: Histogram, population: str) -> tuple[float, tuple[Flag, ...]]:
    """Return the forward scatter below which events are debris: the valley before the cells."""
    bandwidth = rough_bandwidth(forward.total)
    density = smooth(forward.counts, bandwidth)
    peaks = find_peaks(density, bandwidth, min_mass=0.02)
    if len(peaks) < 2:
        return forward.low, ()
    tallest = max(peaks[1:], key=lambda p: p.mass)
    first = peaks[0]
    if first.mass > 0.8 or first.position > tallest.position * 0.6:
        return forward.low, ()
    return forward.at(first.right + 0.5), ()


def _outline(
    x: NDArray[np.float64], y: NDArray[np.float64], usable: NDArray[np.bool_], keep: float
) -> NDArray[np.float64]:
    """Return the hull of the densest region that holds ``keep`` of the usable events."""
    x, y = x[usable], y[usable]
    if x.size < 3:
        return np.empty((0, 2))
    across, up = histogram(x, GRID), histogram(y, GRID)
    i = np.clip((x - across.low) / across.width, 0, GRID - 1).astype(np.int64)
    j = np.clip((y - up.low) / up.width, 0, GRID - 1).astype(np.int64)
    counts = np.bincount(i * GRID + j, minlength=GRID * GRID).reshape(GRID, GRID).astype(float)
    density = smooth(smooth(counts, 1.5).T, 1.5).T
    order = np.sort(density.ravel())[::-1]
    level = order[min(int(np.searchsorted(np.cumsum(order), keep * order.sum())), order.size - 1)]
    inside = density >= max(level, 1e-12)
    rows = np.flatnonzero(inside.any(axis=1))
    first = inside[rows].argmax(axis=1)
    last = GRID - inside[rows, ::-1].argmax(axis=1)
    ends = [(r + a, c) for a in (0, 1) for r, c in ((rows, first), (rows, last))]
    corners = np.concatenate([np.column_stack([across.at(r), up.at(c)]) for r, c in ends])
    return convex_hull(corners)


METHODS.register("cells")(
    Method("cells by scatter, debris cut off", place, n_channels=(2,), options={"keep": KEEP})
)
