"""Every figure as a file: SVG at the widths of a journal's columns, PNG and PDF."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures import FIGURES
from labproc.errors import SettingsError
from labproc.exchange._text import file_name
from labproc.pipeline.results import Results

ONE_COLUMN, TWO_COLUMNS = 85, 170  # mm
TEXT_PT = 7.0
PX_PER_MM = 96 / 25.4  # CSS pixels, which figures are drawn in
PNG_DPI = 300
DRAWN_AT = (640, 400)  # px, where a figure does not say
LEGEND_LINES = 1.3
SHORTEST = 0.75  # height over width in one column, where margins take their share
NEEDED = (
    "export figures: found nothing to draw with, expected kaleido and a browser; install them "
    "with pip install 'labproc[figures]' and apt-get install chromium"
)


def write_figures(results: Results, folder: Path) -> list[Path]:
    """Draw every figure that the study has numbers for.

    Raises
    ------
    SettingsError
        If kaleido or its browser is not there to draw with.
    """
    return draw_all({name: draw(results) for name, draw in FIGURES.items()}, folder)


def draw_all(drawings: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write every figure that shows something, named as in ``drawings``.

    Raises
    ------
    SettingsError
        If kaleido or its browser is not there to draw with.
    """
    paths: list[Path] = []
    with _browser():
        for name, drawing in drawings.items():
            if drawing.data:
                paths += _write(drawing, file_name(name), folder)
    return paths


_one_browser = threading.Lock()  # kaleido has one server in a process; the app may be asked twice


@contextmanager
def _browser() -> Iterator[None]:
    """Keep one browser open for all figures: 0.3 s each instead of 3."""
    with _one_browser:
        try:
            import kaleido

            kaleido.start_sync_server(silence_warnings=True)
        except (ImportError, RuntimeError) as error:
            raise SettingsError(NEEDED) from error
        try:
            yield
        finally:
            kaleido.stop_sync_server(silence_warnings=True)


def _write(drawing: Any, name: str, folder: Path) -> list[Path]:
    paths = []
    for width in _widths(drawing):
        path = folder / f"{name}_{width}mm.svg"
        drawn = _image(_sized(drawing, width), "svg").decode("utf-8")
        path.write_text(in_mm(drawn, width), encoding="utf-8")
        paths.append(path)
    for form in ("png", "pdf"):
        path = folder / f"{name}.{form}"
        path.write_bytes(_image(_sized(drawing, TWO_COLUMNS), form))
        paths.append(path)
    return paths


def _widths(drawing: Any) -> tuple[int, ...]:
    """Return the widths a figure is readable at: panels or many words need two columns."""
    is_wide = "xaxis2" in drawing.to_dict()["layout"] or _said(drawing, "columns") == 2
    return (TWO_COLUMNS,) if is_wide else (ONE_COLUMN, TWO_COLUMNS)


def _said(drawing: Any, name: str) -> Any:
    """Return what a figure says of its own size: ``columns`` it needs, or that it has ``lanes``."""
    return (drawing.layout.meta or {}).get(name)


def _shrink() -> float:
    """Return by how much a figure is made smaller, so that its text is 7 pt on paper."""
    return TEXT_PT * 96 / 72 / theme.SMALL


def _sized(drawing: Any, width_mm: int) -> Any:
    """Return the figure at the width from which it shrinks to that many mm."""
    figure = go.Figure(drawing)
    shape = (figure.layout.height or DRAWN_AT[1]) / (figure.layout.width or DRAWN_AT[0])
    width = width_mm * PX_PER_MM / _shrink()
    if width_mm == ONE_COLUMN:
        shape = max(shape, SHORTEST)
        if _said(figure, "lanes"):  # a lane is as high in one column; the legend takes more lines
            shape = LEGEND_LINES * figure.layout.height / width
    return figure.update_layout(width=round(width), height=round(width * shape))


def _image(figure: Any, form: str) -> bytes:
    import kaleido

    options = {
        "format": form,
        "width": figure.layout.width,
        "height": figure.layout.height,
        "scale": PNG_DPI / 96 * _shrink() if form == "png" else 1,
    }
    try:
        image: bytes = kaleido.calc_fig_sync(figure.to_dict(), opts=options)
    except (ValueError, RuntimeError) as error:
        raise SettingsError(NEEDED) from error
    return image


def in_mm(svg: str, width_mm: int) -> str:
    """Give a drawing its size on paper, which every program reads alike; text stays text."""
    head, rest = svg[: svg.index(">")], svg[svg.index(">") :]
    sizes = {word: float(n) for word, n in re.findall(r'\b(width|height)="([\d.]+)"', head)}
    height = width_mm * sizes["height"] / sizes["width"]
    head = re.sub(r'\bwidth="[\d.]+"', f'width="{width_mm}mm"', head, count=1)
    head = re.sub(r'\bheight="[\d.]+"', f'height="{height:.2f}mm"', head, count=1)
    return head + rest
