"""The Gates page: the odd sample first, its gate drawn, moved, saved with a reason, judged."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, Patch, State, ctx, no_update
from dash.exceptions import PreventUpdate

from dashboards.desk import Desk, gate_of, tube_of
from dashboards.pages import PAGES, Page
from dashboards.pages import _gate_parts as parts
from dashboards.pages._gate_decisions import connect_decisions
from dashboards.pages._gate_draft import Draft, after, clean
from dashboards.pages._gate_layout import layout
from dashboards.pages._signing import connect_signing, seals
from labproc.errors import LabprocError
from labproc.model import Measurement
from labproc.pipeline.results import Results, TubeView


def connect(app: Dash, desk: Desk) -> None:
    """Hang the page's callbacks into the app."""
    _connect_choice(app, desk)
    _connect_moves(app, desk)
    connect_decisions(app, desk)
    connect_signing(app, desk, {"gates": ("gates-chosen", "data", _file(desk))})


def _file(desk: Desk) -> Callable[[Any, str], list[str]]:
    return lambda chosen, _meaning: [tube_of(desk.results(), str(chosen["sample"])).source.sha256]


def _connect_choice(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output("gates-chosen", "data"),
        Output("gates-list", "selectedRows"),
        Input("gates-list", "selectedRows"),
        Input("gates-next", "n_clicks"),
        Input("gates-previous", "n_clicks"),
        Input({"type": "gate-step", "population": ALL}, "n_clicks"),
        State("gates-chosen", "data"),
        State("gates-list", "virtualRowData"),
        prevent_initial_call=True,
    )
    def choose(
        rows: Any, _next: Any, _previous: Any, _steps: Any, chosen: Draft, shown: Any
    ) -> tuple[Any, Any]:
        return _choose(ctx.triggered_id, ctx.triggered[0]["value"], chosen, rows, shown or ())

    @app.callback(
        Output("gates-title", "children"),
        Output("gates-steps", "children"),
        Output("gates-plot", "children"),
        Output("gates-typed", "children"),
        Output("gates-tree", "children"),
        Output("gates-numbers", "children"),
        Output("gates-about", "children"),
        Output("gates-history", "children"),
        Output("gates-seals", "children"),
        Output("gates-draft", "data"),
        Input("gates-chosen", "data"),
        Input("gates-saved", "data"),
        Input("signed", "data"),
    )
    def show(chosen: Draft, _saved: int, _signed: int) -> tuple[Any, ...]:
        return _show(desk, chosen)


def _choose(
    trigger: Any, value: Any, chosen: Draft, rows: Any, shown: Sequence[Mapping[str, str]]
) -> tuple[Any, Any]:
    """Return the chosen sample and population, and the row to mark in the list."""
    if isinstance(trigger, dict):
        if not value:  # the buttons were only drawn
            raise PreventUpdate
        return {**chosen, "population": trigger["population"]}, no_update
    if trigger == "gates-list":
        name = rows[0]["id"] if isinstance(rows, list) and rows else ""
        if not name or name == chosen["sample"]:
            raise PreventUpdate
        return {**chosen, "sample": name}, no_update
    order = [r["id"] for r in shown]
    if not order or not value:
        raise PreventUpdate
    at = order.index(chosen["sample"]) if chosen["sample"] in order else -1
    name = order[(at + (1 if trigger == "gates-next" else -1)) % len(order)]
    return {**chosen, "sample": name}, {"ids": [name]}


def _show(desk: Desk, chosen: Draft) -> tuple[Any, ...]:
    """Return every part of the page for the chosen sample and population."""
    results = desk.results()
    tube = tube_of(results, chosen["sample"])
    gate = gate_of(tube, chosen.get("population", ""))
    desk.hold(tube)
    draft: Draft = {
        "sample": chosen["sample"], "population": gate.population, "kind": gate.boundary.kind,
        "past": [], "now": gate.boundary.points.tolist(), "future": [], "moved": False,
    }  # fmt: skip
    return (
        parts.title(tube), parts.steps(tube, gate.population), parts.plot(results, tube, gate),
        parts.typed(gate), parts.tree(tube, gate.population),
        parts.numbers(stored(results, tube), ()), parts.about(tube, gate),
        parts.history(desk.audit(), tube), seals(results, tube.source.sha256),
        draft,
    )  # fmt: skip


