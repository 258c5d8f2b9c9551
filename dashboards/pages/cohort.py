"""The Cohort page: tables of the patients, survival, lanes, copies; one course with its events."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from dashboards.cohort_tables import TITLES, table_heads, table_lines
from dashboards.desk import Desk
from dashboards.figures._series import lines
from dashboards.figures.copies import METRIC
from dashboards.figures.patients import copies_by_arm, endpoint, swimmer
from dashboards.figures.timeline import events_of, longest, timeline
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import drawn, flags, table
from labproc.cohort.result import CohortTest
from labproc.cohort.words import arm_words, line_of
from labproc.model import Severity
from labproc.pipeline.cohort_view import CohortView
from labproc.pipeline.results import Results

BETWEEN = "\u241f"  # joins a culture's four names in a menu's value; no sheet holds it
VIEWS = (
    ("tables", "Tables"),
    ("survival", "Survival"),
    ("swimmer", "Swimmer"),
    ("copies", "Copies"),
    ("courses", "Courses"),
)
NOBODY = (
    "No patient table yet: write patients.csv beside study.toml, a row a patient, with arm, "
    "response, and times such as os_months and os_event."
)


def layout(desk: Desk, rest: str) -> Any:
    """Return the page on the view that the address names, else on the tables or courses."""
    results = desk.results()
    first = "tables" if results.cohort else "courses"
    view = rest if rest in dict(VIEWS) else first
    chosen = dmc.SegmentedControl(
        id="cohort-view", value=view, size="xs",
        data=[{"value": v, "label": w} for v, w in VIEWS],
    )  # fmt: skip
    head = html.Div([html.H1("Cohort"), chosen], className="row apart")
    return html.Div([head, html.Div(_view(results, view), id="cohort-view-shown")])


def _view(results: Results, view: str) -> Any:
    if view == "courses":
        return _courses(results)
    if results.cohort is None:
        return html.P(NOBODY)
    shown = {"tables": _tables, "survival": _survival, "copies": _copies, "swimmer": _swimmer}
    return shown.get(view, _tables)(results, results.cohort)


def _tables(_results: Results, view: CohortView) -> list[Any]:
    """Return Table 1 and 2 on one evaluable n, each with its tests."""
    heads = table_heads(view)
    shown: list[Any] = []
    for name, title in TITLES.items():
        rows = list(table_lines(view, name))
        if rows:
            right = tuple(range(1, len(heads) - 1))
            shown += [html.H2(title), table(heads, rows, right=right, label=title)]
    own = [t for t in view.tests if t.table in TITLES]
    return [*shown, _doubts(own)] if shown else [html.P("The table has no columns to show.")]


def _survival(results: Results, view: CohortView) -> list[Any]:
    """Return each endpoint's curves with the arms in numbers and every test."""
    figures = [
        drawn(f"cohort-survival-{i}", endpoint(results, i), f"{one.endpoint.name}, Kaplan-Meier")
        for i, one in enumerate(view.followed)
    ]
    rows = [
        (test.variable, *arm_words(curve))
        for test in view.tests
        for curve in test.details.get("curves", ())
    ]
    heads = ("Endpoint", "Arm", "Events", "Median", "At one year", "Follow-up")
    numbers = table(heads, rows, label="Survival by arm") if rows else ""
    return [
        html.Div(figures, className="two") if figures else html.P("No time with an event."),
        numbers,
        _every(view, ("survival",)),
        _doubts([t for t in view.tests if t.table == "survival"]),
    ]


def _copies(results: Results, view: CohortView) -> list[Any]:
    figure = drawn("cohort-copies", copies_by_arm(results), "CAR copies per µg DNA by arm")
    tests = [t for t in view.tests if t.table in ("copies", "timeline")]
    return [figure, _every(view, ("copies", "timeline")), _doubts(tests)]


def _swimmer(results: Results, _view: CohortView) -> list[Any]:
    title = "Every patient: response, events, who goes on"
    return [drawn("cohort-swimmer", swimmer(results), title)]


def _every(view: CohortView, names: Sequence[str]) -> Any:
    """Return every test of some tables, a sentence each."""
    told = [line_of(t) for t in view.tests if t.table in names]
    if not told:
        return ""
    shown = [html.P(words, className="sentence told") for words in told]
    return html.Details([html.Summary(f"Every test ({len(told)})"), *shown])


def _doubts(tests: Sequence[CohortTest]) -> Any:
    found = dict.fromkeys(f for t in tests for f in t.flags if f.severity is not Severity.INFO)
    return flags(found)


def _courses(results: Results) -> Any:
    """Return one course with its events, and the menu to choose another."""
    found = [line.points[0].key.culture for line in lines(results.of(METRIC))]
    if not found:
        return html.P("No course to show yet: no sample has CAR copies on a day.")
    first = longest(results) or found[0]
    options = [{"value": BETWEEN.join(c), "label": " ".join(p for p in c if p)} for c in found]
    select = dmc.Select(
        id="cohort-chosen", value=BETWEEN.join(first), data=options, size="xs", w=280,
        searchable=True, allowDeselect=False, label="Course",
    )  # fmt: skip
    return [select, html.Div(show(results, first), id="cohort-shown")]


def show(results: Results, chosen: tuple[str, str, str, str]) -> list[Any]:
    """Return one course's figure and its events."""
    events = events_of(results, chosen)
    listed = table(("Day", "Event"), events, right=(0,), label="Events") if events else ""
    return [
        drawn("cohort-graph", timeline(results, chosen=chosen)),
        html.Div(listed, className="narrow"),
    ]


def connect(app: Dash, desk: Desk) -> None:
    """Turn to what is chosen."""

    @app.callback(
        Output("cohort-view-shown", "children"),
        Input("cohort-view", "value"),
        prevent_initial_call=True,
    )
    def turn(view: str) -> Any:
        return _view(desk.results(), str(view))

    @app.callback(
        Output("cohort-shown", "children"),
        Input("cohort-chosen", "value"),
        prevent_initial_call=True,
    )
    def choose(value: str) -> list[Any]:
        donor, experiment, arm, replicate = (*str(value).split(BETWEEN), "", "", "", "")[:4]
        return show(desk.results(), (donor, experiment, arm, replicate))


PAGES.register("cohort")(Page("Cohort", 5, layout, connect))
