"""The CD4:CD8 ratio over days, and the two fractions it is made of beside it."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES, _draw
from dashboards.figures._series import extent
from labproc.pipeline.results import Results

OF_ALL = "cd4_cd8_ratio"
OF_CART = "cart_cd4_cd8_ratio"
LEFT, RIGHT = [0.0, 0.50], [0.72, 0.955]


def ratio_metric(results: Results) -> str:
    """Return the ratio to show: of CAR-T cells where one tube has all markers, else of T cells."""
    return OF_CART if results.courses_of(OF_CART) else OF_ALL


@FIGURES.register("ratio")
def ratio(
    results: Results, *, donors: Sequence[str] | None = None, linear: bool = False
) -> go.Figure:
    """Draw CD4:CD8 on a log2 axis, and the percent of CD4+ and CD8+ beside it."""
    metric = ratio_metric(results)
    points = _draw.of_donors(results.courses_of(metric), donors)
    points = tuple(p for p in points if p.value is not None and p.value > 0)
    if not points:
        return theme.empty("No CD4:CD8 ratio yet: no tube with CD4 and CD8 was gated.")
    parents = sorted({p.parent for p in points if p.parent})
    whose = "CAR-T cells" if metric == OF_CART else (parents[0] if len(parents) == 1 else "T cells")
    drawing = theme.figure(400, margin={"l": 64, "r": 24, "t": 26, "b": 48})
    panel = _draw.Panel(unit="CD4+ cells per CD8+ cell")
    found = _draw.means(results, points)
    limits = _draw.reach(points, found)
    drawing.add_traces(_draw.cultures(results, points, panel))
    colours = theme.arm_colours(results.arms)
    for mean in found:
        drawing.add_traces(_draw.thick(mean, colours[mean.arm], panel))
    drawing.update_layout(
        xaxis=_draw.day_axis(points, domain=LEFT),
        yaxis=_ratio_axis(f"CD4:CD8 of {theme.plain(whose)}", limits, linear),
    )
    _draw.end_labels(drawing, results, _draw.last(found, points), limits, panel, log=not linear)
    _fractions(drawing, results, donors)
    caption = f"{_draw.band_words(found)} Right: means, CD4+ solid and CD8+ dotted."
    drawing.update_layout(meta={"caption": caption})
    return drawing


def _ratio_axis(words: str, limits: tuple[float, float], linear: bool) -> dict[str, object]:
    if linear:
        return theme.y_axis(words, "ratio", range=[0, limits[1] * 1.05])
    low, high = limits[0] / 1.08, limits[1] * 1.08
    ticks = theme.log2_ticks(low, high)
    if len(ticks) < 3:  # halves between the powers, so that a flat ratio can be read off
        ticks = sorted(ticks + [1.5 * t for t in theme.log2_ticks(low / 1.5, high / 1.5)])
    return theme.y_axis(
        words, "ratio, log2", type="log", range=[math.log10(low), math.log10(high)],
        tickvals=ticks, ticktext=[theme.short(t) for t in ticks],
    )  # fmt: skip


def _fractions(drawing: go.Figure, results: Results, donors: Sequence[str] | None) -> None:
    """Draw percent CD4+ and CD8+ in the panel on the right."""
    panel = _draw.Panel("2", "", theme.percent)
    colours = theme.arm_colours(results.arms)
    shown = []
    for metric, dash in (("cd4_fraction", "solid"), ("cd8_fraction", "dot")):
        points = _draw.of_donors(results.courses_of(metric), donors)
        shown += [p for p in points if p.value is not None]
        for mean in _draw.means(results, points):
            drawing.add_traces(_draw.thick(mean, colours[mean.arm], panel, dash)[-1:])
    axis = theme.y_axis(
        "Of the parent", "%", domain=[0, 1], anchor="x2", tickformat=".0%",
        range=[0, max(0.5, 1.1 * extent([p.value for p in shown])[1])],
    )  # fmt: skip
    days = _draw.day_axis(shown, domain=RIGHT, anchor="y2")
    drawing.update_layout(xaxis2=days, yaxis2=axis)
    for name, dash, x in (("CD4+ ───", "solid", 0.0), ("CD8+ ····", "dot", 0.55)):
        drawing.add_annotation(
            text=name, x=RIGHT[0] + x * (RIGHT[1] - RIGHT[0]), y=1.0, xref="paper", yref="paper",
            xanchor="left", yanchor="bottom", showarrow=False, name=dash,
            font={"size": theme.SMALL, "color": theme.QUIET},
        )  # fmt: skip
