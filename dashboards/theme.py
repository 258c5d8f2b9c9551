"""The look: one colour per arm, one number format, a unit on every axis."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from labproc.model import Flag, Severity
from labproc.model.flag import worst
from labproc.pipeline.results import Arm

SMALLEST = 1e-3  # below it numbers are written with an exponent
TEXT = "#2b2f36"
QUIET = "#626973"  # second text, 5.6:1 on white
RULE = "#e3e6ea"
FACE = "Inter, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
LARGE, NORMAL, SMALL = 15, 13, 12  # px; three sizes, no more

CONTROL = "#56789a"  # grey-blue
TREATED = ("#e69f00", "#009e73", "#cc79a7", "#0072b2", "#d55e00", "#56b4e9")  # Okabe-Ito
INK = {"#56789a": "#41607f", "#e69f00": "#8a5a00", "#009e73": "#00694d", "#cc79a7": "#96456f"}
"""Darker forms of the arms' colours for words, at least 4.5:1 on white."""

SIGNS = {"accepted": ("✓", "#1b7f4b"), "look": ("▲", "#9a6200"), "failed": ("✕", "#b3261e")}
"""Sign and colour of a verdict; the word always stands beside them."""

CONFIG: Mapping[str, Any] = {
    # plotly 7 offers to upload the chart to a cloud service: nothing leaves this computer
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "responsive": True,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    "toImageButtonOptions": {"format": "svg"},
}


def arm_colours(arms: Sequence[Arm]) -> dict[str, str]:
    """Return each arm's colour by its short name: the control grey-blue, the first other orange."""
    treated = [a.name for a in arms if not a.is_control]
    colours = {a.name: CONTROL for a in arms if a.is_control}
    return colours | {name: TREATED[i % len(TREATED)] for i, name in enumerate(treated)}


def ink(colour: str) -> str:
    """Return the form of an arm's colour that can be read as a word."""
    return INK.get(colour, colour)


def faint(colour: str, opacity: float) -> str:
    """Return ``#rrggbb`` as an rgba colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def tint(colour: str, share: float) -> str:
    """Return ``#rrggbb`` mixed with white, opaque: for shapes that stand before others.

    Examples
    --------
    >>> tint("#000000", 0.2)
    '#cccccc'
    """
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - share * (255 - part)):02x}" for part in parts)


def number(value: float | None, digits: int = 3) -> str:
    """Write a number for people: significant digits, thousands apart, no needless exponent.

    Examples
    --------
    >>> number(1234567.0), number(0.04567), number(None), number(12.0)
    ('1,230,000', '0.0457', '–', '12')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    if abs(rounded) >= 1e9 or abs(rounded) < 1e-4:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    text = f"{rounded:,.{max(places, 0)}f}"
    trimmed = text.rstrip("0").rstrip(".") if "." in text else text
    return trimmed.replace("-", "−")


def with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Write a number and its interval with the digits that the interval deserves.

    Examples
    --------
    >>> with_interval(12.3456, 11.8, 12.9), with_interval(18.2e6, 16.1e6, 20.7e6)
    ('12.3 (11.8–12.9)', '18.2 (16.1–20.7) M')
    """
    if value is not None and 1e6 <= abs(value) < 1e12:
        parts = [None if v is None else v / 1e6 for v in (value, low, high)]
        return f"{with_interval(*parts)} M"
    if value is None or low is None or high is None or not high > low:
        return number(value)
    if math.isinf(high - low):  # nothing bounds it on that side
        return f"{number(value)} ({number(low)}–{number(high)})"
    if max(abs(low), abs(high)) < SMALLEST:
        return f"{number(value, 2)} ({number(low, 2)}–{number(high, 2)})"
    places = 1 - math.floor(math.log10(high - low))
    written = [_rounded(v, places) for v in (value, low, high)]
    return f"{written[0]} ({written[1]}–{written[2]})"


def _rounded(value: float, places: int) -> str:
    """Write a number with so many decimals, or with two digits where that would leave fewer."""
    if value:
        places = max(places, 1 - math.floor(math.log10(abs(value))))
    return f"{round(value, places):,.{max(places, 0)}f}".replace("-", "−")


def percent(fraction: float | None) -> str:
    """Write a fraction as percent; percent exists on screens only.

    Examples
    --------
    >>> percent(0.3456), percent(0.00123), percent(None)
    ('34.6 %', '0.12 %', '–')
    """
    if fraction is None:
        return "–"
    value = 100.0 * fraction
    return f"{value:.2f} %" if 0 < value < 1 else f"{value:.1f} %"


def short(value: float) -> str:
    """Write a tick of a log axis.

    Examples
    --------
    >>> [short(v) for v in (0.5, 200.0, 10_000.0, 2e7)]
    ['0.5', '200', '10 k', '20 M']
    """
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:,.6g}{letter}"
    return f"{value:.6g}"


def log_ticks(low: float, high: float) -> list[float]:
    """Return readable ticks for a log axis: decades, with 2 and 5 where few decades show.

    Examples
    --------
    >>> log_ticks(0.9e6, 1.1e8)
    [1000000.0, 10000000.0, 100000000.0]
    >>> log_ticks(0.36, 0.62), log_ticks(3.1e-15, 3.4e-15)
    ([0.4, 0.5, 0.6], [3.1e-15, 3.2e-15, 3.3e-15, 3.4e-15])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    span = math.log10(high / low)
    steps = (
        (1.0,)
        if span >= 1.9
        else (1.0, 2.0, 5.0)
        if span >= 0.6
        else (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    )
    every = max(1, round(span / 6))
    ticks = [s * 10.0**d for d in range(first, last + 1, every) for s in steps]
    within = [t for t in ticks if low * 0.999 <= t <= high * 1.001]
    return within if len(within) > 2 or not 0.0 < span < 1.0 else _fine_ticks(low, high)


def _fine_ticks(low: float, high: float) -> list[float]:
    """Return up to six round numbers where a log axis shows a small part of a decade."""
    digits = math.floor(math.log10((high - low) / 2.0))
    wide = next(k for k in (1, 2, 5, 10) if (high - low) / (k * 10.0**digits) <= 5)
    first = math.ceil(low / 10.0**digits / wide)
    last = math.floor(high / 10.0**digits / wide)
    return [float(f"{k * wide}e{digits}") for k in range(first, last + 1)]


def log2_ticks(low: float, high: float) -> list[float]:
    """Return powers of two between two values.

    Examples
    --------
    >>> log2_ticks(0.4, 5.0)
    [0.5, 1.0, 2.0, 4.0]
    """
    return [2.0**k for k in range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)]


