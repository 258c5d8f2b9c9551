"""Survival curves and swimmer lanes of a patient table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboards import theme
from labproc.cohort.kaplan_meier import Curve, kaplan_meier, numbers_at_risk
from labproc.cohort.survival import Followed
from labproc.cohort.swimmer import Lane
from labproc.model import PatientEvent
from labproc.pipeline.results import Arm

DAYS_PER_MONTH = 30.4375
SYMBOLS = (
    "diamond", "square", "triangle-up", "star", "cross", "circle", "triangle-down", "x", "pentagon",
    "hourglass", "bowtie", "triangle-left",
)  # fmt: skip
SHADES = {"CR": 1.0, "PR": 0.65, "SD": 0.4, "NR": 0.25, "PD": 0.25}
"""How strongly a lane is coloured: the better the best response, the fuller."""


def survival_figure(data: Followed, *, sentence: str = "") -> go.Figure:
    """Draw Kaplan-Meier curves with their censored patients and the numbers at risk below."""
    colours = _colours(data.arms)
    unit = data.endpoint.unit
    if not data.time.size:
        return theme.empty(f"No patient has a time and an event for {data.endpoint.name}.")
    at = _ticks(float(data.time.max()))
    longest = max(len(arm) for arm in data.arms)
    drawing = theme.figure(
        340 + 18 * len(data.arms),
        margin={"l": max(96, 70 + 7 * longest), "r": 24, "t": 40, "b": 70 + 18 * len(data.arms)},
    )
    for i, arm in enumerate(data.arms):
        time, event = data.of(arm)
        if time.size:
            curve = kaplan_meier(time, event)
            for trace in _steps(curve, time, event, arm, colours[arm]):
                drawing.add_trace(trace)
            _risk_row(drawing, arm, numbers_at_risk(time, at), at, i, colours[arm])
    drawing.update_xaxes(
        **theme.axis("Time since infusion", unit), tickvals=at, range=[0, 1.03 * data.time.max()]
    )
    drawing.update_yaxes(
        **theme.y_axis(f"{data.endpoint.name}", "fraction"), range=[0, 1.04], tickformat=".1f"
    )
    above = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}  # never over a curve
    drawing.update_layout(showlegend=True, legend=above, meta={"caption": sentence})
    return drawing


def _colours(arms: Sequence[str]) -> dict[str, str]:
    shown = [Arm(name, name, is_control=i == 0) for i, name in enumerate(arms)]
    return theme.arm_colours(shown)


def _ticks(last: float) -> list[float]:
    """Return about six whole steps from 0 on."""
    for step in (1, 2, 3, 6, 12, 24, 30, 60, 90, 180, 365, 730):
        if last / step <= 8:
            break
    return [float(t) for t in np.arange(0, last + 1e-9, step)]


def _steps(curve: Curve, time: Any, event: Any, arm: str, colour: str) -> list[go.Scatter]:
    x = np.concatenate([[0.0], curve.times, [curve.last]])
    last = curve.survival[-1] if curve.survival.size else 1.0
    y = np.concatenate([[1.0], curve.survival, [last]])
    censored = np.sort(time[event == 0])
    before = np.searchsorted(curve.times, censored, side="right")
    heights = np.concatenate([[1.0], curve.survival])[before]
    line = go.Scatter(
        x=x, y=y, mode="lines", line={"shape": "hv", "color": colour, "width": 2},
        name=f"{theme.plain(arm)} (n = {curve.n})",
        hovertemplate="%{x:.3g}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    marks = go.Scatter(
        x=censored, y=heights, mode="markers", showlegend=False,
        name=f"{theme.plain(arm)} censored",
        marker={"symbol": "line-ns-open", "size": 9, "color": colour, "line": {"width": 1.5}},
        hovertemplate="censored at %{x:.3g}<extra></extra>",
    )  # fmt: skip
    return [line, marks]


def _risk_row(
    drawing: go.Figure, arm: str, counts: Sequence[int], at: Sequence[float], row: int, colour: str
) -> None:
    """Write one arm's numbers at risk under the axis."""
    below = {"yref": "paper", "y": 0, "yshift": -62 - 18 * row, "showarrow": False}
    font = {"size": theme.SMALL, "color": theme.ink(colour)}
    for time, count in zip(at, counts, strict=True):
        drawing.add_annotation(x=time, text=str(count), font=font, **below)
    drawing.add_annotation(
        xref="paper", x=0, xanchor="right", xshift=-14, text=f"{theme.plain(arm)} at risk",
        font=font, **below,
    )  # fmt: skip


