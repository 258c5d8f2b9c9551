"""qPCR plates: the standard curve with residuals, the plate as it lay, copies read from it."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES
from labproc.model import CopyNumber, StandardCurve, Status, Task, Well
from labproc.pipeline.results import PlateView, Results
from labproc.qpcr import StandardPoint
from labproc.wording import counted

COLOUR = theme.CONTROL
TARGETS = (theme.CONTROL, "#009e73", "#cc79a7", theme.QUIET)
APART = 0.07  # decades between the residuals of two targets
SHADES = [[0.0, "#16283a"], [0.4, "#56789a"], [1.0, "#e8eef3"]]  # early Cq dark: many copies
SIGN = {Task.STANDARD: "S", Task.NTC: "N", Task.POSITIVE: "P", Task.NRT: "R", Task.IPC: "I"}
NO_PLATE = "No qPCR plate was read yet."


def _first(results: Results, plate: PlateView | None) -> PlateView | None:
    return plate or next(iter(results.plates), None)


@FIGURES.register("standard_curve")
def standard_curve(results: Results, *, plate: PlateView | None = None) -> go.Figure:
    """Draw Cq against copies for every target's standards, the residuals below."""
    shown = _first(results, plate)
    if shown is None or not shown.curves:
        words = NO_PLATE if shown is None else f"{shown.name} has no standard curve."
        return theme.empty(words, ("Copies", "copies/well"))
    drawing = theme.figure(420, margin={"l": 64, "r": 24, "t": 12, "b": 48})
    for i, curve in enumerate(shown.curves):
        aside = APART * (i - (len(shown.curves) - 1) / 2)
        _curve(drawing, shown, curve, TARGETS[i % len(TARGETS)], aside)
    low = min(c.log10_range[0] for c in shown.curves if c.log10_range) - 0.3
    high = max(c.log10_range[1] for c in shown.curves if c.log10_range) + 0.3
    powers = list(range(math.ceil(low), math.floor(high) + 1))
    across = {"tickvals": [10.0**k for k in powers], "type": "log", "range": [low, high]}
    across |= {"ticktext": [theme.short(10.0**k) for k in powers]}
    drawing.update_layout(
        xaxis=theme.axis("Standard", "copies/well", **across, anchor="y2"),
        yaxis=theme.y_axis("Cq", "cycles", domain=[0.36, 1.0]),
        yaxis2=theme.y_axis("Residual", "cycles", domain=[0.0, 0.24], nticks=5),
    )
    _names(drawing, shown.curves)
    drawing.add_hline(y=0, yref="y2", line={"color": theme.QUIET, "width": 1})
    said = [curve_words(c) for c in shown.curves]
    if any(p.is_outlier or p.omitted for p in shown.standards):
        said.append("Open: off the line by more than chance. ×: left out.")
    drawing.update_layout(meta={"caption": " ".join(said)})
    return drawing


def _curve(
    drawing: go.Figure, plate: PlateView, curve: StandardCurve, colour: str, aside: float
) -> None:
    """Add one target's standards and line, and the residuals, moved aside from other targets'."""
    own = [p for p in plate.standards if p.target == curve.target and p.cq is not None]
    at = np.array([p.copies for p in own])
    cq = np.array([float(p.cq or 0) for p in own])
    marker = {"color": colour, "size": 7, "symbol": [_standard_symbol(p) for p in own]}
    point = {
        "mode": "markers",
        "marker": marker,
        "x": at,
        "text": [_standard_words(p) for p in own],
    }
    point |= {"hovertemplate": "%{text}<extra></extra>"}
    drawing.add_scatter(y=cq, **point)
    residual = cq - (curve.intercept + curve.slope * np.log10(at)) if at.size else cq
    drawing.add_scatter(y=residual, **(point | {"x": at * 10.0**aside}), yaxis="y2")
    low, high = curve.log10_range or (0.0, 7.0)
    ends = np.array([low, high])
    drawing.add_scatter(
        x=10.0**ends, y=curve.intercept + curve.slope * ends, mode="lines", hoverinfo="skip",
        line={"color": colour, "width": 2},
    )  # fmt: skip


