"""Which points lie within an outline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating._parts import parts

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Point = tuple[float, float]
OUTSIDE, INSIDE, PASSED = 0, 1, 2  # what a bin is to an outline
SLACK = 1e-3  # of a bin: more than rounding can move a value into the bin beside its own
STRIPS = 512
FEW = 20_000  # points below which no strips are made


def convex_hull(points: Floats) -> Floats:
    """Return the corners of the convex hull, counter-clockwise, shape (n_corners, 2)."""
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))]
    new = np.append(True, np.diff(ordered[:, 0]) > 0)
    lowest, highest = ordered[new], ordered[np.append(new[1:], True)]
    if len(lowest) < 2:
        return np.unique(points, axis=0)
    lower, upper = _chain(lowest), _chain(highest[::-1])
    ring = np.asarray([*lower, *upper])
    ring = ring[np.append(True, np.any(np.diff(ring, axis=0) != 0, axis=1))]
    return np.asarray(ring[:-1] if np.all(ring[0] == ring[-1]) else ring)


def _chain(points: Floats) -> list[Point]:
    chain: list[Point] = []
    for x, y in points.tolist():
        while len(chain) >= 2 and _turn(chain[-2], chain[-1], (x, y)) <= 0:
            chain.pop()
        chain.append((x, y))
    return chain


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def in_polygon(x: NDArray[Any], y: NDArray[Any], corners: Floats) -> Bools:
    """Say which points lie within a polygon (even-odd rule) or on its outline, as GatingML says.

    A gate that is drawn to the end of a channel so holds the events at that end.
    """
    if len(corners) < 3 or not x.size:
        return np.zeros(x.shape, dtype=np.bool_)
    if is_convex(corners):
        return _in_convex(x, y, corners)
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])
    inside = np.zeros(x.shape, dtype=np.bool_)
    inside[near] = _even_odd(x[near], y[near], corners)
    return inside


def is_convex(corners: Floats) -> bool:
    """Whether the polygon turns one way only."""
    around = np.concatenate([corners, corners[:2]])
    a, b, c = around[:-2], around[1:-1], around[2:]
    turns = (b[:, 0] - a[:, 0]) * (c[:, 1] - b[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - b[:, 0])
    if not (np.all(turns >= 0) or np.all(turns <= 0)):
        return False
    angles = np.arctan2(b[:, 1] - a[:, 1], b[:, 0] - a[:, 0])
    turned = np.abs(np.angle(np.exp(1j * np.diff(np.append(angles, angles[0]))))).sum()
    return bool(turned < 2 * np.pi + 1e-6)  # a star turns one way, but more than once


def _even_odd(x: NDArray[Any], y: NDArray[Any], corners: Floats) -> Bools:
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    return inside | _on_outline(x, y, corners)


def _on_outline(x: NDArray[Any], y: NDArray[Any], corners: Floats) -> Bools:
    """Say which points lie on an edge or a corner."""
    on = np.zeros(x.shape, dtype=np.bool_)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        (left, low), (right, high) = np.minimum(a, b), np.maximum(a, b)
        along = (x >= left) & (x <= right) & (y >= low) & (y <= high)
        at = np.flatnonzero(along)
        if at.size:
            on[at] |= (b[0] - a[0]) * (y[at] - a[1]) == (b[1] - a[1]) * (x[at] - a[0])
    return on


def _in_convex(x: NDArray[Any], y: NDArray[Any], corners: Floats) -> Bools:
    """Compare y with the lower and upper outline; only strips that the outline cuts are exact."""
    left, right = float(corners[:, 0].min()), float(corners[:, 0].max())
    if not right > left:
        return np.zeros(x.shape, dtype=np.bool_)
    low, high = _outlines(corners)
    if x.size < FEW:
        return _between(x, y, low, high)
    edges = np.linspace(left, right, STRIPS + 1)
    lower, upper = np.interp(edges, *low), np.interp(edges, *high)
    sure_low, sure_high = np.maximum(lower[:-1], lower[1:]), np.minimum(upper[:-1], upper[1:])
    slack = float(np.ptp(corners[:, 1]))
    may_low, may_high = np.minimum(lower[:-1], lower[1:]), np.maximum(upper[:-1], upper[1:])
    _widen(may_low, may_high, corners, left, (right - left) / STRIPS, slack)
    strip = ((x - left) * (STRIPS / (right - left))).astype(np.int32)
    np.clip(strip, 0, STRIPS - 1, out=strip)
    within = (x >= left) & (x <= right)
    inside = within & (y >= sure_low[strip]) & (y <= sure_high[strip])
    where = np.flatnonzero(within & (y >= may_low[strip]) & (y <= may_high[strip]))
    inside[where] = _between(x[where], y[where], low, high)
    return np.asarray(inside)


def _between(
    x: NDArray[Any], y: NDArray[Any], low: tuple[Floats, Floats], high: tuple[Floats, Floats]
) -> Bools:
    within = (x >= low[0][0]) & (x <= low[0][-1])
    return np.asarray(within & (y >= np.interp(x, *low)) & (y <= np.interp(x, *high)))


def _widen(
    low: Floats, high: Floats, corners: Floats, left: float, width: float, slack: float
) -> None:
    """Let strips that hold a corner be decided exactly over the whole height."""
    strips = np.minimum(((corners[:, 0] - left) / width).astype(int), STRIPS - 1)
    for shift in (-1, 0, 1):
        near = np.clip(strips + shift, 0, STRIPS - 1)
        low[near] -= slack
        high[near] += slack


def _outlines(corners: Floats) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return the lower and the upper outline of a convex polygon as x and y of its corners."""
    ordered = corners[np.lexsort((corners[:, 1], corners[:, 0]))]
    new = np.append(True, np.diff(ordered[:, 0]) > 0)
    lower = np.asarray(_chain(ordered[new]))
    upper = np.asarray(_chain(ordered[np.append(new[1:], True)][::-1]))[::-1]
    return (lower[:, 0], lower[:, 1]), (upper[:, 0], upper[:, 1])


