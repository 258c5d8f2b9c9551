"""Which points lie within an outline."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
STRIPS = 512


def convex_hull(points: Floats) -> Floats:
    """Return the corners of the convex hull, counter-clockwise, shape (n_corners, 2)."""
    unique = np.unique(points, axis=0)
    if len(unique) < 3:
        return unique
    lower, upper = _chain(unique), _chain(unique[::-1])
    return np.asarray([*lower[:-1], *upper[:-1]])


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
    edges = np.linspace(left, right, STRIPS + 1)
    lower, upper = _outline(edges, corners, low=True), _outline(edges, corners, low=False)
    sure_low, sure_high = np.maximum(lower[:-1], lower[1:]), np.minimum(upper[:-1], upper[1:])
    slack = float(np.ptp(corners[:, 1]))
    may_low = np.append(np.minimum(lower[:-1], lower[1:]), np.inf)
    may_high = np.append(np.maximum(upper[:-1], upper[1:]), -np.inf)
    _widen(may_low, may_high, corners, left, (right - left) / STRIPS, slack)
    strip = ((x - left) * (STRIPS / (right - left))).astype(np.int32)
    np.clip(strip, 0, STRIPS - 1, out=strip)
    within = (x >= left) & (x <= right)
    inside = within & (y >= sure_low[strip]) & (y <= sure_high[strip])
    doubt = within & ~inside & (y >= may_low[strip]) & (y <= may_high[strip])
    where = np.flatnonzero(doubt)
    low = _outline(x[where], corners, low=True)
    high = _outline(x[where], corners, low=False)
    inside[where] = (y[where] >= low) & (y[where] <= high)
    return np.asarray(inside)


def _widen(
    low: Floats, high: Floats, corners: Floats, left: float, width: float, slack: float
) -> None:
    """Let strips that hold a corner be decided exactly over the whole height."""
    strips = np.minimum(((corners[:, 0] - left) / width).astype(int), STRIPS - 1)
    for shift in (-1, 0, 1):
        near = np.clip(strips + shift, 0, STRIPS - 1)
        low[near] -= slack
        high[near] += slack


def _outline(x: NDArray[Any], corners: Floats, *, low: bool) -> Floats:
    """Return the lower or upper outline of a convex polygon at x."""
    hull = convex_hull(corners)
    first, last = int(hull[:, 0].argmin()), int(hull[:, 0].argmax())
    ring = np.roll(hull, -first, axis=0)
    split = (last - first) % len(hull)
    chain = ring[: split + 1] if low else np.vstack([ring[split:], ring[:1]])[::-1]
    order = np.argsort(chain[:, 0], kind="stable")
    return np.asarray(np.interp(x, chain[order, 0], chain[order, 1]))


def in_ellipse(x: NDArray[Any], y: NDArray[Any], points: Floats) -> Bools:
    """Say which points lie within an ellipse given by centre and two half-axis end points."""
    centre, first, second = points[0], points[1] - points[0], points[2] - points[0]
    axes = np.column_stack([first, second])
    if abs(float(np.linalg.det(axes))) < 1e-300:
        return np.zeros(x.shape, dtype=np.bool_)
    inverse = np.linalg.inv(axes)
    u = inverse[0, 0] * (x - centre[0]) + inverse[0, 1] * (y - centre[1])
    v = inverse[1, 0] * (x - centre[0]) + inverse[1, 1] * (y - centre[1])
    return np.asarray(u * u + v * v <= 1.0)
