"""What a browser says after a gate was dragged, as the gate's new points."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboards import scales
from labproc.model import Boundary

LINES = ("threshold", "interval", "quadrant")


def moved(boundary: Boundary, relayout: Mapping[str, Any]) -> list[list[float]] | None:
    """Return a gate's new points as it stores them, or None where no gate was moved.

    Plotly reports only what changed, as ``shapes[0].x0``, ``shapes[0].path`` or the whole list
    ``shapes``; shapes carry no id, so that their order stands for the gate.

    Raises
    ------
    ValueError
        If what came is not the outline of such a gate.
    """
    changes = _by_shape(relayout)
    if not changes:
        return None
    if boundary.kind in LINES:
        shown = _line(boundary, changes)
    elif boundary.kind == "rectangle":
        shown = _box(boundary, changes)
    elif boundary.kind == "ellipse":
        shown = _shifted(boundary, changes)
    else:
        path = changes[max(changes)].get("path")
        shown = None if path is None else np.array(scales.read_path(str(path)))
    return None if shown is None else scales.to_stored(boundary, shown)


def _by_shape(relayout: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    whole = relayout.get("shapes")
    if isinstance(whole, list):
        return {i: dict(shape) for i, shape in enumerate(whole) if isinstance(shape, dict)}
    found: dict[int, dict[str, Any]] = {}
    for key, value in relayout.items():
        head, _, attribute = key.partition("].")
        if head.startswith("shapes[") and head[7:].isdigit():
            found.setdefault(int(head[7:]), {})[attribute] = value
    return found


def _line(
    boundary: Boundary, changes: Mapping[int, Mapping[str, Any]]
) -> NDArray[np.float64] | None:
    """Read upright lines by x alone: a slanted drag is snapped back."""
    shown = scales.to_display(boundary).copy()
    touched = False
    for i, change in changes.items():
        upright = boundary.kind != "quadrant" or i == 0
        at = change.get("x0" if upright else "y0")
        row, column = (i, 0) if boundary.kind != "quadrant" else (0, i)
        if at is not None and row < shown.shape[0] and column < shown.shape[1]:
            shown[row, column] = float(at)
            touched = True
    if boundary.kind == "interval":
        shown = np.sort(shown, axis=0)
    return _finite(shown) if touched else None


def _box(
    boundary: Boundary, changes: Mapping[int, Mapping[str, Any]]
) -> NDArray[np.float64] | None:
    """Read a rectangle from its path, or from its corners."""
    change = changes[max(changes)]
    if "path" in change:
        corners = np.array(scales.read_path(str(change["path"])))
        return np.array([corners.min(axis=0), corners.max(axis=0)])
    low, high = scales.to_display(boundary)[:2]
    named = {"x0": low[0], "y0": low[1], "x1": high[0], "y1": high[1]} | dict(change)
    corners = np.array([[named["x0"], named["y0"]], [named["x1"], named["y1"]]], dtype=np.float64)
    return _finite(np.sort(corners, axis=0))


def _shifted(
    boundary: Boundary, changes: Mapping[int, Mapping[str, Any]]
) -> NDArray[np.float64] | None:
    """Read an ellipse that was dragged as a whole: its centre is that of its outline."""
    path = changes[max(changes)].get("path")
    if path is None:
        return None
    shown = scales.to_display(boundary)
    centre = np.array(scales.read_path(str(path))).mean(axis=0)
    return _finite(shown + (centre - shown[0]))


def _finite(points: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(points).all():
        raise ValueError("a gate's points are finite numbers")
    return points