def stored(results: Results, tube: TubeView) -> list[Measurement]:
    """Return the measurements that came from a tube's file."""
    return [m for m in results.measurements if m.source and m.source.sha256 == tube.source.sha256]


def _connect_moves(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output("gates-draft", "data", allow_duplicate=True),
        Output("gates-tree", "children", allow_duplicate=True),
        Output({"type": "gate-typed", "at": ALL}, "value"),
        Output("gates-message", "children", allow_duplicate=True),
        Input("gates-dragged", "data"),
        Input({"type": "gate-typed", "at": ALL}, "value"),
        Input("gates-undo", "n_clicks"),
        Input("gates-redo", "n_clicks"),
        State("gates-draft", "data"),
        prevent_initial_call=True,
    )
    def move(relayout: Any, values: Any, _undo: Any, _redo: Any, draft: Draft) -> tuple[Any, ...]:
        draft = after(desk, ctx.triggered_id, relayout, values, draft)
        try:
            return _moved(desk, draft, values)
        except (LabprocError, ValueError) as error:
            return no_update, no_update, [no_update] * len(values), f"✕ {error}"

    @app.callback(
        Output("gates-graph", "figure"), Input("gates-draft", "data"), prevent_initial_call=True
    )
    def draw(draft: Draft) -> Patch:  # after the numbers: drawing anew takes longer than they do
        if not draft.get("moved"):
            raise PreventUpdate
        return _drawn(desk, clean(draft))

    @app.callback(
        Output("gates-measured", "data"),
        Input("gates-draft", "data"),
        prevent_initial_call=True,
        running=[(Output("gates-busy", "children"), "computing the numbers …", "")],
    )
    def measure(draft: Draft) -> dict[str, Any]:
        if not draft.get("moved"):
            raise PreventUpdate
        numbers, tree = _measured(desk, clean(draft))
        return {"of": draft, "numbers": numbers, "tree": tree}

    in_browser = {
        "dragged": (Output("gates-dragged", "data"), Input("gates-graph", "relayoutData")),
        "measured": (Input("gates-measured", "data"),),
    }
    for name, wires in in_browser.items():
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("gates", name), *wires, prevent_initial_call=True
        )


def _measured(desk: Desk, draft: Draft) -> tuple[Any, Any]:
    """Return numbers and tree with every gate below the moved one placed anew."""
    results = desk.results()
    tube = tube_of(results, draft["sample"])
    what = (tube.source.sha256, draft["population"], draft["now"])
    new = desk.preview(*what)
    numbers = parts.numbers(stored(results, tube), desk.measured(*what))
    return numbers, parts.tree(new, draft["population"], tube)


def _moved(desk: Desk, draft: Draft, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return draft, tree and fields after a move."""
    before, tube = _quick(desk, draft)
    typed = parts.typed_values(draft["kind"], draft["now"])
    fields = typed if len(typed) == len(values) else [no_update] * len(values)
    return draft, parts.tree(tube, draft["population"], before), fields, ""


def _drawn(desk: Desk, draft: Draft) -> Patch:
    """Return what a move changes of the plot: the outline and its label."""
    _, tube = _quick(desk, draft)
    patch, gate = Patch(), gate_of(tube, draft["population"])
    patch["layout"]["shapes"], patch["layout"]["annotations"] = parts.shape_patch(tube, gate)
    return patch


def _quick(desk: Desk, draft: Draft) -> tuple[TubeView, TubeView]:
    """Return a tube as it stands, and with the draft's gate counted anew."""
    before = tube_of(desk.results(), draft["sample"])
    return before, desk.quick(before, draft["population"], draft["now"])


PAGES.register("gates")(Page("Gates", 2, layout, connect))
