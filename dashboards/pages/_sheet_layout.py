"""How the Samples page lies: the sheet, the plate map, the study's settings; one is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboards.pages import _sheet_draft as sheet
from dashboards.pages._parts import grid
from dashboards.pages._sheet_draft import PLATE_COLUMNS, Draft
from labproc.pipeline.setup import SheetLine
from labproc.study.sheet_edit import Problem
from labproc.study.sheets import SAMPLE_COLUMNS

VIEWS = (("sheet", "Sheet"), ("plate", "Plate map"), ("study", "Study"))
COLUMNS = (
    "file", "sample", "plate", "well", "donor", "experiment", "arm", "day", "replicate", "panel",
    "role", "sample_ul", "final_ul", "dna_ng", "note",
)  # fmt: skip
"""What stands in the sheet; columns that are used in samples.csv besides come after."""
LAYERS = ("sample", "donor", "arm", "day", "panel", "role", "replicate", "dna_ng", "note")
WIDTHS = {
    "file": 345, "sample": 100, "plate": 76, "well": 66, "donor": 78, "experiment": 106, "arm": 84,
    "day": 60, "role": 118, "note": 160,
}  # fmt: skip


def columns_of(lines: Sequence[SheetLine]) -> tuple[str, ...]:
    """Return the sheet's columns: the usual ones, then those that the study uses besides."""
    used = {c for line in lines for c in line.cells}
    return (*COLUMNS, *(c for c in SAMPLE_COLUMNS if c in used and c not in COLUMNS))


def column_defs(columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return the grid's columns; a wrong cell says why, what a name says already stands quiet."""
    state = {
        "field": "state", "headerName": "", "width": 44, "pinned": "left", "tooltipField": "why",
        "filter": False, "sortable": False, "resizable": False,
        "headerTooltip": "▲ not assigned, ✕ wrong",
    }  # fmt: skip
    cells = [
        {
            "field": c, "headerName": c.replace("_", " "), "editable": True,
            "width": WIDTHS.get(c, 92), "tooltipField": f"why_{c}",
            "sortable": False, "filter": False,
            "cellClassRules": {
                "wrong": f"params.data.why_{c}", "said": f"params.data.said_{c}",
            },
            **({"pinned": "left"} if c == "file" else {}),
        }
        for c in columns
    ]  # fmt: skip
    return [state, *cells]


def grid_rows(
    draft: Draft, lines: Sequence[SheetLine], problems: Sequence[Problem]
) -> list[dict[str, Any]]:
    """Return the rows of the grid: cells, what is wrong with them, and why a file is unassigned."""
    wrong: dict[int, dict[str, str]] = {}
    for one in problems:
        wrong.setdefault(one.row, {}).setdefault(one.column, one.message)
    by_file = {line.cells["file"].casefold(): line for line in lines if line.cells.get("file")}
    return [
        _grid_row(i, row, by_file.get(row.get("file", "").casefold()), wrong.get(i, {}))
        for i, row in enumerate(draft["rows"])
    ]


def _grid_row(
    i: int, row: Mapping[str, str], line: SheetLine | None, wrong: Mapping[str, str]
) -> dict[str, Any]:
    said = line.said if line else {}
    reason = line.reason if line else ""
    return {
        "id": str(i),
        **row,
        **{f"why_{c}": text for c, text in wrong.items()},
        **{f"said_{c}": True for c, text in said.items() if row.get(c) == text},
        "state": "✕" if wrong else "▲" if reason else "",
        "why": "; ".join(wrong.values()) or reason,
    }


def view_of_sheet(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Any:
    """Return the grid of all files, DNA samples and wells."""
    return grid(
        "samples-grid", column_defs(columns), rows, height="calc(100vh - 236px)",
        getRowId="params.data.id",
        settings={
            "stopEditingWhenCellsLoseFocus": True, "enterNavigatesVerticallyAfterEdit": True,
            "tooltipShowDelay": 200, "enableCellTextSelection": False,
        },
    )  # fmt: skip


def view_of_plate(plates: Sequence[str]) -> Any:
    """Return the plate map: which plate, which column, and 8 x 12 cells."""
    small: dict[str, Any] = {"size": "xs", "w": 200}
    chosen = [
        dmc.Autocomplete(
            id="samples-plate-name", data=list(plates), value=plates[0] if plates else "Plate 1",
            label="Plate", **small,
        ),
        dmc.Select(
            id="samples-layer", value="sample", label="The cells say", allowDeselect=False,
            data=[{"value": c, "label": c.replace("_", " ")} for c in LAYERS], **small,
        ),
    ]  # fmt: skip
    head = {"field": "row", "headerName": "", "width": 44, "editable": False, "pinned": "left"}
    cells = [
        {
            "field": n,
            "headerName": n,
            "editable": True,
            "flex": 1,
            "minWidth": 64,
            "tooltipField": n,
        }
        for n in PLATE_COLUMNS
    ]
    for one in (head, *cells):
        one |= {"sortable": False, "filter": False}
    wells = grid(
        "samples-plate", [head, *cells], [], height="302px", getRowId="params.data.row",
        settings={"stopEditingWhenCellsLoseFocus": True, "enableCellTextSelection": False},
    )  # fmt: skip
    hint = (
        "Type into a well, or copy an 8 x 12 grid in Excel, click the well where it begins and "
        "paste. Row letters and column numbers may be copied with it."
    )
    return html.Div(
        [html.Div(chosen, className="row"), html.P(hint, className="small quiet"), wells]
    )


def bar() -> Any:
    """Return undo, redo, the reason and the button that saves."""
    small: dict[str, Any] = {"size": "xs"}
    return html.Div(
        [
            dmc.Button(["Undo ", html.Kbd("u")], id="samples-undo", variant="default", **small),
            dmc.Button(["Redo ", html.Kbd("r")], id="samples-redo", variant="default", **small),
            dmc.TextInput(
                id="samples-reason", placeholder="Why it is changed (required)", w=320, **small,
                **{"aria-label": "Reason (required)"},
            ),
            dmc.Button("Save", id="samples-save", color="dark", **small),
            html.Span(id="samples-message", role="status", className="small"),
        ],
        className="row",
        style={"margin": "8px 0"},
    )  # fmt: skip


def stores(draft: Draft) -> list[Any]:
    """Return what the browser keeps while the page is open."""
    return [
        dcc.Store(id="samples-draft", data=draft),
        dcc.Store(id="samples-paste", data=None),
        dcc.Interval(id="samples-clock", interval=1_500),
    ]


def plates_of(draft: Draft, lines: Sequence[SheetLine]) -> list[str]:
    """Return the plates that files or rows name."""
    named = [row.get("plate", "") for row in draft["rows"]]
    named += [line.place[0] for line in lines if line.place[1]]
    return list(dict.fromkeys(n for n in named if n))


def places_of(lines: Sequence[SheetLine]) -> dict[str, tuple[str, str]]:
    """Return file -> plate and well that its head names."""
    return {line.cells.get("file", "").casefold(): line.place for line in lines if line.place[1]}


def plate_rows(
    draft: Draft, lines: Sequence[SheetLine], *, plate: str, layer: str
) -> list[dict[str, str]]:
    """Return the plate map's rows."""
    return sheet.plate_grid(draft, places_of(lines), plate=plate, layer=layer)
