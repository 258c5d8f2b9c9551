"""The Samples page: whose sample is whose, on a sheet or a plate; the study's own settings."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from dashboards.desk import Desk
from dashboards.pages import PAGES, Page
from dashboards.pages import _sheet_draft as sheet
from dashboards.pages import _sheet_layout as lay
from dashboards.pages import _sheet_study as form
from dashboards.pages._sheet_draft import Draft
from dashboards.people import NotAllowed, require
from labproc.errors import LabprocError
from labproc.pipeline.setup import SheetLine, rows_to_write
from labproc.study.sheet_edit import Problem
from labproc.wording import counted

NEW = "There is no study.toml here yet: say what the study is, and save."


def layout(desk: Desk, _rest: str) -> Any:
    """Return the page; on the settings where there is no study yet, or it cannot be read."""
    values = desk.settings()
    lines, trouble = _lines(desk)
    draft = sheet.begin(lines)
    view = "study" if trouble or not values else "sheet"
    chosen = dmc.SegmentedControl(
        id="samples-view", value=view, size="xs",
        data=[{"value": v, "label": w} for v, w in lay.VIEWS],
    )  # fmt: skip
    rows = lay.grid_rows(draft, lines, [])
    columns = lay.columns_of(lines)
    shown = {
        "sheet": lay.view_of_sheet(rows, columns),
        "plate": lay.view_of_plate(lay.plates_of(draft, lines)),
        "study": form.view(values),
    }
    views = [
        html.Div(one, id=f"samples-{name}-view", style=_style(name, view))
        for name, one in shown.items()
    ]
    said = trouble if values else NEW
    return html.Div(
        [
            *lay.stores(draft),
            html.Div([html.H1("Samples"), chosen], className="row apart"),
            html.P(said or _summary(lines, []), id="samples-said", role="status"),
            lay.bar(),
            *views,
        ]
    )


def _lines(desk: Desk) -> tuple[list[SheetLine], str]:
    """Return the sheet's lines, and what keeps them from being read."""
    try:
        return desk.sheet(), ""
    except LabprocError as error:
        return [], str(error)


def _style(name: str, view: str) -> dict[str, str]:
    return {} if name == view else {"display": "none"}


def _summary(lines: Sequence[SheetLine], wrong: Sequence[Problem]) -> str:
    files = [line for line in lines if line.cells.get("file")]
    lost = sum(bool(line.reason) for line in files)
    words = [counted(len(files), "FCS file"), f"{lost} not assigned" if lost else "all assigned"]
    if wrong:
        first = wrong[0]
        words.append(f"✕ {len(wrong)} wrong: row {first.row + 1}, {first.message}")
    return " · ".join(words)


def connect(app: Dash, desk: Desk) -> None:
    """Hang the page's callbacks into the app."""
    _connect_edit(app, desk)
    _connect_save(app, desk)

    @app.callback(
        *(Output(f"samples-{name}-view", "style") for name, _ in lay.VIEWS),
        Input("samples-view", "value"),
        prevent_initial_call=True,
    )
    def turn(view: str) -> tuple[Any, ...]:
        return tuple(_style(name, view) for name, _ in lay.VIEWS)

    @app.callback(
        Output("samples-message", "children", allow_duplicate=True),
        Input("samples-clock", "n_intervals"),
        State("samples-message", "children"),
        prevent_initial_call=True,
    )
    def look(_n: int, shown: Any) -> Any:
        now = desk.working()
        if now:
            return html.Span(now, className="failed" if now.startswith("✕") else "quiet")
        if "computing" in str(shown):
            return html.Span("✓ saved and computed", className="accepted")
        raise PreventUpdate


