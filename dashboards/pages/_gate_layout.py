"""How the Gates page lies: the list, the gate, the numbers and the decision."""

from typing import Any
from urllib.parse import unquote

import dash_mantine_components as dmc
from dash import dcc, html

from dashboards.desk import SHORT, Desk, tube_of
from dashboards.pages import _gate_parts as parts
from dashboards.pages._parts import grid
from dashboards.pages._signing import panel
from dashboards.wording import odd_first
from labproc.pipeline.results import Results
from labproc.wording import counted

SCOPES = (
    ("tube", "this sample"),
    ("day", "its donor and day"),
    ("panel", "all of its panel"),
)


def layout(desk: Desk, rest: str) -> Any:
    """Return the page, on the sample and population that the address names."""
    results = desk.results()
    if not results.tubes:
        return html.Div(
            [html.H1("Gates"), html.P("No tube was gated yet: raw/ holds no FCS file of a panel.")]
        )
    name, _, population = unquote(rest).partition("/")
    tube = tube_of(results, name) if name else odd_first(results)[0]
    chosen = {"sample": tube.source.sha256[:SHORT], "population": population}
    return html.Div(
        [
            dcc.Store(id="gates-chosen", data=chosen),
            dcc.Store(id="gates-draft", data={}),
            dcc.Store(id="gates-dragged"),
            dcc.Store(id="gates-measured"),
            dcc.Store(id="gates-saved", data=0),
            _list(results),
            _middle(),
            _side(),
        ],
        className="gates",
    )


def _list(results: Results) -> Any:
    rows = parts.list_rows(results)
    n = sum(1 for r in rows if r["sign"] == "▲")
    selection = {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True}
    every = counted(len(rows), "sample")
    head = f"{n} of {len(rows)} to look at" if n else f"{every}, none to look at"
    return html.Div(
        [
            html.H1("Gates"),
            html.P(head, id="gates-count", className="quiet small"),
            grid(
                "gates-list", parts.LIST_COLUMNS, rows, getRowId="params.data.id",
                settings={"rowSelection": selection, "tooltipShowDelay": 300},
            ),
        ]
    )  # fmt: skip


def _middle() -> Any:
    small = {"size": "compact-xs", "variant": "default"}
    buttons = (
        ("gates-previous", "Previous", "p"), ("gates-next", "Next", "n"),
        ("gates-undo", "Undo", "u"), ("gates-redo", "Redo", "r"),
    )  # fmt: skip
    return html.Div(
        [
            html.Div(
                [
                    html.H1(id="gates-title"),
                    html.Div(
                        [
                            dmc.Button([word, " ", html.Kbd(key)], id=name, **small)
                            for name, word, key in buttons
                        ],
                        className="row",
                    ),
                ],
                className="row apart",
            ),
            html.Div(id="gates-steps", className="steps"),
            html.Div(id="gates-plot", style={"minHeight": "420px"}),
            html.Div(id="gates-typed"),
            html.Div(id="gates-busy", className="busy", role="status"),
        ]
    )  # fmt: skip


def _side() -> Any:
    scope = dmc.Select(
        id="gates-scope", value="tube", data=[{"value": v, "label": w} for v, w in SCOPES],
        label="The gate is for", size="xs", allowDeselect=False,
    )  # fmt: skip
    reason = dmc.Textarea(
        id="gates-reason", label="Reason (required)", autosize=True, minRows=2, size="xs"
    )
    small = {"size": "xs", "variant": "default"}
    return html.Aside(
        [
            html.Div(id="gates-tree"),
            html.H2("Numbers"),
            html.Div(id="gates-numbers"),
            html.H2("Decide"),
            scope,
            reason,
            html.Div(
                [
                    dmc.Button("Save gate", id="gates-save", size="xs", color="dark"),
                    dmc.Button(["✓ Approve ", html.Kbd("a")], id="gates-accept", **small),
                    dmc.Button("✕ Reject", id="gates-reject", **small),
                    dmc.Button("Reopen", id="gates-reopen", **small),
                    dmc.Button("Back to automatic", id="gates-automatic", **small),
                ],
                className="row",
                style={"marginTop": "8px"},
            ),
            html.Div(
                id="gates-message", role="status", className="small", style={"minHeight": "22px"}
            ),
            html.Details(
                [
                    html.Summary("Sign this sample"),
                    html.Div(id="gates-seals"),
                    panel("gates", "sample"),
                ]
            ),
            html.H2("About"),
            html.Div(id="gates-about"),
            html.H2("History"),
            html.Div(id="gates-history"),
        ]
    )
