"""The Release page: every sample against the user's own specifications."""

from typing import Any

from dash import Dash, html

from dashboards import release
from dashboards.desk import SHORT, Desk
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import aria, table
from labproc.model import ReleaseRow, Verdict
from labproc.release import overall


def layout(desk: Desk, _rest: str) -> Any:
    """Return the verdict of every sample, and below it what each line of the table says."""
    results = desk.results()
    if not results.release:
        form = html.Pre(release.EXAMPLE, **aria(label="the form of a release table"))
        return html.Div([html.H1("Release"), html.P(release.NOTHING, className="quiet"), form])
    verdicts = overall(results.release)
    told = html.P(release.counts(list(verdicts.values())), role="status")
    whole = [(key.label, _verdict(v)) for key, v in verdicts.items()]
    lines = [_line(row) for row in release.rows(results)]
    return html.Div(
        [
            html.H1("Release"),
            told,
            table(("Product", "All specifications"), whole, label="verdict of each product"),
            html.H2("Line by line"),
            table(release.HEADS, lines, right=(4, 5), label="every specification"),
        ]
    )


def _line(row: ReleaseRow) -> tuple[Any, ...]:
    n = "" if row.n is None else f"{row.n:,}"
    return (
        release.sample(row), _verdict(row.verdict), row.name,
        row.specification.limits, release.value(row), n, row.reason, _from(row),
    )  # fmt: skip


def _from(row: ReleaseRow) -> Any:
    """Return a link to the gates or the plate that a number comes from."""
    if row.source is None:
        return release.origin(row)
    page = "gates" if row.source.parser == "fcs" else "plates"
    return html.A(release.origin(row), href=f"/{page}/{row.source.sha256[:SHORT]}")


def _verdict(one: Verdict) -> Any:
    sign, css = release.SIGNS[one]
    return html.Span(f"{sign} {one.value}", className=css)


def connect(_app: Dash, _desk: Desk) -> None:
    """Nothing on this page changes while it is looked at."""


PAGES.register("release")(Page("Release", 7, layout, connect))
