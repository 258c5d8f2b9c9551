"""One panel with one gate, alone or in a grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboards import scales, theme
from labproc.model import Boundary
from labproc.pipeline.results import Density, GateView

GATE = {"color": theme.TEXT, "width": 2}
TOP, BRACKET, LABEL = 140, 107, 138  # % of the highest bin: the axis, the gate's span, its name
SHADES = [
    [0.0, "#ffffff"],
    [0.04, "#dfe7ee"],
    [0.35, "#8fa6bb"],
    [0.75, "#3f5c78"],
    [1.0, "#16283a"],
]

# first only, second only, both, neither: where a cross' populations lie
CORNERS = (
    {"x": 1, "y": 0, "xanchor": "right", "yanchor": "bottom"},
    {"x": 0, "y": 1, "xanchor": "left", "yanchor": "top"},
    {"x": 1, "y": 1, "xanchor": "right", "yanchor": "top"},
    {"x": 0, "y": 0, "xanchor": "left", "yanchor": "bottom"},
)


@dataclass(frozen=True, slots=True)
class Panel:
    """Where a gate is drawn: plotly's suffix of the axes, and the share of the figure."""

    suffix: str = ""
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)
    ranges: tuple[tuple[float, float] | None, ...] = (None, None)  # of both channels, if given

    def room(self, which: int) -> float:
        """Return how many words fit beside (0) or above (1) each other."""
        share = (self.x, self.y)[which]
        return max(22.0 * (share[1] - share[0]), 3.0) if which == 0 else 9.0


def fill(
    drawing: go.Figure, gate: GateView, panel: Panel, colour: str, around: Sequence[GateView] = ()
) -> None:
    """Draw a gate's events, its control, its boundary and its percentage into a panel.

    ``around`` are the four populations of a cross, each named in its corner.
    """
    flat = len(gate.density.channels) == 1
    traces = _histograms(gate, colour) if flat else [_heatmap(gate.density)]
    axes = {"xaxis": f"x{panel.suffix}", "yaxis": f"y{panel.suffix}"}
    drawing.add_traces([trace.update(**axes) for trace in traces])
    upright = _percent_axis() if flat else _signal_axis(gate.density, 1, panel)
    across = _signal_axis(gate.density, 0, panel)
    across |= {"domain": panel.x, "anchor": axes["yaxis"]}
    upright |= {"domain": panel.y, "anchor": axes["xaxis"]}
    drawing.update_layout({f"xaxis{panel.suffix}": across, f"yaxis{panel.suffix}": upright})
    lines, labels = overlay(gate, panel, around)
    for line in lines:
        drawing.add_shape(**line)
    for label in labels:
        drawing.add_annotation(**label)


def crossed(gates: Sequence[GateView], panel: Panel) -> list[dict[str, Any]]:
    """Return the names and percentages of a cross' four populations, each in its corner."""
    x, y = f"x{panel.suffix} domain", f"y{panel.suffix} domain"
    return [_words(gate) | CORNERS[k] | {"xref": x, "yref": y} for k, gate in enumerate(gates[:4])]


