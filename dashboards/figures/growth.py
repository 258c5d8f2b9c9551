"""CAR-T cells over the days of the culture, per arm."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES, _draw
from labproc.model import METRICS
from labproc.pipeline.results import Results

SHOWN = (
    ("cumulative_cart", "CAR-T cells, cumulative"),
    ("cart_total", "CAR-T cells in the culture"),
    ("cart_per_ul", "CAR-T cells"),
    ("cumulative_cells", "Cells, cumulative"),
    ("cells_total", "Cells in the culture"),
    ("cells_per_ul", "Cells"),
)
"""What the growth curve shows: the first of these that the study has."""


def growth_metric(results: Results) -> tuple[str, str]:
    """Return the metric of the growth curve and its words."""
    there = {m.metric for m in results.measurements if m.value is not None}
    return next((pair for pair in SHOWN if pair[0] in there), SHOWN[0])


@FIGURES.register("growth")
def growth(
    results: Results, *, donors: Sequence[str] | None = None, linear: bool = False
) -> go.Figure:
    """Draw CAR-T cells over days: cultures thin, each arm's mean thick with its interval."""
    metric, words = growth_metric(results)
    return over_days(results, metric, words, donors=donors, linear=linear)


@FIGURES.register("fold")
def fold(
    results: Results, *, donors: Sequence[str] | None = None, linear: bool = False
) -> go.Figure:
    """Draw the fold of the CAR-T cells against each culture's first day."""
    words = "Fold against the first day"
    return over_days(results, "cumulative_fold", words, donors=donors, linear=linear)


def over_days(
    results: Results, metric: str, words: str, *, donors: Sequence[str] | None, linear: bool
) -> go.Figure:
    """Draw one positive metric over days, per arm, on a log axis unless told otherwise."""
    points = _draw.of_donors(results.courses_of(metric), donors)
    points = tuple(p for p in points if p.value is not None and p.value > 0)
    if not points:
        return theme.empty(f"No {words[0].lower() + words[1:]} yet: nothing was counted.")
    unit = METRICS[metric]
    panel = _draw.Panel(unit=unit, write=theme.number)
    found = _draw.means(results, points)
    limits = _draw.reach(points, found)
    drawing = theme.figure(400, margin={"l": 72, "r": 128, "t": 12, "b": 48})
    drawing.add_traces(_draw.cultures(results, points, panel))
    colours = theme.arm_colours(results.arms)
    for mean in found:
        drawing.add_traces(_draw.thick(mean, colours[mean.arm], panel))
    drawing.update_xaxes(**_draw.day_axis(points))
    if linear:
        top = limits[1] * 1.05
        drawing.update_yaxes(**theme.y_axis(words, unit, range=[0, top], tickformat="~s"))
        limits = (0.0, top)
    else:
        drawing.update_yaxes(**theme.log_axis(words, unit, *limits))
    _draw.end_labels(drawing, results, _draw.last(found, points), limits, panel, log=not linear)
    drawing.update_layout(meta={"caption": _draw.band_words(found)})
    return drawing
