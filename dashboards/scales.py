"""Display scales on screens: readable ticks, and gates to and from what is drawn."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gating.boundary import OPEN
from gating.transforms import parse_transform
from labproc.model import Boundary

ON_DISPLAY = ("polygon", "ellipse")  # their points are stored on the display scale
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
FULL = 256  # points of a drawn ellipse


def ticks(
    spec: str, low: float, high: float, *, apart: float = 22
) -> tuple[list[float], list[str]]:
    """Return tick positions on a display scale and their words, in linear units.

    Words stand at least one part in ``apart`` of the axis from each other.

    Examples
    --------
    >>> ticks("asinh:cofactor=150", -0.5, 8.0)[1]
    ['0', '10²', '10³', '10⁴', '10⁵']
    """
    scale = parse_transform(spec)
    bottom, top = (float(v) for v in scale.inverse(np.array([low, high])))
    values = _even(bottom, top) if spec == "linear" else _decades(bottom, top)
    placed = [float(v) for v in scale.forward(np.array(values, dtype=np.float64))]
    return _apart(placed, [_word(v, spec) for v in values], (high - low) / apart)


def _even(low: float, high: float) -> list[float]:
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-12)))
    step = next(s for s in (step * k for k in (0.2, 0.5, 1.0, 2.0, 5.0)) if (high - low) / s <= 4.5)
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _decades(low: float, high: float) -> list[float]:
    last = math.ceil(math.log10(max(abs(low), abs(high), 10.0)))
    powers = [10.0**k for k in range(2, last + 1)]
    candidates = [-p for p in reversed(powers)] + [0.0] + powers
    return [v for v in candidates if low <= v <= high]


def _word(value: float, spec: str) -> str:
    if value == 0:
        return "0"
    sign = "−" if value < 0 else ""
    size = abs(value)
    if spec == "linear":
        large = (1e6, " M") if size >= 1e6 else (1e3, " k") if size >= 1e3 else (1.0, "")
        return f"{sign}{size / large[0]:.6g}{large[1]}"
    return f"{sign}10{str(round(math.log10(size))).translate(SUPERSCRIPT)}"


def _apart(at: list[float], words: list[str], least: float) -> tuple[list[float], list[str]]:
    """Drop words that would touch a neighbour, 0 kept before the small powers beside it."""
    zero = at[words.index("0")] if "0" in words else None
    kept: list[tuple[float, str]] = []
    for position, word in zip(at, words, strict=True):
        near_zero = zero is not None and word != "0" and abs(position - zero) < least
        if not near_zero and (not kept or position - kept[-1][0] >= least):
            kept.append((position, word))
    return [p for p, _ in kept], [w for _, w in kept]


def to_display(boundary: Boundary) -> NDArray[np.float64]:
    """Return a boundary's points on the display scale, shape (n_points, n_channels)."""
    return _convert(boundary, boundary.points, forward=True)


def to_stored(boundary: Boundary, points: ArrayLike) -> list[list[float]]:
    """Return points drawn on the display scale as the boundary stores them."""
    converted = _convert(boundary, np.asarray(points, dtype=np.float64), forward=False)
    return [[float(v) for v in row] for row in converted]


def _convert(
    boundary: Boundary, points: NDArray[np.float64], *, forward: bool
) -> NDArray[np.float64]:
    if boundary.kind in ON_DISPLAY or not points.size:
        return points
    scales = [parse_transform(spec) for spec in boundary.scales]
    columns = [
        scale.forward(points[:, i]) if forward else scale.inverse(points[:, i])
        for i, scale in enumerate(scales)
    ]
    return np.column_stack([np.asarray(c, dtype=np.float64) for c in columns])


def within(boundary: Boundary, edges: Sequence[NDArray[np.float64]]) -> Boundary:
    """Return a rectangle whose sides beyond the axes, or without a limit, stand just outside them.

    A screen cannot draw to 1e300, which is how a side without a limit is stored.
    """
    if boundary.kind not in ("rectangle", "interval") or len(edges) != len(boundary.channels):
        return boundary
    pads = [0.02 * float(e[-1] - e[0]) for e in edges]
    low = [float(e[0]) - pad for e, pad in zip(edges, pads, strict=True)]
    high = [float(e[-1]) + pad for e, pad in zip(edges, pads, strict=True)]
    shown = np.clip(to_display(boundary), low, high)
    stored = np.array(to_stored(boundary, shown))
    return Boundary(boundary.kind, boundary.channels, boundary.scales, stored)


def keep_open(
    boundary: Boundary, points: Sequence[Sequence[float]], edges: Sequence[NDArray[np.float64]]
) -> list[list[float]]:
    """Return moved points with those sides without a limit that still lie beyond the axes."""
    moved = np.asarray(points, dtype=np.float64)
    if boundary.kind != "rectangle" or moved.shape != boundary.points.shape:
        return [list(p) for p in points]
    shown = _convert(boundary, moved, forward=True)
    for k, ends in enumerate(edges):
        beyond = (shown[:, k] <= float(ends[0])) | (shown[:, k] >= float(ends[-1]))
        open_side = np.abs(boundary.points[:, k]) >= OPEN
        moved[:, k] = np.where(beyond & open_side, boundary.points[:, k], moved[:, k])
    return [[float(v) for v in row] for row in moved]


def rescale(values: ArrayLike, own: str, common: str) -> NDArray[np.float64]:
    """Move positions from one display scale to another: tubes may differ in their linear width."""
    if own == common:
        return np.asarray(values, dtype=np.float64)
    linear = parse_transform(own).inverse(values)
    return np.asarray(parse_transform(common).forward(linear), dtype=np.float64)


def outline(boundary: Boundary) -> NDArray[np.float64]:
    """Return the closed outline of a polygon, ellipse or rectangle on the display scale."""
    points = to_display(boundary)
    if boundary.kind == "rectangle":
        (x0, y0), (x1, y1) = points[:2]
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if boundary.kind == "ellipse":
        return _ellipse(points)
    return points


def _ellipse(points: NDArray[np.float64]) -> NDArray[np.float64]:
    centre, first, second = points[:3]
    turn = np.linspace(0, 2 * np.pi, FULL, endpoint=False)
    arms = np.outer(np.cos(turn), first - centre) + np.outer(np.sin(turn), second - centre)
    drawn: NDArray[np.float64] = centre + arms
    return drawn


def path(points: Sequence[Sequence[float]] | NDArray[np.float64]) -> str:
    """Write an outline as an SVG path, as plotly's shapes take it.

    Examples
    --------
    >>> path([[0, 0], [1, 0], [0, 1]])
    'M0,0L1,0L0,1Z'
    """
    return "M" + "L".join(f"{float(x):.7g},{float(y):.7g}" for x, y in points) + "Z"


def read_path(text: str) -> list[list[float]]:
    """Read an outline back from the path that a browser sends; anything else is refused.

    Raises
    ------
    ValueError
        If the text is not ``M x,y L x,y ... Z`` with at least three corners.

    Examples
    --------
    >>> read_path("M0,0L1,0L0,1Z")
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    if not (text.startswith("M") and text.rstrip().endswith("Z")) or len(text) > 20_000:
        raise ValueError("an outline begins with M and ends with Z")
    corners = [[float(v) for v in part.split(",")] for part in text.rstrip()[1:-1].split("L")]
    if len(corners) < 3 or any(len(c) != 2 or not np.isfinite(c).all() for c in corners):
        raise ValueError("an outline has at least three corners of two numbers")
    return corners
