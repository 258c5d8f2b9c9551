"""A study beside an earlier state of it, or beside another study: what differs, how much."""

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards import theme, wording
from dashboards.desk import Desk
from dashboards.figures._versions import then_and_now
from dashboards.pages._parts import drawn, table
from dashboards.report_tables import metric_name
from labproc.pipeline.earlier import Difference, conclusions, differences, matched

FIRST = "first"
MOST = 60  # rows that are listed
METRICS = ("cart_total", "car_fraction", "cd4_cd8_ratio", "copies_per_ug", "cells_per_ul")


def choice(desk: Desk) -> Any:
    """Return the menu of what can be compared with."""
    named = [{"value": FIRST, "label": "as computed, before anyone's change"}]
    named += [{"value": f"at {m.at}", "label": m.words} for m in desk.moments()]
    named += [{"value": f"study {n}", "label": f"study {n}"} for n in desk.siblings()]
    return dmc.Select(
        id="compare-against", value=FIRST, data=named, size="xs", w=420, allowDeselect=False,
        searchable=True, label="Against",
    )  # fmt: skip


def show(desk: Desk, against: str) -> list[Any]:
    """Return figure, conclusions and numbers against the state that was chosen."""
    now = desk.results()
    then = desk.before(against)
    both = matched(then.measurements, now.measurements)
    changed = differences(then.measurements, now.measurements)
    metric = next((m for m in METRICS if any(d.either.metric == m for d in both)), "")
    head = html.P(
        f"{len(changed)} of {len(now.measurements)} numbers differ."
        if changed
        else "Nothing differs: every number is the same then and now.",
        role="status",
    )
    figures = [
        drawn({"type": "compare-then", "metric": m}, then_and_now(now, m, both), metric_name(m))
        for m in METRICS[:4]
        if any(d.either.metric == m for d in both)
    ]
    told = html.Div([html.H2("Conclusions"), _conclusions(then, now)])
    rows = [_row(d) for d in changed[:MOST]]
    heads = ("Sample", "Measured", "Of", "Then", "Now", "Change", "Unit")
    more = "" if len(changed) <= MOST else f"The {MOST} that changed most, of {len(changed)}."
    listed = table(heads, rows, right=(3, 4, 5), label="Numbers that differ") if rows else ""
    return [
        head,
        told,
        html.Div(figures, className="two") if metric else "",
        html.H2("Numbers that differ") if rows else "",
        html.P(more, className="small quiet"),
        listed,
    ]


def _conclusions(then: Any, now: Any) -> Any:
    rows = [
        (
            one.outcome.replace("_", " "), one.contrast,
            theme.with_interval(old.estimate, old.ci_low, old.ci_high) if old else "–",
            wording.p_value(old) if old else "–",
            theme.with_interval(one.estimate, one.ci_low, one.ci_high), wording.p_value(one),
            one.test,
        )
        for old, one in conclusions(then.comparisons, now.comparisons)
    ]  # fmt: skip
    heads = ("Outcome", "Contrast", "Then (95 %)", "P then", "Now (95 %)", "P now", "Test")
    if not rows:
        return html.P("No comparison of whole courses in either.", className="quiet")
    return table(heads, rows, right=(2, 4), label="Conclusions then and now")


def _row(one: Difference) -> tuple[Any, ...]:
    either = one.either
    name = either.key.without_tube().label
    change = "–" if one.change is None else f"{100 * one.change:+.1f} %".replace("-", "−")
    link: Any = name
    if either.source:
        page = "plates" if "cop" in either.metric or either.metric == "vcn" else "gates"
        link = html.A(name, href=f"/{page}/{either.source.sha256[:16]}")
    return (
        link, metric_name(either.metric), either.parent,
        wording.value_words(one.then) if one.then else "not there",
        wording.value_words(one.now) if one.now else "not there",
        change, "" if either.unit == "fraction" else either.unit,
    )  # fmt: skip
