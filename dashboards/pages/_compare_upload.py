"""FlowJo's table dropped on the Compare page: who may, what it holds, what became of it."""

import base64
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboards import people
from dashboards.desk import Desk
from dashboards.pages import _compare_flowjo as flowjo
from dashboards.pages._parts import aria, trouble
from dashboards.people import NotAllowed, require
from labproc.errors import LabprocError, StudyError
from labproc.exchange._flowjo_keep import MOST_BYTES, KeptTable
from labproc.wording import counted

MOST = f"{MOST_BYTES // 1_000_000} MB"
HINT = (
    f"CSV, tab-separated text or Excel, up to {MOST}. It is read first, and kept in the study's "
    "folder; raw/ stays as it is."
)
LOOKS_ON = "An analyst can add FlowJo's table here; your role is to look."


def view(desk: Desk) -> Any:
    """Return the place to drop a table, and below it the comparison as it stands."""
    return html.Div([_drop(), html.Div(_shown(desk), id="compare-flowjo-shown")])


def _shown(desk: Desk) -> Any:
    """Return the comparison; a table put there by hand may be none, and another be dropped."""
    try:
        return flowjo.show(desk)
    except LabprocError as error:
        return trouble(str(error))


def _drop() -> Any:
    if not people.current().may("analyst"):
        return html.P(LOOKS_ON, className="small quiet")
    # the button, not the area, is what keyboards and screen readers find
    button = dmc.Button(
        "Choose a file", id="compare-flowjo-choose", variant="default", size="xs",
        **aria(label="Choose FlowJo's table", describedby="compare-flowjo-hint"),
    )  # fmt: skip
    area = html.Div(["Drop FlowJo's table here, or", button], className="row")
    limit: dict[str, Any] = {"data-most-bytes": str(MOST_BYTES)}  # upload.js refuses what is larger
    return html.Div(
        [
            dcc.Upload(
                area, id="compare-flowjo-upload", className="drop", className_active="drop over"
            ),
            html.P(HINT, id="compare-flowjo-hint", className="small quiet"),
            html.Span(id="compare-flowjo-busy", className="busy"),
            html.Div(id="compare-flowjo-said", role="status", className="small"),
        ],
        **limit,
    )


def connect_upload(app: Dash, desk: Desk) -> None:
    """Keep what is dropped and show the comparison at once."""

    @app.callback(
        Output("compare-flowjo-said", "children"),
        Output("compare-flowjo-shown", "children"),
        Output("compare-flowjo-upload", "contents"),  # so that the same file can be taken again
        Input("compare-flowjo-upload", "contents"),
        State("compare-flowjo-upload", "filename"),
        prevent_initial_call=True,
        running=[(Output("compare-flowjo-busy", "children"), "reading the table …", "")],
    )
    def take(contents: Any, name: Any) -> tuple[Any, ...]:
        if not contents:
            raise PreventUpdate
        try:
            person = require("analyst")
            kept = desk.keep_flowjo(str(name or ""), unpacked(str(contents)), who=person.name)
        except (LabprocError, NotAllowed) as error:
            return html.Span(f"✕ {error}", className="failed"), no_update, None
        return html.Span(f"✓ {told(kept)}", className="accepted"), _shown(desk), None


def unpacked(contents: str) -> bytes:
    """Return the bytes of a data address, as browsers send a file.

    Raises
    ------
    StudyError
        If it is none; a body that is too large never comes here.
    """
    try:
        return base64.b64decode(contents.partition(";base64,")[2], validate=True)
    except ValueError:  # binascii.Error is one
        raise StudyError("upload: not a file, expected one; choose it again") from None


def told(kept: KeptTable) -> str:
    """Say what became of a table."""
    if not kept.is_new:
        return f"that table is here already, as {kept.name}"
    aside = f"; the earlier one is {kept.earlier} now" if kept.earlier else ""
    return f"{counted(kept.n_values, 'percentage')} kept in {kept.name}{aside}"
