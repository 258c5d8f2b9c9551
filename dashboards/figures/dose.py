"""An outcome against the dose of lenalidomide: donors thin, the curve thick."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboards import theme
from dashboards.figures import FIGURES
from labproc.pipeline.results import Results
from labproc.trends.dose_trend import DoseResponse
from labproc.trends.sentence import number

Floats = NDArray[np.float64]
X = ("Lenalidomide", "µmol/L")


@FIGURES.register("dose")
def dose(results: Results) -> go.Figure:
    """Draw the primary outcome over all doses, with its curve and the dose of half the effect."""
    if not results.doses:
        return theme.empty("No dose response: fewer than three doses.", X)
    found = results.doses[0]
    table = found.table
    place = _place(table.doses_um)
    drawing = theme.figure(380, margin={"l": 76, "r": 40, "t": 16, "b": 52})
    colour = theme.TREATED[0]
    for trace in _donors(found, place):
        drawing.add_trace(trace)
    drawing.add_trace(_means(found, place, colour))
    if found.curve is not None:
        drawing.add_trace(_curve(found, place, colour))
    if found.ec50 is not None:
        _half(drawing, found.ec50)
    drawing.update_xaxes(
        **theme.axis(*X), range=[place[0] - 0.25, place[-1] + 0.25], tickvals=list(place),
        ticktext=[f"{d:g}" for d in table.doses_um],
    )  # fmt: skip
    title = table.outcome.title[:1].upper() + table.outcome.title[1:]
    drawing.update_yaxes(**theme.y_axis(title, table.outcome.unit, tickformat="~g"))
    drawing.update_layout(meta={"caption": _caption(found)})
    return drawing


def _place(doses_um: Floats) -> Floats:
    """Return where doses stand: their log, the control a decade below the lowest."""
    given = doses_um > 0
    logs = np.log10(np.where(given, doses_um, 1.0))
    return np.asarray(np.where(given, logs, logs[given].min() - 1.0))


def _donors(found: DoseResponse, place: Floats) -> list[go.Scatter]:
    table = found.table
    if not table.is_paired:
        return [
            go.Scatter(
                x=np.full(column.size, at), y=found.scale(column), mode="markers",
                marker={"size": 6, "color": theme.QUIET},
                hovertemplate=f"{dose:g} µmol/L: %{{y:.3g}}<extra></extra>",
            )
            for column, at, dose in zip(table.columns, place, table.doses_um, strict=True)
        ]  # fmt: skip
    return [
        go.Scatter(
            x=place, y=found.scale(row), mode="lines+markers",
            line={"color": "#b8bec6", "width": 1}, marker={"size": 6, "color": "#8d96a1"},
            text=[f"{theme.plain(who)}, {d:g} µmol/L" for d in table.doses_um],
            hovertemplate="%{text}: %{y:.3g}<extra></extra>",
        )
        for who, row in zip(table.repeats, table.values, strict=True)
    ]  # fmt: skip


def _means(found: DoseResponse, place: Floats, colour: str) -> go.Scatter:
    middle = [float(found.scale(np.asarray(c.mean()))) for c in found.table.columns]
    return go.Scatter(
        x=place, y=middle, mode="markers",
        marker={"size": 10, "symbol": "diamond", "color": colour},
        hovertemplate="mean: %{y:.3g}<extra></extra>",
    )  # fmt: skip


def _curve(found: DoseResponse, place: Floats, colour: str) -> go.Scatter:
    assert found.curve is not None
    bottom, top, ec50, hill = (found.curve.estimates[n] for n in ("A", "D", "EC50", "h"))
    x = np.linspace(place[0], place[-1], 121)
    share = 1.0 / (1.0 + 10.0 ** (hill * (np.log10(ec50) - x)))
    return go.Scatter(
        x=x, y=bottom + (top - bottom) * share, mode="lines", line={"color": colour, "width": 3},
        hoverinfo="skip",
    )  # fmt: skip


def _half(drawing: go.Figure, ec50: tuple[float, float, float]) -> None:
    """Mark the dose of half the effect with its interval."""
    at, low, high = np.log10(ec50)
    drawing.add_vrect(x0=low, x1=high, fillcolor=theme.faint(theme.TREATED[0], 0.12), line_width=0)
    drawing.add_vline(x=at, line={"color": theme.QUIET, "width": 1, "dash": "dot"})
    drawing.add_annotation(
        x=at, y=0, yref="paper", yanchor="bottom", xanchor="left", xshift=5, showarrow=False,
        text=f"EC50 {number(ec50[0])} µmol/L", font={"size": theme.SMALL, "color": theme.QUIET},
    )  # fmt: skip


def _caption(found: DoseResponse) -> str:
    table = found.table
    who = (
        f"Thin: one donor (n = {table.n[0]}). " if table.is_paired else "Points: one repeat each. "
    )
    curve = "Thick: four-parameter logistic" if found.curve else ""
    half = "; band: 95 % interval of the dose of half the effect" if found.ec50 else ""
    why = f"No curve: {found.reason}" if found.reason else ""
    return f"{who}Diamonds: means. {curve}{half}{why}. 0 is the control."