def swimmer_figure(lanes: Sequence[Lane], arms: Sequence[str]) -> go.Figure:
    """Draw a lane per patient: response as strength of colour, arrows for those who go on."""
    if not lanes:
        return theme.empty("No patient has a time to draw a lane of.")
    colours = _colours(arms)
    names = [theme.plain(lane.patient) for lane in lanes]
    labels = [f"{n}  {theme.plain(x.response)}" for n, x in zip(names, lanes, strict=True)]
    months = [lane.days / DAYS_PER_MONTH for lane in lanes]
    drawing = theme.figure(90 + 24 * len(lanes), margin={"l": 84, "r": 96, "t": 16, "b": 56})
    for arm in dict.fromkeys(lane.arm for lane in lanes):
        mine = [i for i, lane in enumerate(lanes) if lane.arm == arm]
        drawing.add_trace(_bars([lanes[i] for i in mine], colours[arm], arm))
        drawing.add_trace(_swatch(colours[arm], arm))
    for kind, symbol in zip(_events(lanes), (SYMBOLS * 3), strict=False):
        drawing.add_trace(_marks(lanes, kind, symbol))
    for name, months_seen, lane in zip(names, months, lanes, strict=True):
        _end(drawing, name, months_seen, lane)
    drawing.update_xaxes(**theme.axis("Time since infusion", "months"), rangemode="tozero")
    drawing.update_yaxes(
        **theme.axis("Patient", "name, best response", showline=False, ticks=""),
        categoryorder="array", categoryarray=names[::-1], tickvals=names, ticktext=labels,
    )  # fmt: skip
    drawing.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    )
    return drawing.update_layout(barmode="overlay", margin={"t": 48}, meta={"lanes": True})


def _bars(lanes: Sequence[Lane], colour: str, arm: str) -> go.Bar:
    shades = [theme.faint(colour, SHADES.get(lane.response.upper(), 0.5)) for lane in lanes]
    return go.Bar(
        x=[lane.days / DAYS_PER_MONTH for lane in lanes],
        y=[theme.plain(lane.patient) for lane in lanes],
        orientation="h", width=0.62, name=theme.plain(arm), showlegend=False,
        marker={"color": shades, "line": {"color": colour, "width": 1}},
        hovertemplate="%{y}: %{x:.1f} months<extra></extra>",
    )  # fmt: skip


def _swatch(colour: str, arm: str) -> go.Scatter:
    """Return an arm's line in the legend in its full colour, whatever its first patient's shade."""
    marker = {"symbol": "square", "size": 12, "color": colour}
    return go.Scatter(x=[None], y=[None], mode="markers", name=theme.plain(arm), marker=marker)


def _lived(lane: Lane) -> list[PatientEvent]:
    """Return the events that a lane does not show already: its start and that of treatment do."""
    begun = lane.treatment_from
    told = [m for m in lane.marks if m.day == begun and "start" in m.event.casefold()]
    return [m for m in lane.marks if m not in told and (m.day or "infusion" not in m.event)]


def _events(lanes: Sequence[Lane]) -> list[str]:
    kinds = [m.event for lane in lanes for m in _lived(lane)]
    begun = ["treatment starts"] if any(lane.treatment_from is not None for lane in lanes) else []
    return [*begun, *dict.fromkeys(kinds)]


def _marks(lanes: Sequence[Lane], kind: str, symbol: str) -> go.Scatter:
    points = [
        (day, lane.patient)
        for lane in lanes
        for day in (
            [lane.treatment_from]
            if kind == "treatment starts"
            else [m.day for m in _lived(lane) if m.event == kind]
        )
        if day is not None
    ]
    return go.Scatter(
        x=[day / DAYS_PER_MONTH for day, _ in points], y=[theme.plain(who) for _, who in points],
        mode="markers", name=theme.plain(kind),
        marker={"symbol": symbol, "size": 10, "color": theme.TEXT,
                "line": {"width": 1, "color": "white"}},
        hovertemplate=f"{theme.plain(kind)}: %{{x:.1f}} months<extra></extra>",
    )  # fmt: skip


def _end(drawing: go.Figure, name: str, months: float, lane: Lane) -> None:
    """Put an arrow on a lane that goes on, and the last state beside it."""
    if lane.goes_on:
        drawing.add_annotation(
            x=months, y=name, ax=26, ay=0, text="", showarrow=True, arrowhead=2, arrowside="start",
            arrowwidth=1.5, arrowcolor=theme.TEXT,
        )  # fmt: skip
    if lane.state_at_end:
        drawing.add_annotation(
            x=months, y=name, text=theme.plain(lane.state_at_end), showarrow=False,
            xanchor="left", xshift=32, font={"size": theme.SMALL, "color": theme.QUIET},
        )  # fmt: skip
