"""What the trend figures share: thin cultures, a thick mean with its band, labels at the end."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures._series import Line, Mean, arm_mean, extent, lines
from labproc.model import Measurement
from labproc.pipeline.results import Arm, Results
from labproc.wording import any_counted, counted

Measures = Sequence[Measurement]
LARGEST = 16  # ticks that fit beside each other
Write = Callable[[float | None], str]


@dataclass(frozen=True, slots=True)
class Panel:
    """Where lines are drawn: the axes' suffix (``""``, ``"2"``) and how a value is written."""

    suffix: str = ""
    unit: str = ""
    write: Write = theme.number

    @property
    def axes(self) -> dict[str, str]:
        """The names plotly gives this panel's axes."""
        return {"xaxis": f"x{self.suffix}", "yaxis": f"y{self.suffix}"}


def of_donors(points: Iterable[Measurement], donors: Sequence[str] | None) -> Measures:
    """Keep the chosen donors; all where none is named."""
    return tuple(p for p in points if donors is None or p.key.donor in donors)


def cultures(
    results: Results, points: Measures, panel: Panel, dash: str = "solid"
) -> list[go.Scatter]:
    """Return every culture as a thin line in its arm's colour."""
    colours = theme.arm_colours(results.arms)
    return [_thin(line, colours.get(line.arm, theme.QUIET), panel, dash) for line in lines(points)]


def _thin(line: Line, colour: str, panel: Panel, dash: str) -> go.Scatter:
    shown = [p for p in line.points if p.value is not None]
    return go.Scatter(
        x=[p.key.day for p in shown], y=[p.value for p in shown], mode="lines+markers",
        line={"color": theme.faint(colour, 0.55), "width": 1, "dash": dash},
        marker={"symbol": [theme.marker(p.flags) for p in shown], "size": 6, "color": colour,
                "line": {"width": 1.2, "color": colour}},
        text=[hover(p, panel) for p in shown], hovertemplate="%{text}<extra></extra>",
        customdata=[[p.source.sha256 if p.source else "", p.metric] for p in shown],
        name=f"{theme.plain(line.donor)} {theme.plain(line.arm)}", **panel.axes,
    )  # fmt: skip


def hover(point: Measurement, panel: Panel) -> str:
    """Say what a point is: whose, when, its number with its interval, and why to doubt it."""
    interval = ""
    if point.ci_low is not None and point.ci_high is not None and point.value is not None:
        interval = f" ({panel.write(point.ci_low)}–{panel.write(point.ci_high)})"
    flags = [f"▲ {theme.plain(f.message)}" for f in point.flags]
    words = [f"<b>{theme.plain(point.key.label)}</b>"]
    words.append(f"{panel.write(point.value)}{interval} {panel.unit}")
    if point.parent:
        words.append(f"of {theme.plain(point.parent)}")
    return "<br>".join([*words, *flags])


def means(results: Results, points: Measures) -> list[Mean]:
    """Return the mean of every arm that has one."""
    found = [arm_mean(points, arm.name) for arm in results.arms]
    return [m for m in found if m.days.size]


def thick(mean: Mean, colour: str, panel: Panel, dash: str = "solid") -> list[go.Scatter]:
    """Return an arm's mean as a thick line with its 95 % interval as a band."""
    words = [
        f"<b>mean of {counted(mean.n, 'donor')}, day {day:g}</b><br>{panel.write(v)} {panel.unit}"
        for day, v in zip(mean.days, mean.values, strict=True)
    ]
    line = go.Scatter(
        x=mean.days, y=mean.values, mode="lines",
        line={"color": colour, "width": 3, "dash": dash},
        text=words, hovertemplate="%{text}<extra></extra>", **panel.axes,
    )  # fmt: skip
    return [*_band(mean, colour, panel), line]


def _band(mean: Mean, colour: str, panel: Panel) -> list[go.Scatter]:
    known = np.isfinite(mean.low)
    if not known.any():
        return []
    days, low, high = mean.days[known], mean.low[known], mean.high[known]
    outline = {"x": np.r_[days, days[::-1]], "y": np.r_[high, low[::-1]]}
    fill = theme.faint(colour, 0.14)
    return [
        go.Scatter(
            **outline, fill="toself", fillcolor=fill, mode="none", hoverinfo="skip", **panel.axes
        )
    ]


