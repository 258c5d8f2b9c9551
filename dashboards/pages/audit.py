"""The Audit page: who changed what, when, from what to what, and why."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from dashboards.desk import Desk
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import grid
from labproc.wording import counted

MACHINE = "labproc"  # who the program itself is in the audit
CHOICES = ({"value": "people", "label": "by people"}, {"value": "all", "label": "everything"})
WIDE = ("subject", "reason", "new")
LEAST = {"seq": 60, "at": 190, "action": 120}  # pixels that hold a time, and most actions
HIDDEN = ("previous_sha256",)
UNTOUCHED = "Nobody has changed anything; what labproc did itself is under everything."
USUAL = ("at", "who", "action", "subject", "old", "new", "reason")


def layout(desk: Desk, _rest: str) -> Any:
    """Return every change, the newest first, and the head of the chain."""
    every = desk.audit()
    names = [n for n in dict.fromkeys(k for row in every for k in row) if n not in HIDDEN]
    names = names or list(USUAL)
    columns = [_column(name) for name in names]
    head = desk.results().audit_head
    words = f"{counted(len(every), 'row')} · head {head}" if every else "Nothing was changed yet."
    chosen = dmc.SegmentedControl(id="audit-who", data=list(CHOICES), value="people", size="xs")
    top = html.Div([html.H1("Audit"), chosen], className="row apart")
    listed = grid(
        "audit-grid", columns, _rows(every, "people"),
        settings={"localeText": {"noRowsToShow": UNTOUCHED}},
    )  # fmt: skip
    return html.Div([top, html.P(words, className="quiet small"), listed])


def _column(name: str) -> dict[str, Any]:
    words = name.replace("_", " ")
    return {
        "field": name,
        "headerName": words,
        "tooltipField": name,
        "flex": 3 if name in WIDE else 1,
        "minWidth": LEAST.get(name, 84),
        **({"maxWidth": 64} if name == "seq" else {}),
    }


def _rows(every: list[dict[str, str]], who: str) -> list[Mapping[str, str]]:
    kept = [r for r in every if who == "all" or r.get("who") != MACHINE]
    return list(reversed(kept))


def connect(app: Dash, desk: Desk) -> None:
    """Show changes by people, or those of the program too; nothing here can be changed."""

    @app.callback(
        Output("audit-grid", "rowData"), Input("audit-who", "value"), prevent_initial_call=True
    )
    def choose(who: str) -> list[Mapping[str, str]]:
        return _rows(desk.audit(), who)


PAGES.register("audit")(Page("Audit", 9, layout, connect))
