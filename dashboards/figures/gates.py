"""A gate as it is drawn: the parent's events, the boundary, its percentage on it."""

from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES
from dashboards.figures._gate_panel import Panel, fill
from labproc.model import Role
from labproc.pipeline.results import Density, GateView, Results, TubeView

LEAST, ROW = 210, 236  # px of one panel in a composed figure
WIDE = 6  # panels beside each other in a page
FINE = 3  # up to so many panels are wide enough to show every bin
NOTHING = ("Signal", "a.u.")


def gate_figure(
    gate: GateView, *, colour: str = theme.CONTROL, height: int = 420, editable: bool = False,
    tube: TubeView | None = None,
) -> go.Figure:  # fmt: skip
    """Draw one gate: a density for two channels, a histogram with its control for one.

    With ``editable`` an outline shows its corners after a click on it. Of a ``tube``'s cross all
    four populations are named.
    """
    if not gate.density.channels:
        return theme.empty(not_drawn(gate), NOTHING, height)
    if not int(gate.density.counts.sum()):
        words = f"{gate.parent} holds no events, so {gate.population} cannot be drawn."
        return theme.empty(words, NOTHING, height)
    drawing = theme.figure(height, margin={"l": 68, "r": 20, "t": 16, "b": 52})
    fill(drawing, gate, Panel(), colour, around(tube, gate) if tube else ())
    if editable:
        drawing.update_layout(activeshape={"fillcolor": "rgba(0,0,0,0)", "opacity": 1})
        drawing.for_each_shape(lambda s: s.update(editable=True) if s.type == "path" else None)
    return drawing


def not_drawn(gate: GateView) -> str:
    """Say why a gate has no picture."""
    channels = gate.boundary.channels
    why = f"lies on {len(channels)} channels at once" if channels else "is made of other gates"
    if gate.method == "steady":
        why = "is cut over time"
    return f"{gate.population} {why}, so it is not drawn."


def example_tubes(results: Results) -> tuple[TubeView, ...]:
    """Return one tube per row of the composed figure: untransduced, then every arm, one day.

    The donor and day are those whose control is there and which need the least look, so that the
    figure shows the method and not an odd sample.
    """
    panels = [t for t in results.tubes if any(g.population == "CAR+" for g in t.gates)]
    tubes = panels or list(results.tubes)
    samples = [t for t in tubes if t.key.role is Role.SAMPLE]
    controls = [t for t in tubes if t.key.role is Role.UNTRANSDUCED]
    places = {(t.key.donor, t.key.day) for t in samples}
    if not places:
        return tuple(tubes[:1])
    arms = [a.name for a in results.main_arms]

    def doubt(place: tuple[str, int | None]) -> tuple[bool, bool, float]:
        here = [t for t in samples if (t.key.donor, t.key.day) == place]
        has_control = any((t.key.donor, t.key.day) == place for t in controls)
        whole = {t.key.arm for t in here} >= set(arms)
        return (not whole, not has_control, max(t.oddness for t in here))

    best = min(sorted(places, key=lambda p: (p[0], -1 if p[1] is None else p[1])), key=doubt)
    here = [t for t in (*controls, *samples) if (t.key.donor, t.key.day) == best]
    rows = {("" if t.key.role is Role.UNTRANSDUCED else t.key.arm): t for t in reversed(here)}
    return tuple(rows[name] for name in ("", *arms) if name in rows)


