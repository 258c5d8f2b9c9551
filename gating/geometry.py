"""Which points lie within an outline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
STRIPS = 512


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


def _chain(points: Floats) -> list[Floats]:
    chain: list[Floats] = []
    for p in points:
        while len(chain) >= 2 and _turn(chain[-2], chain[-1], p) <= 0:
            chain.pop()
        chain.append(p)
    return chain


def _turn(a: Floats, b: Floats, c: Floats) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def in_polygon(x: NDArray[Any], y: NDArray[Any], corners: Floats) -> Bools:
    """Say which points lie within a polygon (even-odd rule), its outline included on the left.

    Points outside the bounding box are answered first, then those in strips that no edge
    crosses at their height.
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
    a, b, c = corners, np.roll(corners, -1, axis=0), np.roll(corners, -2, axis=0)
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
    return inside


def _in_convex(x: NDArray[Any], y: NDArray[Any], corners: Floats) -> Bools:
    """Compare y with the lower and upper outline; only strips that the outline cuts are exact."""
    left, right = float(corners[:, 0].min()), float(corners[:, 0].max())
    if not right > left:
        return np.zeros(x.shape, dtype=np.bool_)
    low, high = _outlines(corners)
    if x.size < STRIPS:
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
