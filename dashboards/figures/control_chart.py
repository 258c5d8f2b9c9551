"""The positive control of qPCR over a study's plates: Levey-Jennings with Westgard's rules."""

import numpy as np
import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES, _draw
from labproc.pipeline.results import Results
from labproc.qpcr.westgard import LeveyJennings
from labproc.wording import counted

LIMITS = (1, 2, 3)  # SD
REJECTED = "#d55e00"
FEW = "No trend of the positive control: fewer than 5 plates have one."


@FIGURES.register("control_chart")
def control_chart(results: Results, *, target: str | None = None) -> go.Figure:
    """Draw the copies of one target's positive control plate by plate, with its SD limits."""
    chosen = target or next(iter(results.control_charts), "")
    chart = results.control_charts.get(chosen)
    if chart is None:
        return theme.empty(FEW, ("Plate", "in order of run"))
    drawing = theme.figure(300, margin={"l": 72, "r": 64, "t": 12, "b": 48})
    order = np.arange(1, len(chart.plates) + 1)
    for k in LIMITS:
        for sign in (-k, k):
            at = 10 ** (chart.mean + sign * chart.sd)
            line = {"color": theme.QUIET, "width": 1, "dash": "solid" if k == LIMITS[-1] else "dot"}
            drawing.add_hline(y=at, line=line)
            _draw.beside(drawing, at, f"{sign:+d} SD".replace("-", "−"))
    drawing.add_hline(y=10**chart.mean, line={"color": theme.QUIET, "width": 1.5})
    rejected = [_is_rejected(chart, name) for name in chart.plates]
    names = {p.source.path: p.name for p in results.plates}
    words = [_words(chart, i, names) for i in range(len(chart.plates))]
    drawing.add_scatter(
        x=order, y=10**chart.values, mode="lines+markers", text=words,
        line={"color": theme.CONTROL, "width": 1}, hovertemplate="%{text}<extra></extra>",
        marker={"size": 8, "color": [REJECTED if r else theme.CONTROL for r in rejected],
                "symbol": ["x" if r else "circle" for r in rejected]},
    )  # fmt: skip
    drawing.update_xaxes(**theme.axis("Plate", "in order of run", dtick=max(1, order.size // 12)))
    spread = 3.5 * chart.sd
    low = 10 ** min(chart.mean - spread, float(chart.values.min()) - chart.sd)
    high = 10 ** max(chart.mean + spread, float(chart.values.max()) + chart.sd)
    drawing.update_yaxes(**theme.log_axis("Positive control", "copies/well", low, high))
    drawing.update_layout(meta={"caption": _caption(chosen, chart)})
    return drawing


def _is_rejected(chart: LeveyJennings, plate: str) -> bool:
    return any(v.plate == plate and v.is_rejection for v in chart.violations)


def _words(chart: LeveyJennings, i: int, names: dict[str, str]) -> str:
    path = chart.plates[i]
    rules = ", ".join(v.rule for v in chart.violations if v.plate == path)
    z = f"{(chart.values[i] - chart.mean) / chart.sd:+.1f} SD".replace("-", "−")
    broken = f"<br>breaks {rules}" if rules else ""
    name = theme.plain(names.get(path, path))
    return f"<b>{name}</b><br>{theme.number(float(10 ** chart.values[i]))} copies, {z}{broken}"


def _caption(target: str, chart: LeveyJennings) -> str:
    own = "from the plates themselves (median and MAD)"
    limits = f"provisional, {own}: fewer than 20 plates" if chart.is_provisional else own
    plates = counted(len(chart.plates), "plate")
    return f"{target}, {plates}; limits {limits}. ×: a rule of Westgard rejects."