def in_binned(
    x: NDArray[Any],
    y: NDArray[Any],
    corners: Floats,
    *,
    bins: NDArray[np.int32],
    edges: tuple[Floats, Floats],
) -> Bools:
    """Say which points lie within a convex polygon: by their bin, exactly where it is passed.

    Parameters
    ----------
    bins : ndarray, shape (n_points,)
        Row-major index of each point's bin; what lies beyond the edges is in the end bins.
    edges : tuple of ndarray
        Bin edges of x and of y, equally spaced.
    """
    table, kind = bins_of_convex(corners, edges).ravel(), np.empty(bins.size, dtype=np.int8)
    for part in parts(bins.size):
        kind[part] = table.take(bins[part])
    mask = kind == INSIDE
    where = np.flatnonzero(kind == PASSED)
    if where.size:
        mask[where] = _between(x.take(where), y.take(where), *_outlines(corners))
    return np.asarray(mask)


def bins_of_convex(corners: Floats, edges: tuple[Floats, Floats]) -> NDArray[np.int8]:
    """Say of every bin whether it lies inside a convex polygon, outside, or is passed by it.

    The lower outline is convex and the upper one concave, so that over a bin's width their
    extremes lie at its ends and at the corners between.
    """
    table = np.full([e.size - 1 for e in edges], OUTSIDE, dtype=np.int8)
    left, right = corners[:, 0].min(initial=np.inf), corners[:, 0].max(initial=-np.inf)
    if len(corners) < 3 or not right > left:
        return table
    (x0, x1), (y0, y1) = (_spans(e) for e in edges)
    low, high = _outlines(corners)
    ends = np.clip(x0, left, right), np.clip(x1, left, right)
    lower = np.array([np.interp(e, *low) for e in ends])
    upper = np.array([np.interp(e, *high) for e in ends])
    corner = (low[0] >= x0[:, None]) & (low[0] <= x1[:, None])
    lowest = np.minimum(lower.min(axis=0), np.where(corner, low[1], np.inf).min(axis=1))
    corner = (high[0] >= x0[:, None]) & (high[0] <= x1[:, None])
    highest = np.maximum(upper.max(axis=0), np.where(corner, high[1], -np.inf).max(axis=1))
    beside = (x1 >= left) & (x0 <= right)
    table[beside[:, None] & (y1 >= lowest[:, None]) & (y0 <= highest[:, None])] = PASSED
    within = (x0 >= left) & (x1 <= right)
    lower, upper = lower.max(axis=0), upper.min(axis=0)
    table[within[:, None] & (y0 >= lower[:, None]) & (y1 <= upper[:, None])] = INSIDE
    return table


def _spans(edges: Floats) -> tuple[Floats, Floats]:
    """Return where each bin begins and ends at most; the end bins have no end."""
    slack = SLACK * (edges[1] - edges[0])
    begin, end = edges[:-1] - slack, edges[1:] + slack
    begin[0], end[-1] = -np.inf, np.inf
    return begin, end


def in_ellipse(x: NDArray[Any], y: NDArray[Any], points: Floats) -> Bools:
    """Say which points lie within an ellipse given by centre and two half-axis end points."""
    return in_ellipsoid((x, y), points)


def in_ellipsoid(columns: Sequence[NDArray[Any]], points: Floats) -> Bools:
    """Say which events lie within an ellipsoid, its outline included.

    Parameters
    ----------
    columns : sequence of ndarray, each of shape (n_events,)
    points : ndarray, shape (n_channels + 1, n_channels)
        The centre, then the end of each half axis.
    """
    centre, axes = points[0], (points[1:] - points[0]).T
    if abs(float(np.linalg.det(axes))) < 1e-300:
        return np.zeros(columns[0].shape, dtype=np.bool_)
    away = [column - middle for column, middle in zip(columns, centre, strict=True)]
    squares = np.zeros(columns[0].shape)
    for row in np.linalg.inv(axes):
        part = sum(weight * offset for weight, offset in zip(row, away, strict=True))
        squares += np.asarray(part) ** 2
    return np.asarray(squares <= 1.0)


def in_quadric(columns: Sequence[NDArray[Any]], points: Floats) -> Bools:
    """Say which events have (x - centre)' covariance^-1 (x - centre) of at most 1.

    Parameters
    ----------
    columns : sequence of ndarray, each of shape (n_events,)
    points : ndarray, shape (n_channels + 1, n_channels)
        The centre, then the rows of the covariance.
    """
    away = [column - middle for column, middle in zip(columns, points[0], strict=True)]
    total = np.zeros(columns[0].shape)
    for offset, row in zip(away, np.linalg.inv(points[1:]).T, strict=True):
        total += offset * sum(w * other for w, other in zip(row, away, strict=True))
    return np.asarray(total <= 1.0)
