"""The share of wells that are found at each level of a dilution series, with LOD and LOQ."""

import numpy as np
import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES
from labproc.pipeline.results import Results, StudyLimits
from labproc.wording import counted

EMPTY = "No limit of detection: no level of the standards has some wells found and some not."
FOUND = 0.95
MODELS = {"single_hit_poisson": "single-hit Poisson"}


@FIGURES.register("detection")
def detection(results: Results, *, target: str | None = None) -> go.Figure:
    """Draw one target's share of wells found, the best curve, and where it reaches 95 %."""
    known = [t for t, x in results.limits.items() if x.limits is not None]
    chosen = target or next(iter(known), "")
    if chosen not in known:
        return theme.empty(EMPTY, ("Copies", "copies/well"))
    limits = results.limits[chosen].limits
    assert limits is not None
    drawing = theme.figure(300, margin={"l": 64, "r": 24, "t": 12, "b": 48})
    levels, best = limits.levels, limits.lod
    share = [x.k / x.n for x in levels]
    drawing.add_scatter(
        x=[x.copies for x in levels], y=share, mode="markers",
        marker={"size": 8, "color": theme.CONTROL},
        error_y={"type": "data", "symmetric": False, "thickness": 1.2, "width": 0,
                 "array": [max(0.0, x.high - s) for x, s in zip(levels, share, strict=True)],
                 "arrayminus": [max(0.0, s - x.low) for x, s in zip(levels, share, strict=True)]},
        text=[
            f"{theme.number(x.copies)} copies/well: {x.k} of {counted(x.n, 'well')}" for x in levels
        ],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    p = np.linspace(0.005, 0.995, 100)
    drawing.add_scatter(
        x=[best.copies_at(float(v)) for v in p], y=p, mode="lines", hoverinfo="skip",
        line={"color": theme.QUIET, "width": 1.5},
    )  # fmt: skip
    line = {"color": theme.QUIET, "width": 1, "dash": "dot"}
    drawing.add_hline(y=FOUND, line=line)
    drawing.add_vline(x=best.lod, line=line)
    low = min(min(x.copies for x in levels), best.lod) / 2
    high = max(max(x.copies for x in levels), best.lod) * 2
    drawing.update_xaxes(**theme.log_axis(chosen, "copies/well", low, high))
    drawing.update_yaxes(**theme.y_axis("Wells found", "%", range=[0, 1.05], tickformat=".0%"))
    caption = (
        f"Bars: Wilson's 95 % interval. Line: {MODELS.get(best.model, best.model)}. Dotted: LOD."
    )
    drawing.update_layout(meta={"caption": caption})
    return drawing


def limit_words(found: StudyLimits) -> str:
    """Say LOD and LOQ of one target in a sentence, or why there are none."""
    if found.limits is None:
        return (
            f"{found.target}: no limit of detection. {found.reason[:1].upper()}{found.reason[1:]}."
        )
    best = found.limits.lod
    lod = theme.with_interval(best.lod, best.low, best.high)
    several = ", ".join(f"{theme.number(best.k_of_n(1, n))} in {n}" for n in (2, 3))
    loq = "not reached" if found.limits.loq is None else f"{theme.number(found.limits.loq)} copies"
    return (
        f"{found.target}: LOD {lod} copies per well (95 % of wells found; "
        f"{MODELS.get(best.model, best.model)}, {counted(found.n_wells, 'well')} of "
        f"{counted(found.n_plates, 'plate')}); with any of several replicates {several}. "
        f"LOQ {loq} (CV at most {found.limits.loq_cv:.0%})."
    )
