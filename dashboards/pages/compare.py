"""The Compare page: flow cytometry against qPCR, sample by sample."""

from typing import Any

from dash import Dash, Input, Output, html

from dashboards import wording
from dashboards.desk import Desk
from dashboards.figures.agreement import agreement, agreement_ratio, pairs
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import drawn, table
from dashboards.pages.trends import place


def layout(desk: Desk, _rest: str) -> Any:
    """Return the page."""
    results = desk.results()
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
    figure = drawn("compare-graph", agreement(results))
    apart = drawn("compare-ratio", agreement_ratio(results), "Agreement")
    return html.Div([html.H1("Compare: flow cytometry and qPCR"), figure, apart, listed])


def connect(app: Dash, desk: Desk) -> None:
    """Let a click on a point lead to its gate."""

    @app.callback(
        Output("location", "pathname", allow_duplicate=True),
        Input("compare-graph", "clickData"),
        prevent_initial_call=True,
    )
    def follow(click: Any) -> str:
        return place(desk.results(), click)


PAGES.register("compare")(Page("Compare", 6, layout, connect))