def overlay(
    gate: GateView, panel: Panel, around: Sequence[GateView] = ()
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a gate's shapes and labels alone: all that changes while it is dragged."""
    flat = len(gate.density.channels) == 1
    x, y = f"x{panel.suffix}", f"y{panel.suffix}"
    gate = replace(gate, boundary=scales.within(gate.boundary, gate.density.edges))
    lines = [s | {"xref": x, "yref": _y_of(s, y)} for s in shapes(gate.boundary, flat=flat)]
    if flat and (held := span(gate, panel.ranges[0])) is not None:
        ends = {"x0": held[0], "x1": held[1], "y0": BRACKET, "y1": BRACKET}
        lines.append({"type": "line", "line": GATE, "xref": x, "yref": y, **ends})
    if len(around) > 1:
        return lines, crossed(around, panel)
    return lines, [_label(gate, flat) | {"xref": x, "yref": y}]


def _y_of(shape: dict[str, Any], axis: str) -> str:
    """Return a shape's y axis: a line through the whole panel spans the axis' domain."""
    return f"{axis} domain" if shape.get("name") == "upright" else axis


def _signal_axis(density: Density, which: int, panel: Panel) -> dict[str, Any]:
    """Return the axis of a channel: its label and detector, ticks in linear units."""
    ends = (float(density.edges[which][0]), float(density.edges[which][-1]))
    low, high = panel.ranges[which] or ends
    at, words = scales.ticks(density.scales[which], low, high, apart=panel.room(which))
    label, channel = density.labels[which], density.channels[which]
    name = theme.plain(channel if label in ("", channel) else f"{label}, {channel}")
    unit = "ratio" if "/" in channel or channel.startswith("ratio(") else "a.u."
    return theme.axis(name, unit, range=[low, high], tickvals=at, ticktext=words, tickangle=0)


def _percent_axis() -> dict[str, Any]:
    return theme.y_axis("Events", "% of highest", range=[0, TOP], tickvals=[0, 50, 100])


def _spaced(edges: NDArray[np.float64], letter: str) -> dict[str, Any]:
    """Return bin centres as start and step where bins are equal: 128 numbers fewer to send."""
    centres = (edges[:-1] + edges[1:]) / 2
    steps = np.diff(centres)
    if steps.size and np.allclose(steps, steps[0], rtol=1e-6):
        return {f"{letter}0": float(centres[0]), f"d{letter}": float(steps[0])}
    return {letter: centres}


def _heatmap(density: Density) -> go.Heatmap:
    """Return a density as 256 shades: the root of the counts shows rare events too."""
    roots = np.sqrt(density.counts.astype(np.float64))
    top = float(np.percentile(roots[roots > 0], 99.5)) if roots.any() else 1.0
    shades = np.clip(np.ceil(roots * (255.0 / top)), 0, 255).astype(np.uint8)
    return go.Heatmap(
        z=shades, zmin=0, zmax=255, colorscale=SHADES, showscale=False, hoverinfo="skip",
        zsmooth=False, **_spaced(density.edges[0], "x"), **_spaced(density.edges[1], "y"),
    )  # fmt: skip


def _histograms(gate: GateView, colour: str) -> list[go.Scatter]:
    """Return the tube's histogram filled, and its control's as an outline over it."""
    traces = [
        _steps(gate.density, line={"color": colour, "width": 1.5}, fill="tozeroy",
               fillcolor=theme.faint(colour, 0.28), name="this tube")
    ]  # fmt: skip
    if gate.control is not None:
        line = {"color": theme.QUIET, "width": 1.5, "dash": "4px,2px"}
        traces.append(_steps(gate.control, line=line, name=theme.plain(gate.control_name)))
    return traces


def _steps(density: Density, **style: Any) -> go.Scatter:
    """Return one histogram in percent of its highest bin, the outermost bins not counted.

    Events beyond the display pile up in the outermost bins; as the height of the figure they
    would flatten everything else.
    """
    counts = density.counts.astype(np.float64)
    counts[[0, -1]] = counts[[1, -2]]
    smooth = np.convolve(np.pad(counts, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    height = np.round(100.0 * smooth / (float(smooth.max()) or 1.0), 1)
    return go.Scatter(
        y=height, mode="lines",
        hovertemplate="%{y:.0f} % of highest<extra>%{fullData.name}</extra>",
        **_spaced(density.edges[0], "x"), **style,
    )  # fmt: skip


def shapes(boundary: Boundary, *, flat: bool) -> list[dict[str, Any]]:
    """Return a boundary as plotly shapes, in a fixed order: shapes carry no id."""
    points = scales.to_display(boundary)
    if not points.size:
        return []
    if boundary.kind in ("threshold", "interval"):
        return [_upright(float(x)) for x in points[:, 0]]
    if boundary.kind == "quadrant":
        x, y = (float(v) for v in points[0])
        across = {"type": "line", "x0": -1e9, "x1": 1e9, "y0": y, "y1": y, "line": GATE}
        return [_upright(x), across]
    if flat:
        return []
    outline = scales.path(scales.outline(boundary))
    return [{"type": "path", "path": outline, "line": GATE, "opacity": 1}]


def span(gate: GateView, limits: tuple[float, float] | None = None) -> tuple[float, float] | None:
    """Return the part of the axis that a gate on one channel holds; None where it has no line."""
    low, high = limits or (float(gate.density.edges[0][0]), float(gate.density.edges[0][-1]))
    points = scales.to_display(gate.boundary)
    if gate.boundary.kind == "interval":
        return max(float(points[0, 0]), low), min(float(points[1, 0]), high)
    if gate.boundary.kind != "threshold":
        return None
    at = min(max(float(points[0, 0]), low), high)
    return (low, at) if gate.parameters.get("side", "above") == "below" else (at, high)


def _upright(x: float) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": GATE, "name": "upright"}


def _label(gate: GateView, flat: bool) -> dict[str, Any]:
    """Return the gate's name and percentage, written on it."""
    x, y, side, hang = _label_place(gate, flat)
    shift = {"left": 5, "right": -5, "center": 0}[side]
    return _words(gate) | {"x": x, "y": y, "xanchor": side, "yanchor": hang, "xshift": shift}


def _words(gate: GateView) -> dict[str, Any]:
    """Return a label that stands nowhere yet."""
    name = theme.plain(gate.population)
    name = f"{name} (outside)" if gate.parameters.get("side") == "outside" else name
    words = f"{name}<br><b>{theme.percent(gate.fraction)}</b>"
    return {
        "text": words, "showarrow": False, "align": "left",
        "font": {"size": theme.SMALL, "color": theme.TEXT}, "bgcolor": "rgba(255,255,255,0.72)",
    }  # fmt: skip


def _beside(held: tuple[float, float], low: float, high: float) -> tuple[float, float, str, str]:
    """Return where the name of a gate on one channel stands: over its span, within the panel."""
    left, right = held
    if (left + right) / 2 > (low + high) / 2:  # as far right as it goes
        return right, LABEL, "right", "top"
    return left, LABEL, "left", "top"


def _label_place(gate: GateView, flat: bool) -> tuple[float, float, str, str]:
    """Return where the label stands: over the span of a line, in the upper part of an outline."""
    x_low, x_high = (float(gate.density.edges[0][i]) for i in (0, -1))
    points = scales.to_display(gate.boundary)
    if flat:
        return _beside(span(gate) or (x_low, x_high), x_low, x_high)
    y_low, y_high = (float(gate.density.edges[1][i]) for i in (0, -1))
    if gate.boundary.kind in ("none", "quadrant", "threshold", "interval") or not points.size:
        return x_high, y_high, "right", "top"
    drawn = scales.outline(gate.boundary)
    top, wide = float(drawn[:, 1].max()), x_high - x_low
    x = min(max(float(drawn[:, 0].mean()), x_low + 0.2 * wide), x_high - 0.2 * wide)
    has_room = top < y_high - 0.16 * (y_high - y_low)
    return x, min(top, y_high), "center", "bottom" if has_room else "top"
