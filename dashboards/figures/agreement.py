"""Flow cytometry against qPCR: the CAR+ fraction beside the vector copies of the same sample."""

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES, _draw
from labproc.model import METRICS, Measurement
from labproc.pipeline.results import Results
from labproc.wording import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COPIES = ("vcn", "copies_per_ug")  # the first of these that the study has
WORDS = {"vcn": "Vector copies", "copies_per_ug": "CAR copies"}
PER_CART = {"vcn": "copies/CAR+ cell", "copies_per_ug": "copies/µg DNA per fraction"}
Pair = tuple[Measurement, Measurement]


def pairs(results: Results) -> list[Pair]:
    """Return flow and qPCR of the same donor, experiment, arm, day and replicate."""
    metric = next((m for m in COPIES if results.of(m)), COPIES[0])
    flow = {m.key.without_tube(): m for m in results.of("car_fraction") if m.value}
    both = [(flow.get(m.key.without_tube()), m) for m in results.of(metric) if m.value]
    return [(f, q) for f, q in both if f is not None]


@FIGURES.register("agreement")
def agreement(results: Results) -> go.Figure:
    """Draw every sample that both assays measured, by arm."""
    found = pairs(results)
    if not found:
        words = "No sample has both a CAR+ fraction and CAR copies yet."
        return theme.empty(words, ("CAR+ cells", "% of parent"))
    metric = found[0][1].metric
    drawing = theme.figure(420, margin={"l": 72, "r": 128, "t": 16, "b": 48})
    colours = theme.arm_colours(results.arms)
    for arm in results.arms:
        here = [pair for pair in found if pair[0].key.arm == arm.name]
        if here:
            _arm(drawing, here, arm.label, colours[arm.name])
    low, high = min(q.value or 1 for _, q in found), max(q.value or 1 for _, q in found)
    top = max(f.value or 0 for f, _ in found)
    across = theme.axis("CAR+ cells by flow", "% of parent", range=[0, 1.08 * top])
    drawing.update_xaxes(**across, tickformat=".0%")
    drawing.update_yaxes(**theme.log_axis(f"{WORDS[metric]} by qPCR", METRICS[metric], low, high))
    # beside the plot, at the height of each arm's highest fraction
    ends = {f.key.arm: (1.08 * top, q.value or 1.0) for f, q in sorted(found, key=_by_flow)}
    panel = _draw.Panel()
    _draw.end_labels(drawing, results, ends, (low, high), panel)
    caption = f"n = {counted(len(found), 'sample')}, r of the logs = {_correlation(found)}."
    drawing.update_layout(meta={"caption": f"{caption} {_deming_line(drawing, found)}".strip()})
    return drawing


def _logs(found: list[Pair]) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return the natural logs of the CAR+ fractions and of the copies."""
    import numpy as np

    both = np.log([[f.value or 1.0, q.value or 1.0] for f, q in found])
    return both[:, 0], both[:, 1]


def _deming_line(drawing: go.Figure, found: list[Pair]) -> str:
    """Draw the Deming line of the logs, and say what it is; nothing under three samples."""
    import numpy as np

    from labproc.errors import NotEnoughData
    from labproc.qpcr.agreement import deming

    x, y = _logs(found)
    try:
        line = deming(x, y)
    except NotEnoughData:
        return ""
    across = np.linspace(x.min(), x.max(), 50)
    drawing.add_scatter(
        x=np.exp(across), y=np.exp(line.intercept + line.slope * across), mode="lines",
        line={"color": theme.QUIET, "width": 1.5}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    slope = theme.with_interval(line.slope, *line.slope_ci)
    return f"Line: Deming regression of the logs, slope {slope}; 1 is proportional."


@FIGURES.register("agreement_ratio")
def agreement_ratio(results: Results) -> go.Figure:
    """Draw copies per CAR+ fraction against their mean: Bland and Altman on the log scale."""
    import numpy as np

    from labproc.errors import NotEnoughData
    from labproc.qpcr.agreement import bland_altman

    found = pairs(results)
    axes = ("Geometric mean of both methods", "a.u.")
    if not found:
        return theme.empty("No sample has both a CAR+ fraction and CAR copies yet.", axes)
    x, y = _logs(found)
    try:
        seen = bland_altman(x, y)
    except NotEnoughData as error:
        return theme.empty(theme.plain(str(error)), axes)
    drawing = theme.figure(320, margin={"l": 72, "r": 128, "t": 16, "b": 48})
    ratio, mean, colours = np.exp(y - x), np.exp((x + y) / 2), theme.arm_colours(results.arms)
    for arm in results.arms:
        own = np.array([f.key.arm == arm.name for f, _ in found])
        words = [theme.plain(f.key.without_tube().label) for f, _ in found if f.key.arm == arm.name]
        drawing.add_scatter(
            x=mean[own], y=ratio[own], mode="markers", name=arm.label, text=words,
            marker={"color": colours[arm.name], "size": 8},
            hovertemplate="<b>%{text}</b><br>ratio %{y:.3g}<extra></extra>",
        )  # fmt: skip
    ends = np.exp([seen.low, seen.bias, seen.high])
    for at, dash in zip(ends, ("dot", "solid", "dot"), strict=True):
        line = {"color": theme.QUIET, "width": 1.5, "dash": dash}
        drawing.add_hline(y=at, line=line)
        _draw.beside(drawing, float(at), theme.number(float(at)))
    low, high = min(ratio.min(), ends[0]), max(ratio.max(), ends[2])
    metric = found[0][1].metric
    drawing.update_yaxes(**theme.log_axis("Ratio", PER_CART[metric], low / 1.2, high * 1.2))
    across = theme.log_axis(*axes, mean.min() / 1.2, mean.max() * 1.2)
    drawing.update_xaxes(**across)
    bias = theme.with_interval(float(ends[1]), *map(float, np.exp(seen.bias_ci)))
    limits = " to ".join(theme.number(float(e)) for e in (ends[0], ends[2]))
    caption = (
        f"Bland and Altman on the log scale, n = {seen.n}: geometric mean ratio {bias}, limits of "
        f"agreement {limits}. Repeated days of one culture count as samples of their own."
    )
    drawing.update_layout(meta={"caption": caption})
    return drawing


def _by_flow(pair: Pair) -> float:
    return pair[0].value or 0.0


def _arm(drawing: go.Figure, here: list[Pair], label: str, colour: str) -> None:
    words = [
        f"<b>{theme.plain(f.key.without_tube().label)}</b><br>CAR+ {theme.percent(f.value)}"
        f"<br>{theme.number(q.value)} {q.unit}"
        for f, q in here
    ]
    drawing.add_scatter(
        x=[f.value for f, _ in here], y=[q.value for _, q in here], mode="markers", name=label,
        marker={"color": colour, "size": 8, "symbol": [theme.marker(q.flags) for _, q in here]},
        text=words, hovertemplate="%{text}<extra></extra>",
        customdata=[[f.source.sha256 if f.source else "", f.metric] for f, _ in here],
    )  # fmt: skip


def _correlation(found: list[Pair]) -> str:
    """Return Pearson's r of the two logs, a dash under three samples."""
    import numpy as np

    x, y = _logs(found)
    if len(found) < 3 or not (x.std() and y.std()):
        return "–"
    return f"{float(np.corrcoef(x, y)[0, 1]):.2f}".replace("-", "−")
