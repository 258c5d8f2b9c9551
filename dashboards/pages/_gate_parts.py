"""The parts of the Gates page: list, steps, plot, typed points, tree, numbers, history."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards import theme, wording
from dashboards.desk import SHORT
from dashboards.figures._gate_panel import Panel, overlay
from dashboards.figures.acquisition import beside_gates, kept_time
from dashboards.figures.gates import around, gate_figure
from dashboards.pages._parts import aria, flags, graph, table, verdict
from dashboards.report_tables import metric_name
from labproc.model import Measurement
from labproc.pipeline.results import GateView, Results, TubeView

TYPED = {"threshold": ("Threshold",), "interval": ("Low", "High"), "quadrant": ("Across", "Up")}
# One gesture drags a line; an outline shows handles after a click on it, which plotly only does
# where shapes cannot be dragged as a whole.
LINE = {"edits": {"shapePosition": True}}
OUTLINE = {"modeBarButtonsToAdd": ["drawclosedpath"]}


def list_rows(results: Results) -> list[dict[str, str]]:
    """Return the samples of the list, those that need a look first."""
    return [
        {
            "id": t.source.sha256[:SHORT],
            "sign": _sign(t),
            "sample": t.key.label or t.source.path.rsplit("/", 1)[-1],
            "why": "; ".join(t.reasons) or "; ".join(f.message for f in wording.doubts(t)),
        }
        for t in wording.odd_first(results)
    ]


def _sign(tube: TubeView) -> str:
    if tube.review:
        return "✓" if tube.review == "approved" else "✕"
    return "▲" if wording.needs_look(tube) else ""


LIST_COLUMNS = (
    {
        "field": "sign", "headerName": "", "filter": False, "tooltipField": "why",
        "minWidth": 36, "maxWidth": 36, "cellStyle": {"padding": "0 0 0 12px"},
        "headerTooltip": "▲ to look at, ✓ approved, ✕ rejected",
    },
    {
        "field": "sample", "headerName": "Sample", "tooltipField": "why", "flex": 1,
        "suppressHeaderFilterButton": True,
    },
)  # fmt: skip


def steps(tube: TubeView, population: str) -> list[Any]:
    """Return a button for every step of the strategy."""
    return [
        html.Button(
            g.population + (" ▲" if any(f.severity.rank >= 2 for f in g.flags) else ""),
            id={"type": "gate-step", "population": g.population}, type="button",
            className="on" if g.population == population else "",
            **aria(pressed=str(g.population == population).lower()), **_named(g.population),
        )
        for g in tube.every_gate
        if g.method != "steady"
    ]  # fmt: skip


def _named(population: str) -> dict[str, Any]:
    """Return the attribute by which a click in the tree finds its step."""
    return {"data-step": population}


def plot(results: Results, tube: TubeView, gate: GateView) -> Any:
    """Return the gate's plot with a boundary that can be dragged."""
    colour = theme.arm_colours(results.arms).get(tube.key.arm, theme.CONTROL)
    figure = gate_figure(gate, colour=colour, editable=True, tube=tube)
    config = OUTLINE if gate.boundary.kind in ("polygon", "ellipse", "rectangle") else LINE
    key = f"{tube.source.sha256}/{gate.population}"  # a config only takes hold on a new graph
    return html.Div(graph("gates-graph", figure, grows=True, **config), key=key)


def typed(gate: GateView) -> Any:
    """Return a field for each number of a gate that has one, in linear units."""
    names = TYPED.get(gate.boundary.kind, ())
    if not gate.density.channels:
        return html.P("This gate cannot be moved here.", className="quiet small")
    if not names:
        word = "Click on the outline and drag its corners, or draw another with the pen above."
        return html.P(word if gate.boundary.kind != "none" else "", className="quiet small")
    values = typed_values(gate.boundary.kind, gate.boundary.points.tolist())
    # debounce=True: told when entered or left. With a time the field would tell back, that much
    # later, every number that the page itself wrote into it, and so undo an undo.
    return html.Div(
        [
            dmc.NumberInput(
                id={"type": "gate-typed", "at": i}, value=value, debounce=True, size="xs", w=150,
                label=f"{names[i]} (a.u.)",
                thousandSeparator=",", decimalScale=2, hideControls=True,
            )
            for i, value in enumerate(values)
        ],
        className="row",
    )  # fmt: skip


def typed_values(kind: str, points: Sequence[Sequence[float]]) -> list[float]:
    """Return the numbers of the typed fields from a gate's stored points."""
    if kind not in TYPED:
        return []
    flat = [row[0] for row in points] if kind != "quadrant" else list(points[0])
    return [round(float(v), 2) for v in flat]


def points_of(kind: str, values: Sequence[float]) -> list[list[float]]:
    """Return a gate's stored points from the numbers that were typed."""
    return [list(values)] if kind == "quadrant" else [[v] for v in sorted(values)]


