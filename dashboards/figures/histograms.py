"""CAR histograms of one donor stacked by day, each arm in its own panel."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboards import scales, theme
from dashboards.figures import FIGURES, _draw
from labproc.model import Role
from labproc.pipeline.results import GateView, Results, TubeView

POPULATION = "CAR+"
OVERLAP = 1.7  # how far one day's histogram reaches over the next
Stack = list[tuple[int, GateView]]


def car_gate(tube: TubeView) -> GateView | None:
    """Return a tube's CAR gate where it is drawn as a histogram with events in it."""
    found = (g for g in tube.gates if g.population == POPULATION and len(g.density.channels) == 1)
    return next((g for g in found if g.density.counts.any()), None)


def stacks(results: Results, donor: str | None) -> tuple[str, dict[str, Stack]]:
    """Return one donor's CAR gates by arm and day; the donor with the most tubes by default."""
    tubes = [t for t in results.tubes if t.key.role is Role.SAMPLE and t.key.day is not None]
    tubes = [t for t in tubes if car_gate(t) is not None]
    donors = [t.key.donor for t in tubes]
    chosen = donor or max(sorted(set(donors)), key=donors.count, default="")
    found: dict[str, Stack] = {}
    for tube in sorted(tubes, key=lambda t: t.key.order):
        gate = car_gate(tube)
        if tube.key.donor == chosen and gate is not None:
            found.setdefault(tube.key.arm, []).append((int(tube.key.day or 0), gate))
    return chosen, found


@FIGURES.register("car_histograms")
def car_histograms(results: Results, *, donor: str | None = None) -> go.Figure:
    """Draw the CAR signal of every day, the first day at the bottom, one panel an arm."""
    chosen, found = stacks(results, donor)
    arms = [a for a in results.main_arms if a.name in found]
    if not arms:
        return theme.empty("No CAR histogram yet: no tube has a CAR+ gate.", ("Signal", "a.u."))
    days = sorted({day for stack in found.values() for day, _ in stack})
    drawing = theme.figure(140 + 44 * len(days), margin={"l": 64, "r": 16, "t": 28, "b": 52})
    colours = theme.arm_colours(results.arms)
    common = found[arms[0].name][0][1].density.scales[0]
    for i, arm in enumerate(arms):
        panel = _draw.Panel("" if i == 0 else str(i + 1))
        _stack(drawing, found[arm.name], days, panel, colours[arm.name], common)
        width = 1 / len(arms)
        every = [pair for stack in found.values() for pair in stack]
        _axes(drawing, every, days, panel, (i * width, (i + 0.92) * width), common)
        drawing.add_annotation(
            text=theme.plain(arm.label), x=i * width, xref="paper", xanchor="left", y=1,
            yref="paper", yanchor="bottom", showarrow=False,
            font={"size": theme.SMALL, "color": theme.ink(colours[arm.name])},
        )  # fmt: skip
    caption = f"{chosen}. Each histogram in percent of its highest bin; the line is the gate."
    drawing.update_layout(meta={"caption": caption})
    return drawing


def _stack(
    drawing: go.Figure, stack: Stack, days: Sequence[int], panel: _draw.Panel, colour: str,
    common: str,
) -> None:  # fmt: skip
    """Draw an arm's histograms from the top day down, so that the lower ones stand in front."""
    for day, gate in reversed(stack):
        edges, floor = gate.density.edges[0], float(days.index(day))
        counts = gate.density.counts.astype(np.float64)
        counts[[0, -1]] = counts[[1, -2]]
        smooth = np.convolve(np.pad(counts, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
        height = floor + OVERLAP * smooth / (float(smooth.max()) or 1.0)
        own = gate.density.scales[0]
        centres = scales.rescale((edges[:-1] + edges[1:]) / 2, own, common)
        base = {"x": centres, "y": np.full(centres.size, floor), "mode": "lines"}
        drawing.add_scatter(**base, line={"width": 0}, hoverinfo="skip", **panel.axes)
        drawing.add_scatter(
            x=centres, y=np.round(height, 3), mode="lines", fill="tonexty",
            fillcolor=theme.tint(colour, 0.55), line={"color": "#ffffff", "width": 1},
            hovertemplate=f"day {day}: CAR+ {theme.percent(gate.fraction)}<extra></extra>",
            **panel.axes,
        )  # fmt: skip
        points = scales.to_display(gate.boundary)
        if points.size:
            x = float(scales.rescale(points[0, 0], own, common))
            line = {"color": theme.TEXT, "width": 1.5}
            drawing.add_shape(
                type="line", x0=x, x1=x, y0=floor, y1=floor + 0.9, line=line,
                xref=panel.axes["xaxis"], yref=panel.axes["yaxis"],
            )  # fmt: skip


def _axes(
    drawing: go.Figure, stack: Stack, days: Sequence[int], panel: _draw.Panel,
    domain: tuple[float, float], common: str,
) -> None:  # fmt: skip
    drawn = [gate.density for _, gate in stack]
    density = drawn[-1]
    shown = [scales.rescale(d.edges[0][[0, -1]], d.scales[0], common) for d in drawn]
    ends = [float(e) for pair in shown for e in pair]
    at, words = scales.ticks(common, min(ends), max(ends))
    label = density.labels[0] or density.channels[0]
    across = theme.axis(
        theme.plain(label), "a.u.", range=[min(ends), max(ends)], tickvals=at, ticktext=words,
        domain=domain, anchor=panel.axes["yaxis"], tickangle=0,
    )  # fmt: skip
    upright = theme.axis(
        "Day", "days since start", range=[-0.1, len(days) - 1 + OVERLAP], showline=False, ticks="",
        tickvals=list(range(len(days))), ticktext=[str(d) for d in days],
        anchor=panel.axes["xaxis"],
    )  # fmt: skip
    drawing.update_layout({f"xaxis{panel.suffix}": across, f"yaxis{panel.suffix}": upright})
