"""Two versions of the same numbers, and ours beside FlowJo's, on the line of equality."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboards import scales, theme
from dashboards.figures._gate_panel import GATE
from dashboards.figures.gates import gate_figure
from labproc.exchange._flowjo_table import Pair
from labproc.model import METRICS
from labproc.pipeline.earlier import Difference
from labproc.pipeline.results import GateView, Results

THEIRS = "#cc79a7"  # Okabe-Ito, in no arm's use


def then_and_now(results: Results, metric: str, found: Sequence[Difference]) -> go.Figure:
    """Draw one metric now against then, arm by arm; what lies on the line did not change."""
    shown = [
        d for d in found
        if d.either.metric == metric and d.then and d.now and d.then.value and d.now.value
    ]  # fmt: skip
    unit = METRICS.get(metric, "")
    if not shown:
        return theme.empty("No number of this metric is there both then and now.", ("Then", unit))
    drawing = theme.figure(360, margin={"l": 72, "r": 24, "t": 36, "b": 48})
    colours = theme.arm_colours(results.arms)
    for arm in results.arms:
        mine = [d for d in shown if d.either.key.arm == arm.name]
        drawing.add_scatter(
            x=[d.then.value for d in mine if d.then], y=[d.now.value for d in mine if d.now],
            mode="markers", name=theme.plain(arm.label),
            marker={"color": colours[arm.name], "size": 7, "opacity": 0.8},
            text=[theme.plain(d.either.key.label) for d in mine],
            customdata=[[d.either.source.sha256 if d.either.source else ""] for d in mine],
            hovertemplate="%{text}: %{x:.4g} then, %{y:.4g} now<extra></extra>",
        )  # fmt: skip
    values = [v for d in shown if d.then and d.now for v in (d.then.value, d.now.value) if v]
    _equality(drawing, min(values), max(values), log=unit != "fraction")
    low, high = min(values), max(values)
    if unit == "fraction":
        drawing.update_xaxes(**theme.axis("Then", "% of parent"), tickformat=".0%")
        drawing.update_yaxes(**theme.y_axis("Now", "% of parent"), tickformat=".0%")
    else:
        drawing.update_xaxes(**theme.log_axis("Then", unit, low, high))
        drawing.update_yaxes(**theme.log_axis("Now", unit, low, high))
    moved = sum(d.change not in (None, 0.0) for d in shown)
    caption = f"{moved} of {len(shown)} differ. The line: no change."
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    return drawing.update_layout(meta={"caption": caption}, showlegend=True, legend=legend)


def _equality(drawing: go.Figure, low: float, high: float, *, log: bool) -> None:
    ends = [low / 1.2, high * 1.2] if log else [0, min(1.0, 1.1 * high)]
    line = {"color": theme.QUIET, "width": 1}
    drawing.add_scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def flowjo_scatter(pairs: Sequence[Pair], colours: dict[str, str]) -> go.Figure:
    """Draw our percentages against FlowJo's, one point a gate of a tube."""
    if not pairs:
        return theme.empty("FlowJo's table names no gate of this study.", ("FlowJo", "% of parent"))
    drawing = theme.figure(360, margin={"l": 72, "r": 24, "t": 16, "b": 48})
    drawing.add_scatter(
        x=[p.theirs for p in pairs], y=[p.gate.fraction for p in pairs], mode="markers",
        marker={
            "color": [colours.get(p.tube.key.arm, theme.QUIET) for p in pairs], "size": 7,
            "opacity": 0.8,
        },
        text=[f"{theme.plain(p.tube.key.label)}, {theme.plain(p.gate.population)}" for p in pairs],
        hovertemplate="%{text}: FlowJo %{x:.1%}, here %{y:.1%}<extra></extra>",
    )  # fmt: skip
    _equality(drawing, 0, 1, log=False)
    drawing.update_xaxes(**theme.axis("FlowJo", "% of parent"), tickformat=".0%")
    drawing.update_yaxes(**theme.y_axis("labproc", "% of parent"), tickformat=".0%")
    within = sum(abs(p.difference) <= 0.02 for p in pairs)
    caption = f"{within} of {len(pairs)} within 2 points. The line: the same percentage."
    return drawing.update_layout(meta={"caption": caption})


def flowjo_overlay(pair: Pair, colour: str) -> go.Figure:
    """Draw our gate and, for a threshold, where it would have to lie to give FlowJo's number."""
    drawing = gate_figure(pair.gate, colour=colour, height=380)
    at = threshold_for(pair.gate, pair.theirs)
    words = f"FlowJo {theme.percent(pair.theirs)}"
    if at is None:
        drawing.add_annotation(
            text=words, x=1, y=1, xref="paper", yref="paper", xanchor="right", yanchor="bottom",
            showarrow=False, font={"color": THEIRS, "size": theme.SMALL},
        )  # fmt: skip
        return drawing
    position, linear = at
    drawing.add_shape(
        type="line", x0=position, x1=position, y0=0, y1=1, yref="y domain",
        line={**GATE, "color": THEIRS, "dash": "6px,3px"},
    )  # fmt: skip
    first, last = pair.gate.density.edges[0][[0, -1]]
    side, shift = ("left", 5) if position < (first + last) / 2 else ("right", -5)
    drawing.add_annotation(
        text=f"{words}<br>{theme.number(linear)}", x=position, y=60, showarrow=False,
        xanchor=side, xshift=shift, font={"color": THEIRS, "size": theme.SMALL}, align="left",
        bgcolor="rgba(255,255,255,0.72)",
    )  # fmt: skip
    return drawing


def threshold_for(gate: GateView, fraction: float) -> tuple[float, float] | None:
    """Return where a threshold gives a fraction: on the display's scale, and in linear units.

    Read off the parent's histogram, so to within one of its bins; None for other gates.
    """
    counts = gate.density.counts.astype(np.float64)
    if gate.boundary.kind != "threshold" or counts.ndim != 1 or not counts.sum():
        return None
    above = np.concatenate([[1.0], 1.0 - np.cumsum(counts) / counts.sum()])
    edges = gate.density.edges[0]
    position = float(np.interp(fraction, above[::-1], edges[::-1]))
    from gating.transforms import parse_transform

    linear = parse_transform(gate.density.scales[0]).inverse(np.array([position]))
    return position, float(np.asarray(linear)[0])


def own_threshold(gate: GateView) -> float | None:
    """Return our threshold in linear units; None for other gates."""
    if gate.boundary.kind != "threshold" or not gate.boundary.points.size:
        return None
    shown = scales.to_display(gate.boundary)
    from gating.transforms import parse_transform

    return float(np.asarray(parse_transform(gate.boundary.scales[0]).inverse(shown[:1, 0]))[0])
