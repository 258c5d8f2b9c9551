"""Our percentages beside FlowJo's: where they differ, and an overlay that shows why."""

from typing import Any
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import html

from dashboards import theme
from dashboards.desk import SHORT, Desk
from dashboards.figures._versions import (
    flowjo_overlay,
    flowjo_scatter,
    own_threshold,
    threshold_for,
)
from dashboards.pages._parts import drawn, table
from labproc.exchange._flowjo_table import Pair, same_parent
from labproc.wording import counted

HOW = (
    "No table of FlowJo's is here yet. In FlowJo's table editor add Freq. of Parent for every "
    "population, with the tubes in rows, and save the table: that file is what to drop. Tubes are "
    "known by their file's name, populations by theirs. Then both percentages stand side by side."
)
MOST = 40
SHOWN = 4  # overlays, the most different first
APART = 0.02  # points of percent above which a difference is explained


def show(desk: Desk) -> list[Any]:
    """Return the scatter, the overlays of the most different gates, and every pair."""
    pairs, lost = desk.flowjo()
    if not pairs and not lost:
        return [html.P(HOW)]
    results = desk.results()
    colours = theme.arm_colours(results.arms)
    apart = [p for p in pairs if abs(p.difference) > APART][:SHOWN]
    overlays = [
        html.Div(
            [
                drawn(
                    {"type": "flowjo", "at": i},
                    flowjo_overlay(p, colours.get(p.tube.key.arm, theme.CONTROL)),
                    f"{p.tube.key.label}, {p.gate.population}",
                ),
                html.P(why(p), className="sentence"),
            ]
        )
        for i, p in enumerate(apart)
    ]
    return [
        drawn("flowjo-scatter", flowjo_scatter(pairs, colours)),
        html.H2("Where they differ") if overlays else "",
        html.Div(overlays, className="two"),
        _listed(pairs),
        _lost(lost),
    ]


def why(pair: Pair) -> str:
    """Say in a sentence where a difference comes from."""
    if not same_parent(pair):
        return (
            f"FlowJo's is a percentage of {pair.parent}, ours of {pair.gate.parent}: "
            "they cannot be the same."
        )
    at, own = threshold_for(pair.gate, pair.theirs), own_threshold(pair.gate)
    ours, theirs = theme.percent(pair.gate.fraction), theme.percent(pair.theirs)
    if at is not None and own is not None:
        side = "higher" if at[1] > own else "lower"
        return (
            f"FlowJo's {theirs} is what a threshold at {theme.number(at[1])} gives in these events;"
            f" ours lies at {theme.number(own)} and gives {ours}. FlowJo's gate is {side}."
        )
    return (
        f"Ours is {ours}, FlowJo's {theirs} of the same parent: the outline differs. Import the "
        "workspace with labproc import-gates to lay both outlines over each other."
    )


def _listed(pairs: list[Pair]) -> Any:
    rows = [
        (
            html.A(p.tube.key.label, href=_address(p)),
            p.gate.population, p.parent or "–", theme.percent(p.theirs),
            theme.percent(p.gate.fraction), f"{100 * p.difference:+.1f}".replace("-", "−"),
            "" if same_parent(p) else f"▲ ours is of {p.gate.parent}",
        )
        for p in pairs[:MOST]
    ]  # fmt: skip
    heads = ("Sample", "Population", "FlowJo's parent", "FlowJo", "labproc", "Points apart", "")
    if not rows:
        return ""
    title = html.H2("Every percentage" if len(pairs) <= MOST else f"The {MOST} most different")
    return html.Div([title, table(heads, rows, right=(3, 4, 5), label="FlowJo and labproc")])


def _address(pair: Pair) -> str:
    return f"/gates/{pair.tube.source.sha256[:SHORT]}/{quote(pair.gate.population)}"


def _lost(lost: list[str]) -> Any:
    if not lost:
        return ""
    return dmc.Spoiler(
        [
            html.H2(f"No partner here: {counted(len(lost), 'percentage')} of FlowJo's"),
            *(html.P(words, className="small") for words in lost[:200]),
        ],
        maxHeight=120, showLabel="all", hideLabel="fewer",
    )  # fmt: skip
