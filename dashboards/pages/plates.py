"""The Plates page: curve, plate map, amplification, acceptance and copies of one plate."""

from collections.abc import Callable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html

from dashboards.desk import SHORT, Desk, plate_of
from dashboards.figures.amplification import amplification
from dashboards.figures.control_chart import control_chart
from dashboards.figures.plates import plate_copies, plate_map, standard_curve
from dashboards.pages import PAGES, Page
from dashboards.pages import _plate_wells as wells
from dashboards.pages._parts import drawn, flags, table, verdict
from dashboards.pages._signing import connect_signing, panel, seals
from dashboards.theme import number, percent, with_interval
from dashboards.wording import needs_look
from labproc.errors import UnknownName
from labproc.pipeline.results import PlateView, Results
from labproc.wording import counted


def layout(desk: Desk, rest: str) -> Any:
    """Return the page on the plate that the address names, else on the first."""
    results = desk.results()
    if not results.plates:
        words = "No qPCR plate was read yet: raw/ holds no export that labproc knows."
        return html.Div([html.H1("Plates"), html.P(words)])
    names = [p.source.sha256[:SHORT] for p in results.plates]
    chosen = rest if rest in names else names[0]
    options = [
        {"value": n, "label": f"▲ {p.name}" if needs_look(p) else p.name}
        for n, p in zip(names, results.plates, strict=True)
    ]
    select = dmc.Select(
        id="plates-chosen", value=chosen, data=options, size="xs", allowDeselect=False, w=280,
        **{"aria-label": "Plate"},
    )  # fmt: skip
    plate = plate_of(results, chosen)
    turned = dmc.SegmentedControl(
        id="plates-target", size="xs", data=_targets(plate),
        value=_target(plate, None), **{"aria-label": "Target on the plate"},
    )  # fmt: skip
    return html.Div(
        [
            dcc.Store(id="plates-saved", data=0),
            html.Div(
                [
                    html.Div(
                        [html.H1("Plates"), html.Div([turned, select], className="row")],
                        className="row apart",
                    ),
                    html.Div(show(results, chosen), id="plates-shown"),
                ]
            ),
            html.Aside(
                [
                    html.Div(_state(plate), id="plates-state"),
                    html.H2("Leave wells out"),
                    wells.controls(plate),
                    html.Div(wells.told(results, plate), id="plates-told"),
                    html.H2("Sign"),
                    html.Div(seals_of(results, plate), id="plates-seals"),
                    panel("plates", "plate"),
                ]
            ),
        ],
        className="beside",
    )


def show(results: Results, name: str, target: str | None = None) -> list[Any]:
    """Return everything about one plate."""
    try:
        plate = plate_of(results, name)
    except UnknownName:
        return [html.P("That plate is no longer there; choose another.")]
    two = [
        drawn("plate-curve", standard_curve(results, plate=plate), "Standard curve"),
        drawn("plate-map", plate_map(results, plate=plate, target=_target(plate, target)), "Plate"),
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
        html.Div(two[:2], className="two"),
        _acceptance(plate),
        html.Div(two[2:], className="two"),
        _samples(plate),
    ]
    return [*parts, *trends, _standards(plate), _recomputed(plate), _checklist(plate)]


def _targets(plate: PlateView) -> list[str]:
    return [t for t in dict.fromkeys(w.target for w in plate.wells) if t]


def _target(plate: PlateView, asked: str | None) -> str:
    """Return the target to show on the plate: the one asked for, else that of most wells."""
    targets = _targets(plate)
    return asked if asked in targets else max(targets, key=_count(plate), default="")


def _count(plate: PlateView) -> Callable[[str], int]:
    return [w.target for w in plate.wells].count


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
    """Return the acceptance: one line where all pass, what failed and warned in sight."""
    rows = [
        (
            r.rule.replace("_", " "), r.target, r.limit, r.found.replace("%", "\u00a0%"),
            verdict(r.verdict),
        )
        for r in plate.acceptance
    ]  # fmt: skip
    if not rows:
        return html.P("No acceptance rule was applied.", className="quiet")
    heads = ("Rule", "Target", "Limit", "Found", "Verdict")
    odd = [row for row, r in zip(rows, plate.acceptance, strict=True) if r.verdict != "pass"]
    passed = f"{len(rows) - len(odd)} of {counted(len(rows), 'rule')} passed"
    head = html.H2(["Acceptance ", html.Span(f"· {passed}", className="small quiet")])
    whole = html.Details([html.Summary("All rules"), table(heads, rows, label="Acceptance")])
    return html.Div([head, table(heads, odd, label="Rules not passed") if odd else "", whole])


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


def _state(plate: PlateView) -> list[Any]:
    """Return what stands of a plate: its verdict and where it comes from."""
    return [
        html.H2([plate.name, " ", verdict(plate.review)], style={"marginTop": 0}),
        html.P(
            [plate.source.path, html.Br(), html.Code(plate.source.sha256[:SHORT])],
            className="history",
        ),
    ]


def seals_of(results: Results, plate: PlateView) -> Any:
    """Return the signatures that stand on a plate."""
    return seals(results, plate.source.sha256)


def connect(app: Dash, desk: Desk) -> None:
    """Show the plate that is chosen, and show it anew after a change."""
    wells.connect_wells(app, desk)
    connect_signing(app, desk, {"plates": ("plates-chosen", "value", _files(desk))})

    @app.callback(
        Output("plates-shown", "children"),
        Output("plates-wells", "data"),
        Output("plates-told", "children"),
        Output("plates-state", "children"),
        Output("plates-seals", "children"),
        Output("plates-target", "data"),
        Output("plates-target", "value"),
        Input("plates-chosen", "value"),
        Input("plates-saved", "data"),
        Input("signed", "data"),
        State("plates-target", "value"),
        prevent_initial_call=True,
    )
    def choose(name: str, _saved: int, _signed: int, target: str | None) -> tuple[Any, ...]:
        results = desk.results()
        shown = show(results, str(name), target)
        try:
            plate = plate_of(results, str(name))
        except UnknownName:
            return shown, [], "", "", "", [], ""
        words = (wells.options(plate), wells.told(results, plate), _state(plate))
        seen = seals_of(results, plate)
        return shown, *words, seen, _targets(plate), _target(plate, target)

    @app.callback(
        Output("plate-map", "figure"),
        Input("plates-target", "value"),
        State("plates-chosen", "value"),
        prevent_initial_call=True,
    )
    def turn(target: str, name: str) -> Any:
        results = desk.results()
        return plate_map(results, plate=plate_of(results, str(name)), target=str(target))


def _files(desk: Desk) -> Callable[[Any, str], list[str]]:
    return lambda name, _meaning: [plate_of(desk.results(), str(name)).source.sha256]


PAGES.register("plates")(Page("Plates", 3, layout, connect))
