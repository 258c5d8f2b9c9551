"""Flow cytometry against qPCR: the CAR+ fraction beside the vector copies of the same sample."""

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES, _draw
from labproc.model import METRICS, Measurement
from labproc.pipeline.results import Results

COPIES = ("vcn", "copies_per_ug")  # the first of these that the study has
WORDS = {"vcn": "Vector copies", "copies_per_ug": "CAR copies"}
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
    ends = {f.key.arm: (f.value or 0.0, q.value or 1.0) for f, q in sorted(found, key=_by_flow)}
    panel = _draw.Panel()
    _draw.end_labels(drawing, results, ends, (low, high), panel)
    caption = f"n = {len(found)} samples, r of the logs = {_correlation(found)}."
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

    logs = np.log([[f.value or 1.0, q.value or 1.0] for f, q in found])
    if len(found) < 3 or not logs.std(axis=0).all():
        return "–"
    return f"{float(np.corrcoef(logs.T)[0, 1]):.2f}".replace("-", "−")
