"""The Cohort page: one patient's or culture's course, its events marked."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from dashboards.desk import Desk
from dashboards.figures._series import lines
from dashboards.figures.copies import METRIC
from dashboards.figures.timeline import events_of, longest, timeline
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import drawn, table
from labproc.pipeline.results import Results

BETWEEN = "\u241f"  # joins a culture's four names in a menu's value; no sheet holds it


def layout(desk: Desk, _rest: str) -> Any:
    """Return the page on the course with the most days."""
    results = desk.results()
    found = [line.points[0].key.culture for line in lines(results.of(METRIC))]
    if not found:
        words = "No course to show yet: no sample has CAR copies on a day."
        return html.Div([html.H1("Courses"), html.P(words)])
    options = [{"value": BETWEEN.join(c), "label": " ".join(p for p in c if p)} for c in found]
    select = dmc.Select(
        id="cohort-chosen", value=BETWEEN.join(longest(results) or found[0]), data=options,
        size="xs", w=280, searchable=True, allowDeselect=False, **{"aria-label": "Course"},
    )  # fmt: skip
    head = html.Div([html.H1("Courses"), select], className="row apart")
    return html.Div(
        [head, html.Div(show(results, longest(results) or found[0]), id="cohort-shown")]
    )


def show(results: Results, chosen: tuple[str, str, str, str]) -> list[Any]:
    """Return one course's figure and its events."""
    events = events_of(results, chosen)
    listed = table(("Day", "Event"), events, right=(0,), label="Events") if events else ""
    return [drawn("cohort-graph", timeline(results, chosen=chosen)), listed]


def connect(app: Dash, desk: Desk) -> None:
    """Show the course that is chosen."""

    @app.callback(
        Output("cohort-shown", "children"),
        Input("cohort-chosen", "value"),
        prevent_initial_call=True,
    )
    def choose(value: str) -> list[Any]:
        donor, experiment, arm, replicate = (*str(value).split(BETWEEN), "", "", "", "")[:4]
        return show(desk.results(), (donor, experiment, arm, replicate))


PAGES.register("cohort")(Page("Courses", 5, layout, connect))
