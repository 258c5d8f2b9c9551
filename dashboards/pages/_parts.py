"""What the pages share: plain tables, grids, figures with their captions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import plotly.graph_objects as go
from dash import dcc, html

from dashboards import theme, wording
from labproc.model import Comparison, Flag

ROW = 30  # px


def aria(**labels: str) -> dict[str, Any]:
    """Return attributes for screen readers, ``label`` as ``aria-label``."""
    return {f"aria-{name}": words for name, words in labels.items()}


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Sequence[int] = (),
    label: str = "",
) -> Any:
    """Return a quiet table; the columns in ``right`` are figures."""
    css = ["n" if i in right else "" for i in range(len(heads))]
    head = html.Tr([html.Th(h, scope="col", className=c) for h, c in zip(heads, css, strict=True)])
    body = [
        html.Tr([html.Td(cell, className=c) for cell, c in zip(row, css, strict=True)])
        for row in rows
    ]
    named = aria(label=label) if label else {}
    return html.Table([html.Thead(head), html.Tbody(body)], className="plain", **named)


def grid(
    name: str, columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]],
    *, height: str = "calc(100vh - 150px)", **options: Any,
) -> Any:  # fmt: skip
    """Return a table that sorts and filters; text is shown as text, never as HTML.

    Columns share the width by their ``flex``; sizing them to fit would make all of them alike.
    """
    settings: dict[str, Any] = {"rowHeight": ROW, "headerHeight": ROW + 4, "animateRows": False}
    settings |= {
        "enableCellTextSelection": True,
        "localeText": {"noRowsToShow": "Nothing to show."},
    }
    return dag.AgGrid(
        id=name, columnDefs=list(columns), rowData=list(rows), style={"height": height},
        defaultColDef={"resizable": True, "sortable": True, "filter": True},
        dangerously_allow_code=False,
        dashGridOptions=settings | options.pop("settings", {}), **options,
    )  # fmt: skip


def graph(name: Any, figure: go.Figure, *, grows: bool = False, **config: Any) -> Any:
    """Return a figure; nothing in its menu leaves this computer.

    One that ``grows`` takes the room of a large screen, up to where its shape still holds.
    """
    least = f"{int(figure.layout.height or 380)}px"
    style = {"height": least}
    if grows:
        figure.layout.height = None
        style = {
            "height": f"clamp({least}, 150vh - 960px, 720px)",
            "maxWidth": f"max({least}, 150vh - 675px)",
        }
    settings: Any = {**theme.CONFIG, **config}
    return dcc.Graph(
        id=name, figure=figure, config=settings, style=style, responsive=grows or "auto"
    )


def drawn(name: Any, figure: go.Figure, title: str = "", below: Any = None) -> Any:
    """Return a figure with its title above and its caption and sentences below."""
    caption = (figure.layout.meta or {}).get("caption", "")
    parts: list[Any] = [html.H2(title)] if title else []
    parts += [graph(name, figure), html.P(caption, className="caption")]
    return html.Div([*parts, below], className="figure")


def sentences(found: Iterable[Comparison]) -> Any:
    """Return comparisons as sentences to paste, planned and exploratory told apart."""
    told = [(one.planned, *wording.head_and_rest(one)) for one in found]
    first = [t for t in told if t[0]] or told[:1]
    rest = [t for t in told if t not in first]
    more = html.Details([html.Summary(f"{len(rest)} exploratory"), *map(_sentence, rest)])
    return html.Div([*map(_sentence, first), more if rest else ""])


def _sentence(told: tuple[bool, str, str]) -> Any:
    return html.P([told[1], html.Span(told[2], className="why")], className="sentence")


def flags(found: Iterable[Flag]) -> Any:
    """Return flags, the gravest first, each with a sign and a word beside its colour."""
    css = {"info": "quiet", "warning": "look", "review": "look", "fail": "failed"}
    sign = {"info": "", "warning": "▲ ", "review": "▲ ", "fail": "✕ "}
    ranked = sorted(found, key=lambda f: -f.severity.rank)
    return html.Div(
        [
            html.P(
                [
                    html.B(f"{sign[f.severity]}{f.severity.value} ", className=css[f.severity]),
                    f.message,
                ],
                className="small",
            )
            for f in ranked
        ]
    )


def verdict(word: str) -> Any:
    """Return a verdict with its sign and colour."""
    signs = {"pass": ("✓", "accepted"), "warn": ("▲", "look"), "fail": ("✕", "failed"),
             "approved": ("✓", "accepted"), "rejected": ("✕", "failed")}  # fmt: skip
    sign, css = signs.get(word, ("", "quiet"))
    return html.Span(f"{sign} {word}".strip(), className=css)


def trouble(message: str) -> Any:
    """Return what failed, why, and what to do, in place of the thing."""
    return html.Div(
        [html.B("✕ failed: ", className="failed"), message], role="alert", className="trouble"
    )
