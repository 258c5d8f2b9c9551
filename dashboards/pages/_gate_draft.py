"""A gate that is being moved: where it is, where it was, what was undone."""

import math
from collections.abc import Sequence
from typing import Any

from dash.exceptions import PreventUpdate

from dashboards import moves, scales
from dashboards.desk import Desk, gate_of, tube_of
from dashboards.pages import _gate_parts as parts

Draft = dict[str, Any]
MOST = 1_000  # corners of an outline


def clean(draft: Draft) -> Draft:
    """Return what a browser sent as a draft, its points numbers; a client can send anything.

    Raises
    ------
    ValueError
        If it is not the draft of a gate.
    """
    try:
        points = [[float(x) for x in point] for point in draft["now"]]
        named = {"sample": str(draft["sample"]), "population": str(draft["population"])}
    except (KeyError, TypeError, ValueError):
        raise ValueError("that is no gate; reload the page") from None
    if not points or len(points) > MOST or not all(math.isfinite(x) for p in points for x in p):
        raise ValueError("a gate has points, and they are finite numbers")
    return {**draft, **named, "now": points, "moved": bool(draft.get("moved"))}


def after(desk: Desk, trigger: Any, relayout: Any, values: Any, draft: Draft) -> Draft:
    """Return the draft after a drag, a typed number, undo or redo; stop where nothing moved."""
    if not draft:
        raise PreventUpdate
    if trigger in ("gates-undo", "gates-redo"):
        return _step_back(draft) if trigger == "gates-undo" else _step_forward(draft)
    if trigger == "gates-dragged":
        tube = tube_of(desk.results(), draft["sample"])
        gate = gate_of(tube, draft["population"])
        points = moves.moved(gate.boundary, relayout or {})
        if points is not None:
            points = scales.keep_open(gate.boundary, points, gate.density.edges)
    else:
        points = _typed_points(draft, values)
    if points is None:
        raise PreventUpdate
    return _at(draft, points)


def with_typed(draft: Draft, values: Any) -> Draft:
    """Return the draft as its fields have it: a save can come before they were answered."""
    points = _typed_points(draft, values if isinstance(values, list) else ())
    return draft if points is None else clean(_at(draft, points))


def _at(draft: Draft, points: list[list[float]]) -> Draft:
    return {
        **draft,
        "past": [*draft["past"], draft["now"]],
        "now": points,
        "future": [],
        "moved": True,
    }


def _typed_points(draft: Draft, values: Sequence[Any]) -> list[list[float]] | None:
    """Return the points that were typed, or None where the fields show the gate as it is."""
    kind = str(draft.get("kind", ""))
    shown = parts.typed_values(kind, draft["now"])
    numbers = [float(v) for v in values if isinstance(v, (int, float))]
    if len(numbers) != len(shown) or numbers == shown:
        return None
    return parts.points_of(kind, numbers)


def _step_back(draft: Draft) -> Draft:
    if not draft["past"]:
        raise PreventUpdate
    past, now = draft["past"][:-1], draft["past"][-1]
    return {
        **draft,
        "past": past,
        "now": now,
        "future": [draft["now"], *draft["future"]],
        "moved": True,
    }


def _step_forward(draft: Draft) -> Draft:
    if not draft["future"]:
        raise PreventUpdate
    now, future = draft["future"][0], draft["future"][1:]
    return {
        **draft,
        "past": [*draft["past"], draft["now"]],
        "now": now,
        "future": future,
        "moved": True,
    }
