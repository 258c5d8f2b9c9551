"""An acquisition over time: how fast events came, how the signals held, and what was cut."""

import numpy as np
import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES
from labproc.pipeline.results import Results, TimeView, TubeView

CUT = "#d55e00"
LINES = ("#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#56789a")
RATE, LEVEL = (0.58, 1.0), (0.0, 0.46)  # shares of the figure's height
NOTHING = ("Time", "s")


@FIGURES.register("acquisition")
def acquisition(results: Results, *, tube: TubeView | None = None) -> go.Figure:
    """Draw one tube's flow and signals over time; the stretches that were left out are shaded.

    Without a tube it is the one of which most was left out.
    """
    followed = [t for t in results.tubes if t.course is not None]
    chosen = tube or min(followed, key=kept_time, default=None)
    if chosen is None or chosen.course is None:
        return theme.empty("No tube's flow was followed over time.", NOTHING)
    drawing = _drawn(chosen.course)
    drawing.update_layout(meta={"caption": _caption(chosen)})
    return drawing


def beside_gates(course: TimeView) -> go.Figure:
    """Draw the same for a narrow column: the channels' names below."""
    drawing = _drawn(course)
    drawing.update_layout(
        height=400, margin={"l": 56, "r": 8, "t": 8, "b": 110},
        legend={"x": 0, "y": -0.2, "orientation": "h"},
    )  # fmt: skip
    return drawing


def _drawn(course: TimeView) -> go.Figure:
    drawing = theme.figure(380, margin={"l": 76, "r": 150, "t": 12, "b": 48})
    _rate(drawing, course)
    _levels(drawing, course)
    for low, high in spans(course):
        drawing.add_shape(
            type="rect", xref="x", yref="paper", x0=low, x1=high, y0=0, y1=1, layer="below",
            fillcolor=theme.faint(CUT, 0.22), line={"width": 0},
        )  # fmt: skip
    return drawing


def kept_time(tube: TubeView) -> float:
    """Return the share of the acquisition time that quality control kept."""
    found = (g.parameters.get("kept_time") for g in tube.every_gate)
    return float(next((v for v in found if v is not None), 1.0))


def spans(course: TimeView) -> list[tuple[float, float]]:
    """Return the stretches that were left out, those beside each other as one."""
    padded = np.concatenate([[True], course.kept, [True]]).astype(int)
    change = np.diff(padded)
    starts, ends = np.flatnonzero(change == -1), np.flatnonzero(change == 1)
    pairs = zip(starts, ends, strict=True)
    return [(float(course.edges[a]), float(course.edges[b])) for a, b in pairs]


def _rate(drawing: go.Figure, course: TimeView) -> None:
    rate = course.counts / np.diff(course.edges)
    drawing.add_scatter(
        x=_centres(course), y=np.round(rate, 1), mode="lines", xaxis="x", yaxis="y",
        line={"color": theme.TEXT, "width": 1.2, "shape": "hvh"}, showlegend=False,
        hovertemplate="%{x:.1f} s: %{y:,.0f} events/s<extra></extra>",
    )  # fmt: skip
    top = float(np.max(rate)) * 1.08 or 1.0
    drawing.update_layout(
        xaxis=theme.axis("Time", "s", domain=[0, 1], anchor="y2", range=_range(course)),
        yaxis=theme.y_axis("Events", "1/s", domain=RATE, range=[0, top], nticks=4),
    )


def _levels(drawing: go.Figure, course: TimeView) -> None:
    """Draw each channel's share of events above its own median: a half, where it is steady."""
    for k, (name, shares) in enumerate(zip(course.channels, course.shares, strict=True)):
        drawing.add_scatter(
            x=_centres(course), y=np.round(100.0 * shares.astype(float), 1), mode="lines",
            xaxis="x", yaxis="y2", name=theme.plain(name), showlegend=True,
            line={"color": LINES[k % len(LINES)], "width": 1.2},
            hovertemplate="%{x:.1f} s: %{y:.0f} %<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    steady = [s for s in course.shares.ravel() if np.isfinite(s)]
    far = max((abs(100.0 * s - 50.0) for s in steady), default=0.0)
    reach = min(max(25.0, 1.1 * far), 50.0)
    drawing.update_layout(
        yaxis2=theme.y_axis(
            "Above median",
            "%",
            domain=LEVEL,
            range=[50 - reach, 50 + reach],
            tickvals=[0, 25, 50, 75, 100],
        ),
        showlegend=True,
        legend={
            "x": 1.01,
            "y": LEVEL[1],
            "xanchor": "left",
            "yanchor": "top",
            "font": {"size": theme.SMALL},
        },
    )


def _centres(course: TimeView) -> np.ndarray:
    return np.asarray(np.round((course.edges[:-1] + course.edges[1:]) / 2.0, 3))


def _range(course: TimeView) -> list[float]:
    return [float(course.edges[0]), float(course.edges[-1])]


def _caption(tube: TubeView) -> str:
    left = 1.0 - kept_time(tube)
    words = f"{tube.key.label or tube.source.path}: "
    if left <= 0:
        return words + "nothing was left out."
    codes = ("flow_rate_gap", "unsteady_signal", "signal_drift")
    why = "; ".join(f.message for f in tube.flags if f.code in codes)
    cut = f"{theme.percent(left)} of the time, shaded, was left out"
    return f"{words}{cut} and the volume scaled by what was kept" + (f" ({why})." if why else ".")
