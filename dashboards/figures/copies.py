"""CAR copies per µg DNA over days, per sample and arm."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES, _draw
from dashboards.figures._series import Line, extent, lines
from labproc.model import Measurement, Role
from labproc.pipeline.results import Results

METRIC, UNIT = "copies_per_ug", "copies/µg DNA"
LOST = "not_detected"


def symbol(point: Measurement) -> str:
    """Return a point's sign: closed if quantified, open below LLOQ, a triangle for a limit."""
    if point.status == LOST:
        return "triangle-down-open"
    if point.status == "invalid":
        return "x-thin-open"
    return "circle" if point.status == "quantified" else "circle-open"


def height(point: Measurement) -> float | None:
    """Return where a point stands: its copies, or its upper limit where none were detected."""
    at = point.ci_high if point.status == LOST else point.value
    return at if at is not None and math.isfinite(at) and at > 0 else None


def is_of_a_day(point: Measurement) -> bool:
    """Whether a number is of somebody's cells on a day: controls of a plate are not."""
    return point.key.role is Role.SAMPLE and point.key.day is not None


def ends(point: Measurement) -> list[float]:
    """Return every height that a point and its bar reach."""
    bar = (point.ci_low, point.ci_high) if point.value is not None else ()
    return [at for at in (height(point), *bar) if at is not None and at > 0]


def by_kind(results: Results) -> tuple[_draw.Measures, _draw.Measures]:
    """Return the copies of cultures and those of patients: months do not go with days."""
    patients = results.patients
    found = [p for p in results.courses_of(METRIC) if height(p) and is_of_a_day(p)]
    kept = tuple(p for p in found if p.key.donor not in patients)
    return kept, tuple(p for p in found if p.key.donor in patients)


FAR_BELOW = 10.0  # a limit further down than this would press the curves together


@FIGURES.register("copies")
def copies(
    results: Results, *, donors: Sequence[str] | None = None, linear: bool = False
) -> go.Figure:
    """Draw copies per µg DNA of the cultures over days; of the patients where none is cultured."""
    cultured, patients = by_kind(results)
    points = _draw.of_donors(cultured or patients, donors)
    return over_days(results, points, "No CAR copies yet: no qPCR plate was read.", linear=linear)


@FIGURES.register("persistence")
def persistence(
    results: Results, *, donors: Sequence[str] | None = None, linear: bool = False
) -> go.Figure:
    """Draw copies per µg DNA of the patients over days since the infusion."""
    points = _draw.of_donors(by_kind(results)[1], donors)
    drawing = over_days(results, points, "No patient has CAR copies yet.", linear=linear)
    meta = {**(drawing.layout.meta or {}), "columns": 2}  # months need the room
    return drawing.update_layout(meta=meta)


def over_days(results: Results, points: _draw.Measures, nothing: str, *, linear: bool) -> go.Figure:
    """Draw copies over days; below LLOQ open, not detected as an upper limit."""
    if not points:
        return theme.empty(nothing)
    panel = _draw.Panel(unit=UNIT)
    drawing = theme.figure(400, margin={"l": 72, "r": 128, "t": 12, "b": 48})
    colours = theme.arm_colours(results.arms)
    for line in lines(points):
        drawing.add_traces(culture(line, colours.get(line.arm, theme.QUIET), panel))
    found = [m for m in _draw.means(results, points) if m.n > 1]
    for mean in found:
        drawing.add_traces(_draw.thick(mean, colours[mean.arm], panel)[-1:])
    low, high = extent([end for p in points for end in ends(p)])
    lloq = results.lloq_copies_per_ug
    near = lloq if lloq is not None and lloq > low / FAR_BELOW else None
    low = min(low, near) if near else low
    drawing.update_xaxes(**_draw.day_axis(points))
    if linear:
        drawing.update_yaxes(**theme.y_axis("CAR copies", UNIT, range=[0, 1.05 * high]))
        low, high = 0.0, 1.05 * high
    else:
        drawing.update_yaxes(**theme.log_axis("CAR copies", UNIT, low, high))
    _draw.end_labels(
        drawing, results, _draw.last(found, points), (low, high), panel, log=not linear
    )
    limit_line(drawing, near, log=not linear)
    caption = words(results, bool(found))
    if lloq is not None and near is None:
        caption += f" LLOQ {theme.number(lloq)} {UNIT}, far below."
    drawing.update_layout(meta={"caption": caption})
    return drawing


def culture(line: Line, colour: str, panel: _draw.Panel) -> list[go.Scatter]:
    """Return one culture: a thin line with bars through its numbers, its limits apart."""
    placed = [p for p in line.points if height(p)]
    at = [height(p) for p in placed]
    return [
        go.Scatter(
            x=[p.key.day for p in placed], y=at, mode="lines+markers",
            line={"color": theme.faint(colour, 0.45), "width": 1},
            error_y={"type": "data", "symmetric": False, "thickness": 1, "width": 0,
                     "color": theme.faint(colour, 0.6), "array": [_above(p) for p in placed],
                     "arrayminus": [_below(p) for p in placed]},
            marker={"symbol": [symbol(p) for p in placed], "size": 7, "color": colour,
                    "line": {"width": 1.4, "color": colour}},
            text=[said(p, panel) for p in placed], hovertemplate="%{text}<extra></extra>",
            customdata=[[p.source.sha256 if p.source else "", p.metric] for p in placed],
            **panel.axes,
        )
    ]  # fmt: skip


def _above(point: Measurement) -> float:
    known = point.value is not None and point.ci_high is not None
    return max(0.0, (point.ci_high or 0) - (point.value or 0)) if known else 0.0


def _below(point: Measurement) -> float:
    known = point.value is not None and point.ci_low is not None
    return max(0.0, (point.value or 0) - (point.ci_low or 0)) if known else 0.0


def said(point: Measurement, panel: _draw.Panel) -> str:
    """Say a point's number, or the limit where nothing was detected."""
    if point.status != LOST:
        state = "" if point.status == "quantified" else f"<br>{point.status.replace('_', ' ')}"
        return _draw.hover(point, panel) + state
    limit = theme.number(point.ci_high)
    return f"<b>{theme.plain(point.key.label)}</b><br>not detected: under {limit} {panel.unit}"


def limit_line(drawing: go.Figure, lloq: float | None, *, log: bool) -> None:
    """Draw the lower limit of quantification, named on the line."""
    if lloq is None:
        return
    line = {"color": theme.QUIET, "width": 1, "dash": "dash"}
    drawing.add_hline(y=lloq, line=line)
    drawing.add_annotation(
        text=f"LLOQ {theme.number(lloq)}", x=1.0, xref="paper", xanchor="right",
        y=math.log10(lloq) if log else lloq, yanchor="bottom", showarrow=False,
        font={"size": theme.SMALL, "color": theme.QUIET},
    )  # fmt: skip


def words(results: Results, has_mean: bool) -> str:
    """Say what the signs are."""
    mean = " Thick: geometric mean of the donors, on days when all have a number." * has_mean
    limit = " Open: below LLOQ." * (results.lloq_copies_per_ug is not None)
    return f"One line a culture, bars: 95 % interval.{mean}{limit} ▽: not detected, upper limit."
