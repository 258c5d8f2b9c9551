"""The Plates page: curve, plate map, amplification, acceptance and copies of one plate."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from dashboards.desk import SHORT, Desk
from dashboards.figures.amplification import amplification
from dashboards.figures.control_chart import control_chart
from dashboards.figures.plates import plate_copies, plate_map, standard_curve
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import drawn, flags, table, verdict
from dashboards.theme import number, percent, with_interval
from labproc.pipeline.results import PlateView, Results


def layout(desk: Desk, rest: str) -> Any:
    """Return the page on the plate that the address names, else on the first."""
    results = desk.results()
    if not results.plates:
        words = "No qPCR plate was read yet: raw/ holds no export that labproc knows."
        return html.Div([html.H1("Plates"), html.P(words)])
    names = [p.source.sha256[:SHORT] for p in results.plates]
    chosen = rest if rest in names else names[0]
    options = [{"value": n, "label": p.name} for n, p in zip(names, results.plates, strict=True)]
    select = dmc.Select(
        id="plates-chosen", value=chosen, data=options, size="xs", allowDeselect=False, w=280,
        **{"aria-label": "Plate"},
    )  # fmt: skip
    return html.Div(
        [
            html.Div([html.H1("Plates"), select], className="row apart"),
            html.Div(show(results, chosen), id="plates-shown"),
        ]
    )


def show(results: Results, name: str) -> list[Any]:
    """Return everything about one plate."""
    plate = next((p for p in results.plates if p.source.sha256.startswith(name)), None)
    if plate is None or len(name) < SHORT:
        return [html.P("That plate is no longer there; choose another.")]
    two = [
        drawn("plate-curve", standard_curve(results, plate=plate), "Standard curve"),
        drawn("plate-map", plate_map(results, plate=plate), "Plate"),
        drawn("plate-copies", plate_copies(results, plate=plate), "Copies per well"),
        drawn("plate-rise", amplification(results, plate=plate), "Amplification"),
    ]
    trends = [
        drawn(
            f"plate-trend-{i}",
            control_chart(results, target=t),
            f"Positive control over plates: {t}",
        )
        for i, t in enumerate(results.control_charts)
    ]
    parts = [
        flags(plate.flags),
        _acceptance(plate),
        html.Div(two, className="two"),
        _samples(plate),
    ]
    return [*parts, *trends, _standards(plate), _recomputed(plate), _checklist(plate)]


def _unfold(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], **how: Any) -> Any:
    """Return a table that opens on its title; nothing without rows."""
    if not rows:
        return ""
    return html.Details([html.Summary(title), table(heads, rows, label=title, **how)])


def _standards(plate: PlateView) -> Any:
    rows = [
        (
            p.position, p.target, number(p.copies), number(p.cq, 4), number(p.found),
            "–" if p.error is None else f"{100 * p.error:+.1f} %".replace("-", "−"),
            number(p.residual), "left out" if p.omitted else "off the line" if p.is_outlier else "",
        )
        for p in plate.standards
    ]  # fmt: skip
    heads = ("Well", "Target", "Copies per well", "Cq (cycles)", "Read back", "Error",
             "Residual (cycles)", "")  # fmt: skip
    return _unfold("Standards read back", heads, rows, right=(2, 3, 4, 5, 6))


def _recomputed(plate: PlateView) -> Any:
    rows = [
        (
            r.position, r.target, number(r.stated, 4), number(r.threshold_cq, 4),
            number(r.maximum_cq, 4), percent(r.efficiency),
        )
        for r in plate.recomputed
    ]  # fmt: skip
    heads = ("Well", "Target", "Cq of the file", "Cq at the threshold",
             "Second derivative maximum", "Gain per cycle")  # fmt: skip
    return _unfold("Cq from the curves", heads, rows, right=(2, 3, 4, 5))


def _checklist(plate: PlateView) -> Any:
    rows = [(r.section, r.item, r.answer) for r in plate.checklist]
    return _unfold("MIQE checklist", ("Section", "Item", "Answer"), rows)


def _acceptance(plate: PlateView) -> Any:
    rows = [
        (r.rule.replace("_", " "), r.target, r.limit, r.found, verdict(r.verdict))
        for r in plate.acceptance
    ]
    if not rows:
        return html.P("No acceptance rule was applied.", className="quiet")
    return table(("Rule", "Target", "Limit", "Found", "Verdict"), rows, label="Acceptance")


def _samples(plate: PlateView) -> Any:
    rows = [
        (
            s.sample, s.target, ", ".join(s.wells), f"{s.n_detected} of {s.n_wells}",
            number(s.cq, 4), with_interval(s.copies, s.ci_low, s.ci_high)
            if s.copies is not None else f"under {number(s.ci_high)}",
            s.status.value.replace("_", " "), s.method, flags(s.flags),
        )
        for s in plate.samples
    ]  # fmt: skip
    heads = ("Sample", "Target", "Wells", "Detected", "Cq (cycles)", "Copies per well (95 %)",
             "Status", "Method", "Flags")  # fmt: skip
    return html.Div([html.H2("Samples"), table(heads, rows, right=(4, 5), label="Samples")])


def connect(app: Dash, desk: Desk) -> None:
    """Show the plate that is chosen."""

    @app.callback(
        Output("plates-shown", "children"),
        Input("plates-chosen", "value"),
        prevent_initial_call=True,
    )
    def choose(name: str) -> list[Any]:
        return show(desk.results(), str(name))


PAGES.register("plates")(Page("Plates", 2, layout, connect))
