"""CAR copies of a cohort's patients by arm: every course thin, the arms' visits thick."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import _draw
from dashboards.figures._series import extent, lines
from dashboards.figures.copies import METRIC, UNIT, culture, ends, height
from labproc.cohort.copies import Visit, at_visits
from labproc.cohort.timeline import VISIT_WINDOWS
from labproc.model import Measurement
from labproc.pipeline.results import Arm
from labproc.wording import counted

FEWEST = 2  # patients from whom a mean is drawn


def copies_figure(measured: Sequence[Measurement], arms: Sequence[str]) -> go.Figure:
    """Draw copies over days since infusion, and each arm's geometric mean at nominal visits."""
    points = tuple(m for m in measured if m.metric == METRIC and height(m))
    if not points:
        return theme.empty("No patient has CAR copies.")
    colours = theme.arm_colours([Arm(n, n, is_control=i == 0) for i, n in enumerate(arms)])
    panel = _draw.Panel(unit=UNIT)
    drawing = theme.figure(400, margin={"l": 72, "r": 24, "t": 44, "b": 48})
    for line in lines(points):
        for trace in culture(line, colours.get(line.arm, theme.QUIET), panel):
            drawing.add_trace(trace.update(showlegend=False))
    visits = at_visits(points)
    for arm in arms:
        drawing.add_trace(_means([v for v in visits if v.arm == arm], arm, colours[arm]))
    low, high = extent([end for p in points for end in ends(p)])
    drawing.update_xaxes(**theme.axis("Time since infusion", "days"))
    drawing.update_yaxes(**theme.log_axis("CAR copies", UNIT, low, high))
    drawing.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        meta={"caption": "Thin: patients. Thick: geometric mean at visits with two or more "
              "quantified. Open: below LLOQ or the limit of what was not detected."},
    )  # fmt: skip
    return drawing


def _means(visits: Sequence[Visit], arm: str, colour: str) -> go.Scatter:
    by_visit: dict[str, list[float]] = defaultdict(list)
    for one in visits:
        by_visit[one.visit].append(one.copies)
    kept = {v: logs for v, logs in by_visit.items() if len(logs) >= FEWEST}
    order = [v for v in VISIT_WINDOWS if v in kept]
    n = len({v.patient for v in visits})
    return go.Scatter(
        x=[VISIT_WINDOWS[v][0] for v in order],
        y=[float(np.exp(np.mean(np.log(kept[v])))) for v in order],
        mode="lines+markers", name=f"{theme.plain(arm)} (n = {n})",
        line={"color": colour, "width": 3}, marker={"size": 9, "symbol": "diamond"},
        text=[f"{v}: {counted(len(kept[v]), 'patient')}" for v in order],
        hovertemplate="%{text}, geometric mean %{y:.3g}<extra></extra>",
    )  # fmt: skip
