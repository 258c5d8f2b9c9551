"""Save a gate, approve or reject a sample: who may, why, and what was done."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, html, no_update

from dashboards.desk import Desk, group_of, tube_of
from dashboards.pages import _gate_parts as parts
from dashboards.pages._gate_draft import Draft, clean, with_typed
from dashboards.people import NotAllowed, require
from labproc.errors import LabprocError
from labproc.wording import counted

VERDICTS = {"gates-accept": "approved", "gates-reject": "rejected", "gates-reopen": "reopened"}
SAVES = ("gates-save", "gates-automatic")
FINE = "looked at, nothing to change"  # the reason of an approval where none is written


def connect_decisions(app: Dash, desk: Desk) -> None:
    """Hang the callback of the deciding buttons into the app."""

    @app.callback(
        Output("gates-message", "children"),
        Output("gates-saved", "data"),
        Output("gates-reason", "value"),
        Output("gates-list", "rowData"),
        *(Input(name, "n_clicks") for name in (*SAVES, *VERDICTS)),
        State("gates-draft", "data"),
        State("gates-reason", "value"),
        State("gates-scope", "value"),
        State("gates-saved", "data"),
        State({"type": "gate-typed", "at": ALL}, "value"),
        prevent_initial_call=True,
        running=[(Output("gates-busy", "children"), "computing what depends on it …", "")],
    )
    def act(*given: Any) -> tuple[Any, ...]:
        draft, reason, scope, saved, typed = given[-5:]
        try:
            why = str(reason or "").strip()
            message = _act(desk, str(ctx.triggered_id), draft, typed, why, scope)
        except (LabprocError, NotAllowed, ValueError) as error:
            return html.Span(f"✕ {error}", className="failed"), no_update, no_update, no_update
        rows = parts.list_rows(desk.results())
        return html.Span(f"✓ {message}", className="accepted"), int(saved) + 1, "", rows


def _act(desk: Desk, action: str, draft: Draft, typed: Any, reason: str, scope: str) -> str:
    """Do what a button says and say what was done."""
    if action in VERDICTS:
        return _decide(desk, VERDICTS[action], str(draft.get("sample", "")), reason)
    draft = with_typed(clean(draft), typed)
    return _save(desk, draft, reason, scope, automatic=action == "gates-automatic")


def _decide(desk: Desk, verdict: str, name: str, reason: str) -> str:
    person = require("reviewer")
    if not reason and verdict != "approved":
        raise ValueError("no reason given; write why, for whoever reads the audit")
    tube = tube_of(desk.results(), name)
    desk.decide(tube.source.sha256, verdict, who=person.name, reason=reason or FINE)
    return f"{tube.key.label} {verdict}"


def _save(desk: Desk, draft: Draft, reason: str, scope: str, *, automatic: bool) -> str:
    person = require("analyst")
    if not reason:
        raise ValueError("no reason given; write why, for whoever reads the audit")
    if not draft["moved"] and not automatic and scope == "tube":
        raise ValueError("the gate was not moved; nothing to save")
    results = desk.results()
    tube = tube_of(results, draft["sample"])
    tubes = group_of(results, tube, draft["population"], scope)
    names = [one.source.sha256 for one in tubes]
    points = None if automatic else draft["now"]
    desk.save(names, draft["population"], points, who=person.name, reason=reason)
    done = "automatic again" if automatic else "saved"
    return f"{done} {draft['population']} for {counted(len(tubes), 'sample')}"
