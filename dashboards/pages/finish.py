"""The Sign and export page: what is open still, the study signed, files for other programs."""

from collections import Counter
from typing import Any

from dash import Dash, Input, Output, html

from dashboards import downloads, wording
from dashboards.desk import Desk
from dashboards.pages import PAGES, Page
from dashboards.pages._parts import grid, table
from dashboards.pages._signing import connect_signing, covering, panel, when
from labproc.pipeline.results import Results
from labproc.store.signatures import MEANINGS

COLUMNS = (
    {"field": "file", "headerName": "File", "tooltipField": "file", "flex": 6},
    *({"field": m, "headerName": m.capitalize(), "tooltipField": m, "flex": 2} for m in MEANINGS),
)


def layout(desk: Desk, _rest: str) -> Any:
    """Return the page."""
    results = desk.results()
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Sign and export"),
                    html.Div(_open(results), id="finish-open"),
                    html.H2("Signatures"),
                    html.Div(id="finish-signed", role="status", className="small"),
                    grid("finish-grid", COLUMNS, _rows(results), height="calc(100vh - 330px)"),
                ]
            ),
            html.Aside(
                [
                    html.H2("Sign the study", style={"marginTop": 0}),
                    html.P(
                        "Signs the results of every file that does not bear the meaning yet. "
                        "What is signed is locked; a change needs the signature withdrawn.",
                        className="small quiet",
                    ),
                    panel("study", "study"),
                    html.H2("Export"),
                    _exports(results),
                ]
            ),
        ],
        className="beside",
    )


def _open(results: Results) -> Any:
    """Return what somebody should look at before signing."""
    look, plates = (
        sum(wording.needs_look(one) for one in some) for some in (results.tubes, results.plates)
    )
    aside = sum(f.state in wording.TROUBLE for f in results.files)
    failed = sum(any(r.verdict == "fail" for r in p.acceptance) for p in results.plates)
    rows = [
        ("Samples to look at", look, "/gates"),
        ("Files set aside or not assigned", aside, "/inbox"),
        ("Plates to look at", plates, "/plates"),
        ("Plates that fail a rule", failed, "/plates"),
    ]
    cells = [
        (
            html.A(what, href=to),
            html.Span(f"▲ {n} open" if n else "✓ none", className="look" if n else "accepted"),
        )
        for what, n, to in rows
    ]
    return table(("Before you sign", "State"), cells, label="Open points")


def _rows(results: Results) -> list[dict[str, str]]:
    """Return one row per file that can be signed: who gave it which meaning."""
    rows = []
    signed = covering(results)
    for sha256, path in _files(results).items():
        said = {m: f"✓ {s.who}, {when(s.signed_at)}" for m, s in signed.get(sha256, {}).items()}
        rows.append({"file": path, **{m: said.get(m, "") for m in MEANINGS}})
    return sorted(rows, key=lambda r: r["file"])


def _files(results: Results) -> dict[str, str]:
    """Return SHA-256 -> path of everything that can be signed: tubes that were gated, runs."""
    tubes = {t.source.sha256: t.source.path for t in results.tubes}
    return tubes | {p.source.sha256: p.source.path for p in results.plates}


def _to_sign(results: Results, meaning: str) -> list[str]:
    """Return the files that bear neither this meaning nor a later one; those signed to withdraw."""
    signed, files = covering(results), _files(results)
    if not meaning:
        return [f for f in files if f in signed]
    later = MEANINGS[MEANINGS.index(meaning) :] if meaning in MEANINGS else ()
    return [f for f in files if not set(later) & set(signed.get(f, {}))]


def _summary(results: Results) -> str:
    files, signed = _files(results), covering(results)
    counts = Counter(m for f in files for m in signed.get(f, {}))
    said = [f"{m}: {counts[m]} of {len(files)}" for m in MEANINGS]
    return " · ".join(said) if files else "No result to sign yet."


def _exports(results: Results) -> Any:
    """Return a link to each file that can be had."""
    return html.Ul(
        [
            html.Li(html.A(title, href=f"/download/{name}", download=""))
            for name, title in downloads.offered(results)
        ],
        className="exports",
    )


def connect(app: Dash, desk: Desk) -> None:
    """Sign the whole study, and show what is signed."""

    def files(_path: Any, meaning: str) -> list[str]:
        return _to_sign(desk.results(), meaning)

    connect_signing(app, desk, {"study": ("location", "pathname", files)})

    @app.callback(
        Output("finish-signed", "children"),
        Output("finish-grid", "rowData"),
        Input("signed", "data"),
    )
    def show(_signed: int) -> tuple[Any, ...]:
        results = desk.results()
        return _summary(results), _rows(results)


PAGES.register("finish")(Page("Sign and export", 8, layout, connect))
