"""The Inbox page: every file in raw/ and what became of it."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboards import wording
from dashboards.desk import SHORT, Desk
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import grid
from labproc.errors import LabprocError
from labproc.pipeline.results import FileStatus, Results
from labproc.wording import in_order

EVERY = 3_000  # ms between looks at raw/ and the store while the page is open
SHARED_S = 2.5  # one look serves all who have the page open
SIGNS = {
    "done": "✓ ", "set_aside": "✕ ", "not_assigned": "▲ ", "changed": "▲ ", "away": "▲ ",
    "waiting": "… ", "running": "… ", "new": "… ",
}  # fmt: skip
COLUMNS = (
    {"field": "state", "headerName": "State", "minWidth": 110, "maxWidth": 150},
    {"field": "path", "headerName": "File", "tooltipField": "path", "flex": 4},
    {"field": "kind", "headerName": "Kind", "minWidth": 84, "maxWidth": 100},
    {"field": "sample", "headerName": "Sample", "tooltipField": "sample", "flex": 3},
    {"field": "reason", "headerName": "Why, and what to do", "tooltipField": "reason", "flex": 3},
    {"field": "sha256", "headerName": "SHA-256", "minWidth": 160, "maxWidth": 170},
)


def files_now(desk: Desk) -> Sequence[FileStatus]:
    """Return every file with what became of it, held against what lies in raw/ now."""
    results = desk.results()
    try:
        return _look(results.folder, desk.version(), int(time.monotonic() / SHARED_S))
    except LabprocError:  # raw/ cannot be looked at: what is known of the files stands
        return results.files


@lru_cache(maxsize=4)
def _look(folder: Path, _version: str, _now: int) -> Sequence[FileStatus]:
    from labproc.pipeline.status import study_status

    return tuple(study_status(folder))


def rows(files: Sequence[FileStatus]) -> list[dict[str, str]]:
    """Return one row per file, those without a result first."""
    ranked = sorted(files, key=lambda f: (f.state not in wording.TROUBLE, in_order(f.path)))
    return [
        {
            "state": SIGNS.get(f.state, "") + wording.STATES.get(f.state, f.state),
            "path": f.path,
            "kind": f.kind,
            "sample": f.key.label if f.key else "",
            "reason": f.reason or "; ".join(flag.message for flag in f.flags),
            "sha256": f.sha256[:16],
        }
        for f in ranked
    ]


def summary(files: Sequence[FileStatus]) -> str:
    """Return how many files are in which state."""
    counts = Counter(f.state for f in files)
    words = [f"{n} {wording.STATES.get(state, state)}" for state, n in counts.most_common()]
    return " · ".join(words) or "raw/ holds no file yet: drop instrument files there and run."


def place_of(results: Results, path: str) -> str:
    """Return the address of a file's gates or plate; stop where it has neither."""
    sha256 = next((f.sha256 for f in results.files if f.path == path), "")
    if any(t.source.sha256 == sha256 for t in results.tubes):
        return f"/gates/{sha256[:SHORT]}"
    if any(p.source.sha256 == sha256 for p in results.plates):
        return f"/plates/{sha256[:SHORT]}"
    raise PreventUpdate


def shown(listed: list[dict[str, str]]) -> str:
    """Return a word that changes whenever what is listed does."""
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def layout(desk: Desk, _rest: str) -> Any:
    """Return the page."""
    files = files_now(desk)
    listed = rows(files)
    return html.Div(
        [
            html.H1("Inbox"),
            html.P(summary(files), id="inbox-summary", role="status"),
            html.P("A click on a file opens its gates or its plate.", className="small quiet"),
            grid("inbox-grid", COLUMNS, listed, getRowId="params.data.path"),
            dcc.Interval(id="inbox-clock", interval=EVERY),
            dcc.Store(id="inbox-version", data=shown(listed)),
        ]
    )


def connect(app: Dash, desk: Desk) -> None:
    """Look at raw/ and the store while the page is open and show what changed, nothing else."""

    @app.callback(
        Output("location", "pathname", allow_duplicate=True),
        Input("inbox-grid", "cellClicked"),
        prevent_initial_call=True,
    )
    def follow(cell: Any) -> str:
        return place_of(desk.results(), str((cell or {}).get("rowId", "")))

    @app.callback(
        Output("inbox-summary", "children"),
        Output("inbox-grid", "rowData"),
        Output("inbox-version", "data"),
        Input("inbox-clock", "n_intervals"),
        State("inbox-version", "data"),
        prevent_initial_call=True,
    )
    def look(_n: int, seen: str) -> tuple[Any, ...]:
        files = files_now(desk)
        listed = rows(files)
        if shown(listed) == seen:
            raise PreventUpdate
        return summary(files), listed, shown(listed)


PAGES.register("inbox")(Page("Inbox", 0, layout, connect))