@FIGURES.register("gating")
def gating(results: Results, *, tubes: Sequence[TubeView] | None = None) -> go.Figure:
    """Compose the gating figure: a row per tube (untransduced, each arm), a column per step."""
    chosen = tuple(tubes) if tubes is not None else example_tubes(results)
    steps = list(dict.fromkeys(g.population for t in chosen for g in _drawn(t)))
    if not steps:
        return theme.empty("No tube was gated yet.", NOTHING)
    drawing = theme.figure(60 + ROW * len(chosen), margin={"l": 96, "r": 12, "t": 28, "b": 44})
    colours = theme.arm_colours(results.arms)
    for row, tube in enumerate(chosen):
        is_control = tube.key.role is not Role.SAMPLE
        colour = theme.QUIET if is_control else colours.get(tube.key.arm, theme.CONTROL)
        for gate in _drawn(tube):
            alike = [g for t in chosen for g in _drawn(t) if g.population == gate.population]
            place = _cell(row, steps.index(gate.population), len(chosen), len(steps))
            place = replace(place, ranges=(_common(alike, 0), _common(alike, 1)))
            shown = coarse(gate.density) if len(steps) > FINE else gate.density
            fill(drawing, replace(gate, density=shown), place, colour, around(tube, gate))
        _row_name(drawing, row, len(chosen), tube.key.label, colour)
    if len(steps) > WIDE:  # else the figure takes the page's width
        drawing.update_layout(width=LEAST * len(steps) + 110, autosize=False)
    caption = "Percentages are of the parent. Grey outline: the control, scaled to the same height."
    hidden = dict.fromkeys(g.population for t in chosen for g in t.undrawn if g.method != "steady")
    if hidden:
        caption += f" Not drawn (of other gates or of many channels): {', '.join(hidden)}."
    drawing.update_layout(meta={"caption": caption})
    return drawing


def _drawn(tube: TubeView) -> list[GateView]:
    """Return the gates that have a picture of their own: a quadrant's four share one."""
    crossed: set[tuple[str, ...]] = set()
    kept = []
    for gate in tube.gates:
        if gate.boundary.kind == "quadrant":
            if gate.boundary.channels in crossed:
                continue
            crossed.add(gate.boundary.channels)
        if gate.density.counts.any():
            kept.append(gate)
    return kept


def coarse(density: Density) -> Density:
    """Return a density of half as many bins each way: a small panel shows no more.

    A third of the bytes; histograms are small as they are.
    """
    n = density.counts.shape
    if len(n) != 2 or any(k % 2 for k in n):
        return density
    counts = density.counts.reshape(n[0] // 2, 2, n[1] // 2, 2).sum(axis=(1, 3))
    edges = tuple(e[::2] for e in density.edges)
    return replace(density, counts=counts.astype(density.counts.dtype), edges=edges)


def around(tube: TubeView, gate: GateView) -> list[GateView]:
    """Return the populations of a cross that share a picture."""
    if gate.boundary.kind != "quadrant":
        return []
    place = (gate.parent, gate.boundary.channels)
    return [g for g in tube.gates if (g.parent, g.boundary.channels) == place]


def _common(gates: Sequence[GateView], which: int) -> tuple[float, float] | None:
    """Return one range for a column of panels, where all are drawn on the same scale."""
    drawn = [g.density for g in gates if len(g.density.channels) > which]
    if not drawn or len({d.scales[which] for d in drawn}) > 1:
        return None
    ends = [d.edges[which] for d in drawn]
    return min(float(e[0]) for e in ends), max(float(e[-1]) for e in ends)


def _cell(row: int, column: int, n_rows: int, n_columns: int) -> Panel:
    """Return the panel at a place of the grid, counted from the top left."""
    wide, high = 1.0 / n_columns, 1.0 / n_rows
    left, top = column * wide, 1.0 - row * high
    number = row * n_columns + column + 1
    suffix = "" if number == 1 else str(number)
    return Panel(
        suffix, (left + 0.25 * wide, left + 0.98 * wide), (top - 0.76 * high, top - 0.04 * high)
    )


def _row_name(drawing: go.Figure, row: int, n_rows: int, name: str, colour: str) -> None:
    drawing.add_annotation(
        text=theme.plain(name), x=0, xref="paper", xshift=-84, xanchor="center", textangle=-90,
        y=1.0 - (row + 0.4) / n_rows, yref="paper", yanchor="middle", showarrow=False,
        font={"size": theme.SMALL, "color": theme.ink(colour)},
    )  # fmt: skip
