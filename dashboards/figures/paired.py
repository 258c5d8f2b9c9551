"""The last day in pairs: every donor's cultures side by side, a line between them."""

import math

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES, _draw
from dashboards.figures._series import extent, usable
from dashboards.figures.growth import growth_metric
from labproc.model import METRICS, Measurement
from labproc.pipeline.results import Results

Course = tuple[str, str, str]


def last_pairs(
    results: Results, metric: str
) -> tuple[int | None, dict[Course, dict[str, Measurement]]]:
    """Return the last day on which every arm was measured, and each donor's numbers by arm."""
    arms = {a.name for a in results.main_arms}
    days: dict[int, dict[Course, dict[str, Measurement]]] = {}
    for row in results.courses_of(metric):
        if usable(row):
            key = (row.key.donor, row.key.experiment, row.key.replicate)
            days.setdefault(int(row.key.day or 0), {}).setdefault(key, {})[row.key.arm] = row
    whole = [day for day, rows in days.items() if set().union(*rows.values()) >= arms]
    return (max(whole), days[max(whole)]) if whole else (None, {})


@FIGURES.register("paired")
def paired(results: Results) -> go.Figure:
    """Draw the cells of the last day, a line from each donor's control to its treated culture."""
    metric, words = growth_metric(results)
    day, rows = last_pairs(results, metric)
    if day is None:
        return theme.empty("No day on which every arm was counted.", ("Arm", "cultures"))
    unit, panel = METRICS[metric], _draw.Panel(unit=METRICS[metric])
    drawing = theme.figure(400, margin={"l": 72, "r": 64, "t": 16, "b": 52})
    colours = theme.arm_colours(results.arms)
    place = {arm.name: i for i, arm in enumerate(results.main_arms)}
    ends: list[tuple[str, Measurement]] = []
    for (donor, _, _), by_arm in sorted(rows.items()):
        found = sorted(by_arm.values(), key=lambda m: place.get(m.key.arm, 99))
        found = [m for m in found if m.key.arm in place]
        drawing.add_scatter(
            x=[place[m.key.arm] for m in found], y=[m.value for m in found], mode="lines+markers",
            line={"color": theme.QUIET, "width": 1},
            marker={"size": 9, "color": [colours[m.key.arm] for m in found],
                    "symbol": [theme.marker(m.flags) for m in found]},
            text=[_draw.hover(m, panel) for m in found], hovertemplate="%{text}<extra></extra>",
            customdata=[[m.source.sha256 if m.source else "", m.metric] for m in found],
        )  # fmt: skip
        ends.append((donor, found[-1]))
    labels = [_draw.two_lines(arm) for arm in results.main_arms]
    ticks = {"tickvals": list(place.values()), "ticktext": labels, "ticks": ""}
    drawing.update_xaxes(**theme.axis("Arm", "cultures", range=[-0.5, len(place) - 0.5], **ticks))
    limits = extent(m.value for by_arm in rows.values() for m in by_arm.values())
    drawing.update_yaxes(**theme.log_axis(f"{words}, day {day}", unit, *limits))
    _names(drawing, ends, place, limits)
    caption = f"Day {day}; one line a donor's cultures (n = {len({k[0] for k in rows})} donors)."
    drawing.update_layout(meta={"caption": caption})
    return drawing


def _names(
    drawing: go.Figure, ends: list[tuple[str, Measurement]], place: dict[str, int],
    limits: tuple[float, float],
) -> None:  # fmt: skip
    """Write every donor's name where its line ends, moved apart where two would touch."""
    plot = float(drawing.layout.height - drawing.layout.margin.t - drawing.layout.margin.b)
    span = math.log(limits[1] / limits[0])
    heights = [plot * math.log((m.value or 1.0) / limits[0]) / span for _, m in ends]
    moved = theme.spread(heights, 14.0)
    for (donor, end), at, to in zip(ends, heights, moved, strict=True):
        drawing.add_annotation(
            x=place[end.key.arm], y=math.log10(end.value or 1.0), text=theme.plain(donor),
            xanchor="left", xshift=10, yshift=to - at, showarrow=False,
            font={"size": theme.SMALL, "color": theme.QUIET},
        )  # fmt: skip