def tree(tube: TubeView, population: str, before: TubeView | None = None) -> Any:
    """Return every gate with its count and percent of parent; what changed stands in bold."""
    old = {g.population: g.n_events for g in before.every_gate} if before else {}
    depth: dict[str, int] = {}
    rows = []
    for gate in (g for g in tube.every_gate if g.method != "steady"):
        depth[gate.population] = depth.get(gate.parent, -1) + 1
        css = "changed" if old.get(gate.population, gate.n_events) != gate.n_events else ""
        indent = {"paddingLeft": f"{8 * depth[gate.population]}px", "display": "block",
                  "overflowWrap": "normal"}  # fmt: skip
        name = html.Span(gate.population, style=indent)
        median = theme.number(gate.median_fluorescence)
        cells = (f"{gate.n_events:,}", theme.percent(gate.fraction), median)
        chosen: dict[str, Any] = {"data-population": gate.population}
        chosen["data-count"] = str(gate.n_events)
        rows.append(
            html.Tr(
                [html.Td(name), *(_figure(c, css) for c in cells)],
                className="on" if gate.population == population else "", **chosen,
            )
        )  # fmt: skip
    heads = ("Population", "Events", "% of parent", "Median, a.u.")
    head = html.Tr(
        [html.Th(h, scope="col", className="n" if i else "") for i, h in enumerate(heads)]
    )
    return html.Table([html.Thead(head), html.Tbody(rows)], className="plain")


def _figure(words: str, css: str) -> Any:
    return html.Td(html.Span(words, className=css), className="n")


def numbers(
    stored: Sequence[Measurement], new: Sequence[Measurement], metrics: Sequence[str] = ()
) -> Any:
    """Return the sample's measurements, beside them what they become with the moved gate."""
    later = {(m.metric, m.parent): m for m in new}
    rows = []
    for one in stored:
        then = later.get((one.metric, one.parent))
        cells: list[Any] = [metric_name(one.metric), wording.value_words(one)]
        if new:
            changed = then is not None and then.value != one.value
            cells.append(
                html.Span(
                    wording.value_words(then) if then else "",
                    className="changed" if changed else "",
                )
            )
        rows.append(
            [*cells, html.Span("" if one.unit == "fraction" else one.unit, className="unit")]
        )
    heads = (
        ("Measured", "Stored", "With this gate", "Unit") if new else ("Measured", "Stored", "Unit")
    )
    shown = [r for r in rows if not metrics or r[0] in metrics]
    return table(heads, shown, right=(1, 2) if new else (1,)) if shown else html.P("No number yet.")


def about(tube: TubeView, gate: GateView) -> Any:
    """Return what is known of a tube and the chosen gate: origin, method, doubts."""
    estimate = ""
    if gate.estimate is not None:
        low, high = theme.percent(gate.ci_low), theme.percent(gate.ci_high)
        estimate = f"best estimate {theme.percent(gate.estimate)} ({low} to {high})"
    left = [f"{name} left out: {why}" for name, why in tube.left_out.items()]
    control = f"control: {gate.control_name}" if gate.control_name else ""
    words = [gate.method, estimate, control, *left]
    return html.Div(
        [
            html.P(" · ".join(w for w in words if w), className="small quiet"),
            flags(dict.fromkeys((*gate.flags, *tube.flags))),
            _flow(tube),
            html.P(
                [
                    tube.source.path,
                    html.Br(),
                    html.Code(tube.source.sha256[:SHORT]),
                    f" · {tube.version}",
                ],
                className="history",
            ),
        ]
    )


def _flow(tube: TubeView) -> Any:
    """Return the flow over time, open where a part of it was left out."""
    if tube.course is None:
        return html.P("")
    lost = 1.0 - kept_time(tube)
    words = f"{theme.percent(lost)} of the time was left out" if lost > 0 else "all of it was kept"
    drawing = graph("gates-flow", beside_gates(tube.course))
    return html.Details([html.Summary(f"Flow over time: {words}"), drawing], open=lost > 0)


def title(tube: TubeView) -> list[Any]:
    """Return the sample's name and its verdict."""
    return [html.Span(tube.key.label or tube.source.path), " ", verdict(tube.review)]


def history(rows: Sequence[Mapping[str, str]], tube: TubeView) -> Any:
    """Return what was changed by hand in a tube, the newest first."""
    here = [r for r in rows if _concerns(r.get("subject", ""), tube)]
    words = [" · ".join(_told(r)) for r in reversed(here)]
    lines = [html.P(w) for w in words] or [html.P("Nothing was changed by hand.")]
    return html.Div(lines, className="history")


def _concerns(subject: str, tube: TubeView) -> bool:
    return subject.startswith(tube.source.path) or tube.source.sha256 in subject


def _told(row: Mapping[str, str]) -> list[str]:
    """Return one change in words: when, who, what, why."""
    when = row.get("at", "")[:16].replace("T", " ")
    parts = (
        when,
        row.get("who", ""),
        row.get("action", ""),
        row.get("new", ""),
        row.get("reason", ""),
    )
    return [p if len(p) <= 60 else f"{p[:59]}…" for p in parts if p]


def shape_patch(tube: TubeView, gate: GateView) -> tuple[Any, Any]:
    """Return the shapes and labels of a gate for a graph that is already there."""
    lines, labels = overlay(gate, Panel(), around(tube, gate))
    return [s | {"editable": True} if s["type"] == "path" else s for s in lines], labels
