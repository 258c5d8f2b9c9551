"""The patients' figures: survival, lanes, and copies by arm."""

import plotly.graph_objects as go

from dashboards import theme
from dashboards.cohort_copies import copies_figure
from dashboards.cohort_figures import survival_figure, swimmer_figure
from dashboards.figures import FIGURES
from labproc.cohort.words import line_of
from labproc.pipeline.results import Results

NOBODY = "No patient table: write patients.csv beside study.toml."
MONTHS = ("Time since infusion", "months")


@FIGURES.register("survival")
def survival(results: Results) -> go.Figure:
    """Draw the first endpoint's curves, overall survival as a rule."""
    return endpoint(results, 0)


@FIGURES.register("survival_second")
def survival_second(results: Results) -> go.Figure:
    """Draw the second endpoint's curves, progression-free survival as a rule."""
    return endpoint(results, 1)


def endpoint(results: Results, number: int) -> go.Figure:
    """Draw one endpoint's Kaplan-Meier curves with its first test as caption."""
    view = results.cohort
    if view is None or len(view.followed) <= number:
        return theme.empty("No patient has a time and an event." if view else NOBODY, MONTHS)
    one = view.followed[number]
    test = view.test("survival", one.endpoint.name)
    return survival_figure(one, sentence=line_of(test).partition("\n")[0] if test else "")


@FIGURES.register("swimmer")
def swimmer(results: Results) -> go.Figure:
    """Draw a lane per patient with response, events and who goes on."""
    view = results.cohort
    if view is None or not view.lanes:
        return theme.empty("No patient has a time to draw a lane of." if view else NOBODY, MONTHS)
    return swimmer_figure(view.lanes, view.arms)


@FIGURES.register("copies_by_arm")
def copies_by_arm(results: Results) -> go.Figure:
    """Draw every patient's copies and the arms' means at visits."""
    view = results.cohort
    if view is None or not view.copies:
        days = ("Time since infusion", "days")
        return theme.empty("No patient has CAR copies." if view else NOBODY, days)
    return copies_figure(view.copies, view.arms)
