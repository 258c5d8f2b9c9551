"""``labproc export``: results for Excel, Prism, FlowJo and others."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labproc.cli._output import json_line, say
from labproc.errors import UnknownName
from labproc.registry import nearest

if TYPE_CHECKING:
    from labproc.pipeline.results import Results

FIGURES = "figures"
# click keeps the lines of a paragraph that begins with a backspace
FORMATS = """\b
FORMAT:
  csv         every table, safe to open in a spreadsheet
  xlsx        one Excel workbook, a sheet a table
  parquet     every table, for Python and R
  prism       GraphPad Prism, a Grouped table a figure, CSV beside it
  rdml        every qPCR run, for qPCR programs
  gatingml    the gates of every tube, for flowkit and Cytobank
  flowjo      the gates of every tube as a FlowJo workspace
  figures     every figure as SVG (85 and 170 mm), PNG and PDF
  checklists  reporting checklists: MIFlowCyt, MIQE, TREND
"""


@click.command(epilog=FORMATS)
@click.argument("places", nargs=-1, type=click.Path(path_type=Path), metavar="[STUDY] DIR")
@click.option("--to", "wanted", required=True, metavar="FORMAT", help="Which format; see below.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file.")
def command(places: tuple[Path, ...], wanted: str, as_json: bool) -> None:
    """Write a study's results into DIR for another program.

    STUDY is a folder that holds study.toml; it defaults to the current folder. DIR is made where
    it is missing; files of the same names are replaced.
    """
    study, folder = _split(places)
    write = _writer(wanted)
    from labproc.pipeline.runner import load_results

    results = load_results(study)
    folder.mkdir(parents=True, exist_ok=True)
    paths = write(results, folder)
    for path in paths:
        click.echo(json_line({"file": path.name, "path": str(path)}) if as_json else str(path))
    if not paths:
        say(f"nothing to write as {wanted}: the study has no such results")


def _split(places: tuple[Path, ...]) -> tuple[Path, Path]:
    """Return study and folder; the study may be left out."""
    if len(places) == 1:
        return Path(), places[0]
    if len(places) == 2:
        return places[0], places[1]
    raise click.UsageError(f"expected [STUDY] DIR, found {len(places)} paths")


def _writer(wanted: str) -> "Callable[[Results, Path], list[Path]]":
    """Return what writes the format."""
    from labproc.exchange import EXPORTS

    if wanted == FIGURES:
        from dashboards.static_figures import write_figures

        return write_figures
    if wanted not in EXPORTS.names():
        raise UnknownName(
            f"--to: no export format {wanted!r}; {nearest(wanted, [*EXPORTS.names(), FIGURES])}"
        )
    return EXPORTS.get(wanted).write
