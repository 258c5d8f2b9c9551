"""Apply an outline to events: the same rule for automatic, drawn and imported gates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.geometry import in_ellipsoid, in_polygon, in_quadric
from gating.transforms import parse_transform
from labproc.errors import GatingError
from labproc.model import Boundary

Bools = NDArray[np.bool_]
N_POINTS = {"threshold": (1, 1), "interval": (2, 2), "rectangle": (2, 2), "quadrant": (1, 1),
            "ellipse": (3, 3), "polygon": (3, 10_000)}  # fmt: skip
OPEN = 1e300  # a side without a limit: a finite number, so that it can be stored and moved
# Which side of the cross a quadrant's populations lie on, in the order they are made.
QUADRANTS = ((True, False), (False, True), (True, True), (False, False))
OUTSIDE = "outside"  # the side of an outline whose events are not within it


def is_above(side: object) -> bool:
    """Whether a gate's side is that above a threshold, or within an outline."""
    return side not in ("below", OUTSIDE)


def is_drawable(boundary: Boundary) -> bool:
    """Whether a gate has an outline on one or two channels."""
    return boundary.kind in N_POINTS and len(boundary.channels) in (1, 2)


def redraw(boundary: Boundary, points: Sequence[Sequence[float]], population: str) -> Boundary:
    """Return the boundary with a reviewer's points.

    Raises
    ------
    GatingError
        If the number of points or coordinates does not fit the kind of gate.
    """
    array = np.asarray(points, dtype=np.float64)
    few, many = N_POINTS.get(boundary.kind, (0, 0))
    n = len(boundary.channels)
    if boundary.kind == "ellipse":
        few = many = n + 1
    if array.ndim != 2 or array.shape[1] != n or not few <= len(array) <= many:
        raise GatingError(
            f"{population}: found points of shape {array.shape}, expected a {boundary.kind} on "
            f"{n} channels: {few} to {many} points of {n} numbers"
        )
    if not np.isfinite(array).all():
        raise GatingError(f"{population}: found a point that is not a number")
    return Boundary(boundary.kind, boundary.channels, boundary.scales, array)


def inside(
    boundary: Boundary,
    linear: Sequence[NDArray[Any]],
    *,
    quadrant: tuple[bool, bool] = (True, True),
    above: bool = True,
) -> Bools:
    """Say which events a boundary selects.

    Parameters
    ----------
    boundary : Boundary
    linear : sequence of ndarray, each of shape (n_events,)
        Compensated values of the boundary's channels.
    quadrant : tuple of bool
        For a cross: whether above it on each channel.
    above : bool
        For a threshold: whether the events above it are meant; for an outline: within it.
    """
    points = boundary.points
    match boundary.kind:
        case "threshold":
            held = linear[0] > points[0, 0]
        case "quadrant":
            x, y = linear[0] > points[0, 0], linear[1] > points[0, 1]
            return np.asarray((x == quadrant[0]) & (y == quadrant[1]))
        case "interval" | "rectangle":
            held = _between(linear, points.min(axis=0), points.max(axis=0))
        case "polygon":
            across, up = _display(boundary, linear)
            held = in_polygon(across, up, points)
        case "ellipse":
            held = in_ellipsoid(_display(boundary, linear), points)
        case "ellipsoid":
            held = in_quadric(_display(boundary, linear), points)
        case _:
            raise GatingError(f"a boundary of kind {boundary.kind!r} cannot be moved")
    return np.asarray(held if above else ~held)


def _between(linear: Sequence[NDArray[Any]], low: NDArray[Any], high: NDArray[Any]) -> Bools:
    """Say which events lie from low to high on every channel, both included."""
    held = (linear[0] >= low[0]) & (linear[0] <= high[0])
    for values, bottom, top in zip(linear[1:], low[1:], high[1:], strict=True):
        held &= (values >= bottom) & (values <= top)
    return np.asarray(held)


def _display(boundary: Boundary, linear: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    return [parse_transform(s).forward(v) for s, v in zip(boundary.scales, linear, strict=True)]