def _standard_symbol(point: StandardPoint) -> str:
    if point.omitted:
        return "x-thin-open"
    return "circle-open" if point.is_outlier else "circle"


def _standard_words(point: StandardPoint) -> str:
    back = (
        "" if point.error is None else f", read back {100 * point.error:+.0f} %".replace("-", "−")
    )
    doubt = ", left out" if point.omitted else ", off the line" if point.is_outlier else ""
    copies = theme.number(point.copies)
    return f"{point.position}: {copies} copies/well, Cq {point.cq or 0:.2f}{back}{doubt}"


def _names(drawing: go.Figure, curves: Sequence[StandardCurve]) -> None:
    """Write every target's name at the upper right, in its colour, one below the other."""
    for i, curve in enumerate(curves):
        drawing.add_annotation(
            text=f"<b>—</b> {theme.plain(curve.target)}", x=1, xref="paper", xanchor="right", y=1,
            yref="paper", yanchor="top", yshift=-15 * i, showarrow=False,
            font={"size": theme.SMALL, "color": theme.ink(TARGETS[i % len(TARGETS)])},
        )  # fmt: skip


def curve_words(curve: StandardCurve) -> str:
    """Say what a standard curve is: slope, efficiency with its interval, R², points."""
    gain = theme.percent(curve.efficiency)
    if curve.efficiency_ci:
        gain += (
            f" ({theme.percent(curve.efficiency_ci[0])} to {theme.percent(curve.efficiency_ci[1])})"
        )
    r_squared = "" if curve.r_squared is None else f", R² {curve.r_squared:.4f}"
    slope = f"{curve.slope:.3f}".replace("-", "−")
    points = f"{counted(curve.n_points, 'well')} of {counted(curve.n_levels, 'level')}"
    return f"{curve.target}: slope {slope}, efficiency {gain}{r_squared}, {points}."


def grid(wells: Sequence[Well]) -> tuple[list[str], list[int]]:
    """Return the rows and columns of the plate that holds these wells: 8 x 12 or 16 x 24."""
    large = any(w.position[:1] > "H" or int(w.position[1:] or 0) > 12 for w in _placed(wells))
    return list("ABCDEFGHIJKLMNOP"[: 16 if large else 8]), list(range(1, 25 if large else 13))


def _placed(wells: Sequence[Well]) -> list[Well]:
    return [w for w in wells if w.position[:1].isalpha() and w.position[1:].isdigit()]


