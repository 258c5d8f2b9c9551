"""The Compare page: flow against qPCR, this study against an earlier one, ours against FlowJo's."""

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, ctx, html

from dashboards import wording
from dashboards.desk import Desk
from dashboards.figures.agreement import agreement, agreement_ratio, pairs
from dashboards.pages import PAGES, Page
from dashboards.pages import _compare_upload as upload
from dashboards.pages import _compare_versions as versions
from dashboards.pages._parts import drawn, table, trouble
from dashboards.pages.trends import place
from labproc.errors import LabprocError
from labproc.pipeline.results import Results

VIEWS = (("assays", "Flow and qPCR"), ("versions", "Earlier and now"), ("flowjo", "FlowJo"))


def layout(desk: Desk, rest: str) -> Any:
    """Return the page on the comparison that the address names, else on the assays."""
    view = rest if rest in dict(VIEWS) else VIEWS[0][0]
    chosen = dmc.SegmentedControl(
        id="compare-view", value=view, size="xs",
        data=[{"value": v, "label": w} for v, w in VIEWS],
    )  # fmt: skip
    head = html.Div([html.H1("Compare"), chosen], className="row apart")
    return html.Div([head, html.Div(_view(desk, view), id="compare-shown")])


def _view(desk: Desk, view: str) -> Any:
    try:
        if view == "versions":
            first = versions.show(desk, versions.FIRST)
            return [versions.choice(desk), html.Div(first, id="compare-versions")]
        return upload.view(desk) if view == "flowjo" else _assays(desk.results())
    except LabprocError as error:
        return trouble(str(error))


def _assays(results: Results) -> list[Any]:
    """Return flow cytometry against qPCR, sample by sample."""
    rows = [
        (
            f.key.without_tube().label,
            wording.value_words(f),
            f.parent,
            wording.value_words(q),
            q.unit,
        )
        for f, q in pairs(results)
    ]
    heads = ("Sample", "CAR+ by flow (95 %)", "Of", "By qPCR (95 %)", "Unit")
    listed = table(heads, rows, right=(1, 3), label="Flow and qPCR") if rows else ""
    figures = [
        drawn({"type": "compare", "name": "both"}, agreement(results), "Flow cytometry and qPCR"),
        drawn({"type": "compare", "name": "ratio"}, agreement_ratio(results), "Agreement"),
    ]
    return [html.Div(figures, className="two"), listed]


def connect(app: Dash, desk: Desk) -> None:
    """Turn to what is chosen; a click on a point leads to its gate."""
    upload.connect_upload(app, desk)

    @app.callback(
        Output("compare-shown", "children"),
        Input("compare-view", "value"),
        prevent_initial_call=True,
        running=[(Output("compare-view", "disabled"), True, False)],
    )
    def turn(view: str) -> Any:
        return _view(desk, view)

    @app.callback(
        Output("compare-versions", "children"),
        Input("compare-against", "value"),
        prevent_initial_call=True,
    )
    def against(chosen: str) -> Any:
        try:
            return versions.show(desk, str(chosen))
        except LabprocError as error:
            return trouble(str(error))

    @app.callback(
        Output("location", "pathname", allow_duplicate=True),
        Input({"type": "compare", "name": ALL}, "clickData"),
        Input({"type": "compare-then", "metric": ALL}, "clickData"),
        prevent_initial_call=True,
    )
    def follow(_assay: Any, _then: Any) -> str:
        return place(desk.results(), ctx.triggered[0]["value"] if ctx.triggered else None)


PAGES.register("compare")(Page("Compare", 6, layout, connect))