def band_words(found: Sequence[Mean]) -> str:
    """Say what the thick line and its band are."""
    if not found:
        return "Thin: one culture."
    count = any_counted({m.n for m in found}, "donor")
    has_band = any(np.isfinite(m.low).any() for m in found)
    band = "; band: its 95 % interval (t)" if has_band else "; no interval under 3 donors"
    return f"Thin: one culture. Thick: geometric mean of n = {count}{band}."


def reach(points: Measures, found: Sequence[Mean]) -> tuple[float, float]:
    """Return the range of an axis: every point, and the bands up to a factor of 4 beyond."""
    low, high = extent([v for p in points for v in (p.value,)])
    band_low, band_high = extent([v for m in found for v in (*m.low, *m.high, low, high)])
    return max(band_low, low / 4), min(band_high, high * 4)


def end_labels(
    drawing: go.Figure, results: Results, ends: Mapping[str, tuple[float, float]],
    limits: tuple[float, float], panel: Panel, log: bool = True,
) -> None:  # fmt: skip
    """Write every arm's label where its line ends, moved apart where two would touch."""
    arms = [a for a in results.arms if a.name in ends]
    height = _plot_height(drawing)
    colours = theme.arm_colours(results.arms)
    place = [_share(ends[a.name][1], limits, log) * height for a in arms]
    for arm, at, moved in zip(arms, place, theme.spread(place, 30.0), strict=True):
        day, value = ends[arm.name]
        drawing.add_annotation(
            x=day, y=math.log10(value) if log else value, text=two_lines(arm), xanchor="left",
            align="left", xshift=8, yshift=moved - at, showarrow=False,
            xref=panel.axes["xaxis"], yref=panel.axes["yaxis"],
            font={"size": theme.SMALL, "color": theme.ink(colours[arm.name])},
        )  # fmt: skip


def _plot_height(drawing: go.Figure) -> float:
    margin = drawing.layout.margin
    return float(drawing.layout.height - margin.t - margin.b)


def _share(value: float, limits: tuple[float, float], log: bool) -> float:
    low, high = limits
    if log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def two_lines(arm: Arm) -> str:
    """Break a long label before its dose."""
    label = theme.plain(arm.label or arm.name)
    return label.replace(" ", "<br>", 1) if len(label) > 14 else label


def day_axis(points: Measures, **more: object) -> dict[str, object]:
    """Return the axis of days, a tick on every day that was measured (at most about ten)."""
    days = sorted({p.key.day for p in points if p.key.day is not None})
    room = max(0.4, 0.03 * (days[-1] - days[0])) if days else 1.0
    ends = [days[0] - room, days[-1] + room] if days else [0, 1]
    ticks = _apart(days, (days[-1] - days[0]) / LARGEST) if days else []
    at = {"tickvals": ticks, "ticktext": [str(day) for day in ticks], "tickangle": 0}
    return theme.axis("Day", "days since start", **at, range=ends, **more)


def _apart(days: Sequence[int], least: float) -> list[int]:
    """Leave out the days whose ticks would touch the tick before."""
    kept = list(days[:1])
    for day in days[1:]:
        if day - kept[-1] >= least:
            kept.append(day)
    return kept


def last(found: Sequence[Mean], points: Measures) -> dict[str, tuple[float, float]]:
    """Return where each arm's line ends: the mean's last day, or the last of its cultures."""
    ends = {
        line.arm: (float(p.key.day or 0), float(p.value or 1))
        for line in lines(points)
        for p in line.points[-1:]
        if p.value
    }
    return ends | {m.arm: (float(m.days[-1]), float(m.values[-1])) for m in found}


def beside(drawing: go.Figure, at: float, words: str) -> None:
    """Write words at the right end of a level line of a log axis."""
    drawing.add_annotation(
        text=words, x=1, xref="paper", xanchor="left", xshift=4, y=math.log10(at), showarrow=False,
        font={"size": theme.SMALL, "color": theme.QUIET},
    )  # fmt: skip
