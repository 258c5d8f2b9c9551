"""The Trends page: the report's figures, donors and axis chosen, the comparison under each."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from dashboards import wording
from dashboards.desk import SHORT, Desk
from dashboards.figures import FIGURES
from dashboards.figures.copies import by_kind
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import drawn, sentences, table
from dashboards.theme import with_interval
from labproc.pipeline.results import Results

SHOWN = (
    ("growth", "CAR-T cells"),
    ("fold", "Fold"),
    ("ratio", "CD4:CD8"),
    ("copies", "CAR copies per µg DNA"),
    ("persistence", "CAR copies per µg DNA, patients"),
)

WHOLE = (("paired", "The last day, in pairs"), ("car_histograms", "CAR signal by day"))
"""Figures of the whole study, whatever donors are chosen."""


def layout(desk: Desk, _rest: str) -> Any:
    """Return the page with all donors on log axes."""
    results = desk.results()
    donors = donors_of(results)
    chosen = dmc.ChipGroup(
        [dmc.Chip(d, value=d, size="xs", variant="outline") for d in donors],
        id="trends-donors", multiple=True, value=donors,
    )  # fmt: skip
    axis = dmc.SegmentedControl(
        id="trends-axis", value="log", size="xs",
        data=[{"value": "log", "label": "log"}, {"value": "linear", "label": "linear"}],
    )  # fmt: skip
    choices = html.Div([chosen, axis], className="row", id="trends-choice")
    return html.Div(
        [
            html.Div([html.H1("Trends"), choices], className="row apart"),
            html.Div(figures(results, donors, linear=False), id="trends-figures"),
            html.P(id="trends-goto", className="small quiet"),
        ]
    )  # fmt: skip


def donors_of(results: Results) -> list[str]:
    """Return whose cultures can be toggled; patients stand on the Cohort page, one by one."""
    named = {m.key.donor for m in results.measurements if m.key.donor}
    return sorted(named - results.patients or named)


def figures(results: Results, donors: list[str], *, linear: bool) -> list[Any]:
    """Return every trend figure with its sentences."""
    donors = sorted({*donors, *results.patients})
    shown = [(n, t) for n, t in SHOWN if n != "persistence" or by_kind(results)[1]]
    drawings = [_one(results, name, title, donors, linear) for name, title in shown]
    more = [drawn({"type": "trend", "name": n}, FIGURES.get(n)(results), t) for n, t in WHOLE]
    return [*drawings, *more]


def _one(results: Results, name: str, title: str, donors: list[str], linear: bool) -> Any:
    drawing = FIGURES.get(name)(results, donors=donors, linear=linear)
    under = sentences(wording.under(results, name))
    rows = [
        (
            c.day,
            c.contrast,
            with_interval(c.estimate, c.ci_low, c.ci_high),
            wording.p_value(c),
            c.test,
        )
        for c in wording.by_day(results, name)
    ]
    heads = ("Day", "Contrast", "Effect (95 % interval)", "P", "Test")
    daily = html.Details([html.Summary("Day by day"), table(heads, rows, right=(0, 2))])
    below = html.Div([under, daily if rows else ""])
    return drawn({"type": "trend", "name": name}, drawing, title, below)


def connect(app: Dash, desk: Desk) -> None:
    """Redraw when donors or the axis are chosen; a click on a point leads to its gate or plate."""
    from dash import ALL, ctx

    @app.callback(
        Output("trends-figures", "children"),
        Input("trends-donors", "value"),
        Input("trends-axis", "value"),
        prevent_initial_call=True,
    )
    def redraw(donors: list[str], axis: str) -> list[Any]:
        return figures(desk.results(), donors or [], linear=axis == "linear")

    @app.callback(
        Output("location", "pathname", allow_duplicate=True),
        Input({"type": "trend", "name": ALL}, "clickData"),
        prevent_initial_call=True,
    )
    def follow(_clicks: Any) -> str:
        return place(desk.results(), ctx.triggered[0]["value"] if ctx.triggered else None)


def place(results: Results, click: Any) -> str:
    """Return the address of the gate or plate behind a point; stop where it has none."""
    point = (click or {}).get("points", [{}])[0]
    origin = point.get("customdata") or [""]
    name = str(origin[0])[:SHORT]
    if len(name) < SHORT:
        raise PreventUpdate
    is_tube = any(t.source.sha256.startswith(name) for t in results.tubes)
    return f"/{'gates' if is_tube else 'plates'}/{name}"


PAGES.register("trends")(Page("Trends", 4, layout, connect))
