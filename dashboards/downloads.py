"""What can be taken away: every export format and the report, made when it is asked for."""

import io
import tempfile
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from flask import Flask, Response, abort

from dashboards.people import require
from dashboards.static_figures import write_figures
from labproc.errors import SettingsError
from labproc.exchange import EXPORTS
from labproc.exchange._text import file_name
from labproc.pipeline.results import Results

REPORT, FIGURES = "report", "figures"
FIRST = ("xlsx", "prism", "csv")  # what a bench scientist reaches for
KINDS = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".html": "text/html; charset=utf-8",
    ".zip": "application/zip",
}


def offered(results: Results) -> list[tuple[str, str]]:
    """Return name and title of every download, the common ones first."""
    named = {name: export.title for name, export in EXPORTS.items()}
    order = [*(n for n in FIRST if n in named), *(n for n in sorted(named) if n not in FIRST)]
    made = [(n, named[n]) for n in order]
    if find_spec("kaleido") is not None:
        made.append((FIGURES, "Figures as SVG (85 and 170 mm), PNG and PDF; takes a minute"))
    return [*made, (REPORT, "Report, one HTML file that opens offline")]


def make(results: Results, name: str) -> tuple[str, bytes]:
    """Return a download's file name and content; several files come as one zip.

    Raises
    ------
    KeyError
        If there is no such format.
    SettingsError
        If figures are asked for and there is nothing to draw them with.
    """
    if name == REPORT:
        from dashboards.report import build_report

        return "report.html", build_report(results).encode()
    if name != FIGURES and name not in EXPORTS.names():
        raise KeyError(name)
    with tempfile.TemporaryDirectory() as folder:
        write = write_figures if name == FIGURES else EXPORTS.get(name).write
        paths = write(results, Path(folder))
        return _packed(paths, Path(folder), name)


def _packed(paths: list[Path], folder: Path, name: str) -> tuple[str, bytes]:
    if len(paths) == 1:
        return paths[0].name, paths[0].read_bytes()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in paths:
            packed.write(path, path.relative_to(folder).as_posix())
    return f"{file_name(name)}.zip", held.getvalue()


def serve_downloads(server: Flask, results: Callable[[], Results]) -> None:
    """Answer ``/download/NAME``; names only, no path from a client is ever opened."""

    @server.route("/download/<name>")
    def download(name: str) -> Response:
        require("viewer")
        try:
            called, content = make(results(), name)
        except KeyError:
            abort(404, "no such export")
        except SettingsError as error:
            abort(503, str(error))
        kind = KINDS.get(Path(called).suffix, "application/octet-stream")
        answer = Response(content, 200, content_type=kind)
        answer.headers["Content-Disposition"] = f'attachment; filename="{called}"'
        return answer