@FIGURES.register("plate_map")
def plate_map(
    results: Results, *, plate: PlateView | None = None, target: str | None = None
) -> go.Figure:
    """Draw one target's Cq where the wells lay; a dash where nothing was detected."""
    shown = _first(results, plate)
    wells = _placed(shown.wells) if shown else []
    targets = [w.target for w in wells]
    if not wells:
        return theme.empty(NO_PLATE, ("Column", "plate position"))
    chosen = target or max(dict.fromkeys(targets), key=targets.count)
    rows, columns = grid(wells)
    cq = np.full((len(rows), len(columns)), np.nan)
    signs = [["" for _ in columns] for _ in rows]
    words = [["empty" for _ in columns] for _ in rows]
    for well in (w for w in wells if w.target == chosen):
        row, column = rows.index(well.position[0]), int(well.position[1:]) - 1
        cq[row, column] = np.nan if well.cq is None else well.cq
        signs[row][column] = "×" if well.omitted else SIGN.get(well.task, "" if well.cq else "–")
        words[row][column] = _well_words(well)
    drawing = theme.figure(330, margin={"l": 56, "r": 24, "t": 12, "b": 44})
    bar = {"title": {"text": "Cq (cycles)", "font": {"size": theme.SMALL}}, "thickness": 10}
    drawing.add_heatmap(
        z=cq, x=columns, y=rows, text=signs, customdata=words, xgap=2, ygap=2, colorscale=SHADES,
        colorbar={**bar, "outlinewidth": 0}, texttemplate="%{text}",
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    across = theme.axis("Column", f"plate position · {theme.plain(chosen)}", dtick=1, ticks="")
    drawing.update_xaxes(**across, tickangle=0)
    upright = theme.axis("Row", "plate position", autorange="reversed", ticks="", showline=False)
    drawing.update_yaxes(**upright)
    caption = f"{chosen}: S standard, N no template, P positive, – not detected, × left out."
    drawing.update_layout(meta={"caption": caption})
    return drawing


def _well_words(well: Well) -> str:
    cq = "not detected" if well.cq is None else f"Cq {well.cq:.2f}"
    name = theme.plain(well.sample) or "no name"
    return f"<b>{well.position}</b> {name}<br>{theme.plain(well.target)}, {well.task.value}<br>{cq}"


@FIGURES.register("plate_copies")
def plate_copies(results: Results, *, plate: PlateView | None = None) -> go.Figure:
    """Draw every sample's copies per well with its interval, the first at the top."""
    shown = _first(results, plate)
    samples = [s for s in (shown.samples if shown else ()) if _height(s)]
    if not samples:
        words = NO_PLATE if shown is None else f"{shown.name} has no samples to quantify."
        return theme.empty(words, ("Copies", "copies/well"))
    drawing = theme.figure(90 + 20 * len(samples), margin={"l": 20, "r": 24, "t": 12, "b": 48})
    for i, target in enumerate(dict.fromkeys(s.target for s in samples)):
        own = [s for s in samples if s.target == target]
        _copies_of(drawing, own, TARGETS[i % len(TARGETS)])
    at = [_height(s) or 1.0 for s in samples]
    low, high = min(at) / 2, max(at) * 2
    across = theme.log_axis("Copies", "copies/well", low, high) | {"showline": True}
    drawing.update_xaxes(**across)
    upright = theme.axis("Sample", "sample · target", autorange="reversed", showline=False)
    drawing.update_yaxes(**(upright | {"ticks": ""}))
    caption = (
        "Bars: 95 % interval. Open: below LLOQ. ◁: not detected, upper limit. △: above the "
        "standards. ×: invalid."
    )
    drawing.update_layout(meta={"caption": caption})
    return drawing


def _copies_of(drawing: go.Figure, samples: Sequence[CopyNumber], colour: str) -> None:
    """Add the samples of one target."""
    drawing.add_scatter(
        x=[_height(s) or 1.0 for s in samples],
        y=[_name(s) for s in samples],
        mode="markers",
        error_x={"type": "data", "symmetric": False, "thickness": 1.2, "width": 0, "color": colour,
                 "array": [max(0.0, (s.ci_high or 0) - (s.copies or 1e99)) for s in samples],
                 "arrayminus": [max(0.0, (s.copies or 0) - (s.ci_low or 1e99)) for s in samples]},
        marker={"size": 8, "color": colour, "symbol": [_symbol(s) for s in samples],
                "line": {"width": 1.4, "color": colour}},
        text=[_sample_words(s) for s in samples], hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _name(sample: CopyNumber) -> str:
    """Name a sample and its target; a well without a sample by its place."""
    return f"{theme.plain(_cut(sample.sample or sample.wells[0]))} · {theme.plain(sample.target)}"


def _cut(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"


def _height(sample: CopyNumber) -> float | None:
    at = sample.ci_high if sample.status is Status.NOT_DETECTED else sample.copies
    return at if at is not None and math.isfinite(at) and at > 0 else None


SYMBOLS = {
    Status.QUANTIFIED: "circle",
    Status.BELOW_LLOQ: "circle-open",
    Status.NOT_DETECTED: "triangle-left-open",
    Status.ABOVE_RANGE: "triangle-up-open",
    Status.INVALID: "x-thin-open",
}


def _symbol(sample: CopyNumber) -> str:
    return SYMBOLS[sample.status]


def _sample_words(sample: CopyNumber) -> str:
    wells = f"{sample.n_detected} of {counted(sample.n_wells, 'well')}"
    status = sample.status.value.replace("_", " ")
    copies = theme.with_interval(sample.copies, sample.ci_low, sample.ci_high)
    return f"<b>{theme.plain(sample.sample)}</b><br>{copies} copies/well<br>{wells}, {status}"
