"""The Audit page: who changed what, when, from what to what, and why."""

from typing import Any

from dash import Dash, html

from dashboards.desk import Desk
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import grid


def layout(desk: Desk, _rest: str) -> Any:
    """Return every change, the newest first, and the head of the chain."""
    rows = list(reversed(desk.audit()))
    names = list(dict.fromkeys(k for row in rows for k in row))
    columns = [{"field": n, "headerName": n.replace("_", " "), "tooltipField": n} for n in names]
    head = desk.results().audit_head
    words = f"{len(rows)} changes · head {head}" if rows else "Nothing was changed by hand yet."
    shown = grid("audit-grid", columns, rows) if rows else ""
    return html.Div([html.H1("Audit"), html.P(words, className="quiet small"), shown])


def connect(app: Dash, desk: Desk) -> None:
    """Nothing on this page can be changed."""


PAGES.register("audit")(Page("Audit", 7, layout, connect))
