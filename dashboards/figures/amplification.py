"""Fluorescence over the cycles of a qPCR run."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboards import theme
from dashboards.figures import FIGURES
from labproc.model import Task
from labproc.pipeline.results import PlateView, Results

STEPS = 4000  # of the tallest curve; a pixel is ten of them
COLOURS = {Task.STANDARD: theme.QUIET, Task.UNKNOWN: theme.CONTROL, Task.NTC: "#d55e00"}


@FIGURES.register("amplification")
def amplification(
    results: Results, *, plate: PlateView | None = None, target: str | None = None
) -> go.Figure:
    """Draw every well's fluorescence over its cycles: standards, samples, no template."""
    shown = plate or next(iter(results.plates), None)
    curves = [a for a in (shown.amplification if shown else ()) if target in (None, a.target)]
    if shown is None or not curves:
        words = "The export holds no amplification curves."
        return theme.empty(words if shown else "No qPCR plate was read yet.", ("Cycle", "cycles"))
    tasks = {(w.position, w.target): w.task for w in shown.wells}
    targets = list(dict.fromkeys(a.target for a in curves))
    top = max(float(np.nanmax(np.abs(a.fluorescence), initial=0.0)) for a in curves)
    drawing = theme.figure(360, margin={"l": 64, "r": 24, "t": 12, "b": 48})
    for curve in curves:
        task = tasks.get((curve.position, curve.target), Task.UNKNOWN)
        colour = theme.faint(COLOURS.get(task, theme.CONTROL), 0.7)
        drawing.add_scatter(
            **_across(curve.cycles), y=_drawn(curve.fluorescence, top), mode="lines",
            line={"width": 1, "dash": _dash(targets.index(curve.target)), "color": colour},
            name=f"{curve.position} {theme.plain(curve.target)}",
            hovertemplate="cycle %{x:.0f}: %{y:.3g}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    drawing.update_xaxes(**theme.axis("Cycle", "cycles"))
    drawing.update_yaxes(**theme.y_axis("Fluorescence", "a.u."))
    caption = "Blue: samples. Grey: standards. Red: no template."
    if len(targets) > 1:
        caption += f" Solid: {targets[0]}. Broken: {', '.join(targets[1:])}."
    drawing.update_layout(meta={"caption": caption})
    return drawing


def _drawn(values: NDArray[np.float64], top: float) -> NDArray[np.float32]:
    """Round to a fraction of a pixel: a report holds thousands of these numbers."""
    step = top / STEPS or 1.0
    return (np.round(values / step) * step).astype(np.float32)


def _dash(n: int) -> str:
    return ("solid", "dot", "dash", "dashdot")[n % 4]


def _across(cycles: NDArray[np.float64]) -> dict[str, Any]:
    """Return the cycles by their start and step, where they are counted one by one."""
    if cycles.size and np.array_equal(cycles, cycles[0] + np.arange(cycles.size)):
        return {"x0": float(cycles[0]), "dx": 1.0}
    return {"x": cycles}
