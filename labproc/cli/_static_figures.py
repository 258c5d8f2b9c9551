"""Every figure as a file: SVG at the widths of a journal's columns, PNG and PDF."""

import re
from pathlib import Path
from typing import Any

from labproc.errors import SettingsError
from labproc.exchange._text import file_name
from labproc.pipeline.results import Results

WIDTHS_MM = (85, 170)  # one column and two
PX_PER_MM = 96 / 25.4  # CSS pixels, which SVG counts in
PNG_DPI = 300
POINT_PX = 96 / 72
TEXT_PT = 7.0


def write_figures(results: Results, folder: Path) -> list[Path]:
    """Draw every figure that the study has numbers for.

    Raises
    ------
    SettingsError
        If kaleido or its browser is not there to draw with.
    """
    from dashboards.figures import FIGURES

    paths: list[Path] = []
    for name, draw in FIGURES.items():
        drawing = draw(results)
        if drawing.data:
            paths += _write(drawing, file_name(name), folder)
    return paths


def _write(drawing: Any, name: str, folder: Path) -> list[Path]:
    paths = []
    for width in WIDTHS_MM:
        figure = _sized(drawing, width)
        path = folder / f"{name}_{width}mm.svg"
        path.write_text(_in_mm(_image(figure, "svg").decode("utf-8")), encoding="utf-8")
        paths.append(path)
    for form in ("png", "pdf"):
        path = folder / f"{name}.{form}"
        path.write_bytes(_image(_sized(drawing, WIDTHS_MM[-1]), form))
        paths.append(path)
    return paths


def _sized(drawing: Any, width_mm: int) -> Any:
    """Return the figure at a width, its height in proportion, its text at 7 pt."""
    import plotly.graph_objects as go

    figure = go.Figure(drawing)
    shape = (figure.layout.height or 400) / (figure.layout.width or 640)
    width = width_mm * PX_PER_MM
    text = TEXT_PT * POINT_PX
    figure.update_layout(width=round(width), height=round(width * shape))
    figure.update_layout(font_size=text, legend_font_size=text)
    figure.update_annotations(font_size=text)
    figure.update_xaxes(tickfont_size=text, title_font_size=text)
    figure.update_yaxes(tickfont_size=text, title_font_size=text)
    return figure


def _image(figure: Any, form: str) -> bytes:
    scale = PNG_DPI / 96 if form == "png" else 1
    try:
        image: bytes = figure.to_image(format=form, scale=scale)
    except (ImportError, ValueError, RuntimeError) as error:
        raise SettingsError(
            "export figures: found nothing to draw with, expected kaleido and chromium; install "
            "them with pip install 'labproc[figures]' and apt-get install chromium"
        ) from error
    return image


def _in_mm(svg: str) -> str:
    """Give the drawing its size in mm, which every program reads alike; its text stays text."""

    def named(found: re.Match[str]) -> str:
        return f'{found[1]}="{float(found[2]) / PX_PER_MM:.2f}mm"'

    head, rest = svg[: svg.index(">")], svg[svg.index(">") :]
    return re.sub(r'\b(width|height)="([\d.]+)"', named, head) + rest
