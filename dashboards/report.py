"""The report: one self-contained HTML file that opens from a disk and asks no network."""

import json
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from dashboards import report_parts, theme
from dashboards.markup import Markup, esc, join, tag
from dashboards.pack import asset, packed, plotly_bundle
from labproc.pipeline.results import Results

# The browser itself refuses any request; plotly's cartesian charts need no eval.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)


def build_report(results: Results) -> str:
    """Return a study's report as one HTML page.

    Plotly and the figures are packed into the page and unpacked by the browser. Every text that
    came from an instrument or a sheet is escaped.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
        The page, in UTF-8 when written.
    """
    figures: dict[str, go.Figure] = {}
    later: dict[str, Markup] = {}
    body = report_parts.body(results, figures, later)
    title = esc(results.title or "Study")
    head = join(
        [
            Markup('<meta charset="utf-8">'),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            tag("title", results.title or "Study"),
            tag("style", Markup(asset("report/report.css"))),
        ],
        "\n",
    )
    scripts = join(
        [plotly_bundle(), packed("packed-figures", _json(figures, later)), _program()], "\n"
    )
    page = f'<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n{scripts}\n</body>\n</html>'
    return f"<!doctype html>\n<!-- {title.replace('--', '')} -->\n{page}\n"


def _program() -> Markup:
    return tag("script", Markup(asset("report/report.js")))


def _json(figures: Mapping[str, go.Figure], later: Mapping[str, Markup]) -> str:
    """Return the figures as plotly reads them, arrays as packed numbers, and the long tables."""
    from plotly.io.json import to_json_plotly

    drawn: dict[str, Any] = {name: json.loads(to_json_plotly(f)) for name, f in figures.items()}
    whole = {"figures": drawn, "tables": dict(later), "config": dict(theme.CONFIG)}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