def title(quantity: str, unit: str) -> str:
    """Return an axis title; every axis names a unit."""
    return f"{quantity} ({unit})"


def axis(quantity: str, unit: str, **more: Any) -> dict[str, Any]:
    """Return a thin axis with its quantity and unit."""
    return {
        "title": {"text": title(quantity, unit), "font": {"size": SMALL}, "standoff": 10},
        "showgrid": False, "zeroline": False, "showline": True, "linecolor": TEXT, "linewidth": 1,
        "ticks": "outside", "ticklen": 4, "tickcolor": TEXT, "tickfont": {"size": SMALL},
        "automargin": True, **more,
    }  # fmt: skip


def y_axis(quantity: str, unit: str, **more: Any) -> dict[str, Any]:
    """Return an upright axis: faint horizontal grid, no line."""
    grid = {"showgrid": True, "gridcolor": RULE, "gridwidth": 1, "showline": False, "ticks": ""}
    return axis(quantity, unit, **(grid | more))


def log_axis(quantity: str, unit: str, low: float, high: float) -> dict[str, Any]:
    """Return an upright log axis over a range, a little room on both sides."""
    room = (high / low) ** 0.06 if high > low else 1.5
    low, high = low / room, high * room
    ticks = log_ticks(low, high)
    return y_axis(
        quantity, unit, type="log", range=[math.log10(low), math.log10(high)],
        tickvals=ticks, ticktext=[short(t) for t in ticks],
    )  # fmt: skip


def figure(height: int = 380, **layout: Any) -> go.Figure:
    """Return an empty figure in the house's look."""
    drawing = go.Figure()
    drawing.update_layout(
        template=None, height=height, autosize=True, paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff", font={"family": FACE, "size": NORMAL, "color": TEXT},
        margin={"l": 64, "r": 24, "t": 16, "b": 48}, showlegend=False, hovermode="closest",
        hoverlabel={"bgcolor": "#ffffff", "bordercolor": RULE, "font": {"color": TEXT}},
        dragmode="zoom", uirevision="keep",
    )  # fmt: skip
    drawing.update_layout(**layout)
    return drawing


def empty(message: str, x: tuple[str, str] = ("Day", "days"), height: int = 240) -> go.Figure:
    """Return a figure that says in words why there is nothing to draw."""
    drawing = figure(height)
    drawing.update_xaxes(**axis(*x), visible=False)
    drawing.update_yaxes(**axis("Value", "no data"), visible=False)
    drawing.add_annotation(
        text=plain(message), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False,
        font={"size": NORMAL, "color": QUIET},
    )  # fmt: skip
    return drawing


def plain(text: str) -> str:
    """Return instrument text for plotly, which reads a few HTML tags: none of them live.

    Examples
    --------
    >>> plain('<a href="x">D1</a>')
    '&lt;a href="x"&gt;D1&lt;/a&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def verdict(flags: Sequence[Flag]) -> str:
    """Return ``accepted``, ``look`` or ``failed`` for what the flags say."""
    severity = worst(flags)
    if severity is Severity.FAIL:
        return "failed"
    return "look" if severity is Severity.REVIEW else "accepted"


def marker(flags: Sequence[Flag]) -> str:
    """Return a point's symbol: closed when trusted, open to look at, a cross when failed."""
    return {"accepted": "circle", "look": "circle-open", "failed": "x-thin-open"}[verdict(flags)]


def spread(heights: Sequence[float], least: float) -> list[float]:
    """Move label positions apart so that neighbours keep a least distance, order kept.

    Examples
    --------
    >>> spread([10.0, 12.0, 50.0], 14.0)
    [4.0, 18.0, 50.0]
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    blocks: list[tuple[float, list[int]]] = []  # centre, members
    for i in order:
        centre, members = heights[i], [i]
        while blocks and centre - blocks[-1][0] < least * (len(members) + len(blocks[-1][1])) / 2:
            other, more = blocks.pop()
            centre = (other * len(more) + centre * len(members)) / (len(more) + len(members))
            members = more + members
        blocks.append((centre, members))
    placed = list(heights)
    for centre, members in blocks:
        for rank, i in enumerate(members):
            placed[i] = centre + least * (rank - (len(members) - 1) / 2)
    return placed
