"""One patient's or culture's copies over time, what was done to it marked."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES, _draw
from dashboards.figures._series import extent, lines
from dashboards.figures.copies import METRIC, UNIT, culture, height, limit_line, words
from labproc.pipeline.results import Results

WIDTH, LETTER = 900.0, 7.5  # px of the plot and of one letter, for placing words
Culture = tuple[str, str, str, str]


def longest(results: Results) -> Culture | None:
    """Return the culture with the most days of copies, patients with events before others."""
    patients = results.patients
    found = lines(results.of(METRIC))
    best = max(found, key=lambda n: (n.donor in patients, len(n.points)), default=None)
    return best.points[0].key.culture if best else None


def events_of(results: Results, chosen: Culture) -> list[tuple[int, str]]:
    """Return what happened to a culture or patient: day and words, in order of days."""
    handled = [(e.day, e.event) for e in results.culture_events if e.culture == chosen and e.event]
    lived = [(e.day, e.event) for e in results.patient_events if e.patient == chosen[0]]
    return sorted(set(handled + lived))


@FIGURES.register("timeline")
def timeline(results: Results, *, chosen: Culture | None = None) -> go.Figure:
    """Draw one culture's copies per µg DNA over days with its events marked."""
    chosen = chosen or longest(results)
    points = tuple(p for p in results.of(METRIC) if p.key.culture == chosen and height(p))
    if chosen is None or not points:
        return theme.empty("No culture or patient has CAR copies over time yet.")
    events = events_of(results, chosen)
    days = _days(points, events)
    rows = _rows(events, days["range"])
    panel = _draw.Panel(unit=UNIT)
    drawing = theme.figure(
        400, margin={"l": 72, "r": 36, "t": 14 + 15 * (max(rows, default=0) + 1), "b": 48}
    )
    colour = theme.arm_colours(results.arms).get(chosen[2], theme.QUIET)
    for line in lines(points):
        for trace in culture(line, colour, panel):
            drawing.add_trace(trace.update(line_width=2, line_color=colour))
    low, high = extent([*(height(p) for p in points), results.lloq_copies_per_ug])
    drawing.update_xaxes(**days)
    drawing.update_yaxes(**theme.log_axis("CAR copies", UNIT, low, high))
    limit_line(drawing, results.lloq_copies_per_ug, log=True)
    _mark(drawing, events, rows)
    name = " ".join(p for p in (chosen[0], chosen[1], chosen[2], chosen[3]) if p)
    caption = f"{name}. {words(results, has_mean=False)}"
    drawing.update_layout(meta={"caption": caption, "columns": 2})  # for the events' words
    return drawing


def _days(points: _draw.Measures, events: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """Return the axis of days, wide enough for events outside the measured days."""
    days = [p.key.day for p in points if p.key.day is not None] + [day for day, _ in events]
    room = max(0.5, 0.04 * (max(days) - min(days)))
    return _draw.day_axis(points) | {"range": [min(days) - room, max(days) + room]}


def _rows(events: Sequence[tuple[int, str]], ends: Sequence[float]) -> list[int]:
    """Return the row each event's word stands on: the lowest where it touches no other."""
    taken: list[float] = []  # where the last word of each row ends, in px
    rows = []
    for day, event in events:
        centre = WIDTH * (day - ends[0]) / (ends[1] - ends[0])
        half = LETTER * len(event) / 2
        free = [i for i, end in enumerate(taken) if end <= centre - half]
        row = free[0] if free else len(taken)
        taken[row : row + 1] = [centre + half + LETTER]
        rows.append(row)
    return rows


def _mark(drawing: go.Figure, events: Sequence[tuple[int, str]], rows: Sequence[int]) -> None:
    """Draw a thin line and a word at each event; words that would touch stand on other rows."""
    for row, (day, event) in zip(rows, events, strict=True):
        drawing.add_vline(x=day, line={"color": theme.QUIET, "width": 1, "dash": "dot"})
        drawing.add_annotation(
            x=day, y=1.0, yref="paper", yanchor="bottom", yshift=2 + 15 * row,
            text=theme.plain(event), showarrow=False, xanchor="center",
            font={"size": theme.SMALL, "color": theme.TEXT},
        )  # fmt: skip