def _connect_edit(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output("samples-draft", "data"),
        Input("samples-grid", "cellValueChanged"),
        Input("samples-plate", "cellValueChanged"),
        Input("samples-paste", "data"),
        Input("samples-undo", "n_clicks"),
        Input("samples-redo", "n_clicks"),
        State("samples-draft", "data"),
        State("samples-plate-name", "value"),
        State("samples-layer", "value"),
        prevent_initial_call=True,
    )
    def edit(
        cells: Any,
        wells: Any,
        block: Any,
        _undo: Any,
        _redo: Any,
        draft: Any,
        plate: Any,
        layer: Any,
    ) -> Draft:
        now = sheet.clean(draft)
        given = {"samples-grid": cells, "samples-plate": wells, "samples-paste": block}
        what = str(ctx.triggered_id)
        if what in ("samples-undo", "samples-redo"):
            return sheet.undone(now, forward=what == "samples-redo")
        if not given.get(what):
            raise PreventUpdate
        return _edited(desk, now, what, given[what], (str(plate or ""), str(layer or "sample")))

    @app.callback(
        Output("samples-grid", "rowData"),
        Output("samples-plate", "rowData"),
        Output("samples-said", "children"),
        Input("samples-draft", "data"),
        Input("samples-plate-name", "value"),
        Input("samples-layer", "value"),
    )
    def draw(draft: Any, plate: Any, layer: Any) -> tuple[Any, ...]:
        now = sheet.clean(draft)
        lines, trouble = _lines(desk)
        if trouble or not lines:
            return [], [], trouble or (NEW if not desk.settings() else _summary(lines, ()))
        wrong = desk.check([row for row in now["rows"] if row])
        on = lay.plate_rows(now, lines, plate=str(plate or ""), layer=str(layer or "sample"))
        return lay.grid_rows(now, lines, _placed(now, wrong)), on, _summary(lines, wrong)


def _placed(draft: Draft, wrong: Sequence[Problem]) -> list[Problem]:
    """Return problems by the rows that are shown: empty ones are not checked."""
    full = [i for i, row in enumerate(draft["rows"]) if row]
    return [Problem(full[p.row], p.column, p.message) for p in wrong]


def _edited(desk: Desk, draft: Draft, what: str, given: Any, on: tuple[str, str]) -> Draft:
    """Return the draft after a typed cell, a typed well or a paste into either."""
    lines = desk.sheet()
    places, (plate, layer) = lay.places_of(lines), on
    if what == "samples-grid":
        cells = [(int(c["rowId"]), str(c["colId"]), str(c.get("value") or "")) for c in given]
        return sheet.changed(draft, cells)
    if what == "samples-plate":
        wells = {f"{c['rowId']}{c['colId']}": str(c.get("value") or "") for c in given}
        return sheet.fill_wells(draft, places, wells, plate=plate, layer=layer)
    block, row, column = sheet.pasted(str(given["text"])), str(given["row"]), str(given["column"])
    if given.get("grid") == "samples-grid":
        shown = lay.columns_of(lines)
        return sheet.paste_sheet(draft, block, at=int(row), column=column, columns=shown)
    wells = sheet.wells_from(sheet.without_rulers(block), row=row, column=column)
    return sheet.fill_wells(draft, places, wells, plate=plate, layer=layer)


def _connect_save(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output("samples-message", "children"),
        Output("samples-reason", "value"),
        Output("samples-draft", "data", allow_duplicate=True),
        Input("samples-save", "n_clicks"),
        State("samples-view", "value"),
        State("samples-reason", "value"),
        State("samples-draft", "data"),
        State({"type": "setting", "key": ALL}, "id"),
        State({"type": "setting", "key": ALL}, "value"),
        State("samples-arms", "rowData"),
        State("samples-panels", "rowData"),
        prevent_initial_call=True,
    )
    def save(
        clicks: Any, view: str, reason: Any, draft: Any, ids: Any, typed: Any, *tables: Any
    ) -> tuple[Any, ...]:
        if not clicks:
            raise PreventUpdate
        why = str(reason or "").strip()
        try:
            if view == "study":
                said = form.save_form(desk, [i["key"] for i in ids], typed, tables, why)
            else:
                said = _save_sheet(desk, sheet.clean(draft), why)
        except (LabprocError, NotAllowed, ValueError) as error:
            return html.Span(f"✕ {error}", className="failed"), no_update, no_update
        lines, _ = _lines(desk)
        return html.Span(f"✓ {said}; computing …", className="accepted"), "", sheet.begin(lines)


def _save_sheet(desk: Desk, draft: Draft, reason: str) -> str:
    """Write the sheet; what names say and how it stood comes from the store, never the browser."""
    person = require("analyst")
    lines = desk.sheet()
    by_file = {line.cells["file"].casefold(): line for line in lines if line.cells.get("file")}
    rows = []
    for cells in draft["rows"]:
        line = by_file.get(cells.get("file", "").casefold())
        rows.append((cells, line.said if line else {}, line.row if line else {}))
    n = desk.save_sheet(rows_to_write(rows), who=person.name, reason=reason)
    return f"samples.csv saved, {counted(n, 'row')} changed"


PAGES.register("samples")(Page("Samples", 1, layout, connect))
