"""Wells of a plate left out and taken back in: chosen, with a reason, who did it and when."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from dashboards.desk import Desk, plate_of
from dashboards.pages._parts import table
from dashboards.pages._signing import when
from dashboards.people import NotAllowed, require
from labproc.errors import LabprocError
from labproc.model import Well
from labproc.pipeline.results import PlateView, Results
from labproc.store import Omission

VERDICTS = {"plates-approve": "approved", "plates-reject": "rejected", "plates-reopen": "reopened"}
FINE = "looked at, nothing to change"


def well_id(well: Well) -> str:
    """Return how one target in one well is named: ``CAR:A1``, or ``A1`` without a target."""
    return f"{well.target}:{well.position}" if well.target else well.position


def options(plate: PlateView) -> list[dict[str, str]]:
    """Return every well as it can be chosen, named by place, target, sample and Cq."""
    named = {well_id(w): w for w in plate.wells}
    return [{"value": name, "label": _label(well)} for name, well in named.items()]


def _label(well: Well) -> str:
    cq = "no Cq" if well.cq is None else f"Cq {well.cq:.2f}"
    out = ", left out" if well.omitted else ""
    parts = (well.position, well.target, well.sample or well.task.value, cq)
    return " · ".join(p for p in parts if p) + out


def controls(plate: PlateView) -> Any:
    """Return the fields and buttons for one plate's wells."""
    small: dict[str, Any] = {"size": "xs"}
    quiet = {**small, "variant": "default"}
    return html.Div(
        [
            dmc.MultiSelect(
                id="plates-wells", data=options(plate), value=[], searchable=True, clearable=True,
                limit=200, label="Wells (click them on the plate, or search)",
                **small,
            ),
            dmc.Textarea(
                id="plates-reason", label="Reason (required)", autosize=True, minRows=2, **small
            ),
            html.Div(
                [
                    dmc.Button("Leave out", id="plates-omit", color="dark", **small),
                    dmc.Button("Take back in", id="plates-restore", **quiet),
                    dmc.Button("Undo", id="plates-undo", **quiet),
                ],
                className="row",
                style={"marginTop": "8px"},
            ),
            html.Div(
                [
                    dmc.Button(["✓ Approve plate ", html.Kbd("a")], id="plates-approve", **quiet),
                    dmc.Button("✕ Reject plate", id="plates-reject", **quiet),
                    dmc.Button("Reopen", id="plates-reopen", **quiet),
                ],
                className="row",
                style={"marginTop": "8px"},
            ),
            html.Div(id="plates-busy", className="busy", role="status"),
            html.Div(
                id="plates-message", role="status", className="small", style={"minHeight": "22px"}
            ),
        ]
    )  # fmt: skip


def told(results: Results, plate: PlateView) -> Any:
    """Return the last word about every well that a reviewer spoke of."""
    said = results.omissions.get(plate.source.sha256, {})
    if not said:
        return html.P("No well was left out here.", className="small quiet")
    rows = [
        (one.well, "left out" if one.omitted else "back in", f"{one.who}, {when(one.decided_at)}",
         one.reason)
        for one in said.values()
    ]  # fmt: skip
    return table(("Well", "", "Who and when", "Why"), rows, label="Wells changed by hand")


def connect_wells(app: Dash, desk: Desk) -> None:
    """Hang the callbacks of choosing and deciding into the app."""

    @app.callback(
        Output("plates-wells", "value", allow_duplicate=True),
        Input("plate-map", "clickData"),
        State("plates-wells", "value"),
        State("plates-chosen", "value"),
        State("plates-target", "value"),
        prevent_initial_call=True,
    )
    def pick(click: Any, chosen: Any, name: Any, target: Any) -> list[str]:
        plate = plate_of(desk.results(), str(name))
        return toggled(plate, click, list(chosen or ()), str(target or ""))

    @app.callback(
        Output("plates-message", "children"),
        Output("plates-saved", "data"),
        Output("plates-reason", "value"),
        Output("plates-wells", "value"),
        *(Input(name, "n_clicks") for name in ("plates-omit", "plates-restore", "plates-undo")),
        *(Input(name, "n_clicks") for name in VERDICTS),
        State("plates-chosen", "value"),
        State("plates-wells", "value"),
        State("plates-reason", "value"),
        State("plates-saved", "data"),
        prevent_initial_call=True,
        running=[(Output("plates-busy", "children"), "computing what depends on it …", "")],
    )
    def act(*given: Any) -> tuple[Any, ...]:
        name, wells, reason, saved = given[-4:]
        if not any(given[:-4]):  # the buttons were only drawn
            raise PreventUpdate
        try:
            said = _act(desk, str(ctx.triggered_id), str(name), [str(w) for w in wells or ()],
                        str(reason or "").strip())  # fmt: skip
        except (LabprocError, NotAllowed, ValueError) as error:
            return html.Span(f"✕ {error}", className="failed"), no_update, no_update, no_update
        return html.Span(f"✓ {said}", className="accepted"), int(saved or 0) + 1, "", []


def toggled(plate: PlateView, click: Any, chosen: list[str], target: str = "") -> list[str]:
    """Return the chosen wells after a click on the plate: one more, or one fewer."""
    point = ((click or {}).get("points") or [{}])[0]
    at = f"{point.get('y', '')}{point.get('x', '')}"
    own = [well_id(w) for w in plate.wells if (w.position, w.target) == (at, target)]
    if not own:
        raise PreventUpdate
    return [n for n in chosen if n != own[0]] if own[0] in chosen else [*chosen, own[0]]


def _act(desk: Desk, action: str, name: str, wells: list[str], reason: str) -> str:
    """Do what a button says and say what was done."""
    results = desk.results()
    plate = plate_of(results, name)
    sha256 = plate.source.sha256
    if action in VERDICTS:
        person = require("reviewer")
        if not reason and action != "plates-approve":
            raise ValueError("no reason given; write why, for whoever reads the audit")
        desk.decide(sha256, VERDICTS[action], who=person.name, reason=reason or FINE)
        return f"{plate.name} {VERDICTS[action]}"
    person = require("analyst")
    if action == "plates-undo":
        last = last_words(results.omissions.get(sha256, {}))
        names, was_out = [one.well for one in last], last[0].omitted
        why = reason or f"undo: {last[0].reason}"
        desk.omit(sha256, names, who=person.name, reason=why, omitted=not was_out)
        return f"{', '.join(names)} {'back in' if was_out else 'left out again'}"
    if not wells:
        raise ValueError("no well chosen; click one on the plate")
    if not reason:
        raise ValueError("no reason given; write why, for whoever reads the audit")
    out = action == "plates-omit"
    desk.omit(sha256, wells, who=person.name, reason=reason, omitted=out)
    return f"{', '.join(wells)} {'left out' if out else 'back in'}; what depends on it was computed"


def last_words(said: Mapping[str, Omission]) -> list[Omission]:
    """Return the newest words about wells of a plate, said in one go: what undo turns round."""
    if not said:
        raise ValueError("nothing to undo: no well of this plate was changed")
    newest = max(said.values(), key=lambda one: one.decided_at)
    alike = (newest.decided_at, newest.who, newest.reason, newest.omitted)
    return [o for o in said.values() if (o.decided_at, o.who, o.reason, o.omitted) == alike]
