"""Bio-Rad: CFX Manager and Maestro, C1000, iQ5, MyiQ, Opticon; csv, txt, xlsx."""

from dataclasses import replace

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.model import QpcrRun
from labproc.parsers import PARSERS, Parser
from labproc.parsers._amplification import matrix_of
from labproc.parsers._export import Export, ResultTable, export_of, plate_of, the_export
from labproc.parsers._layout import Layout
from labproc.parsers._reactions import decimal_sign
from labproc.parsers._run import run_of

_HEADINGS = frozenset({"well", "fluor"})
_TASKS = frozenset({"content", "type"})
# Of the other sheets that the software writes: melting peaks and end points.
_NOT_CQ = frozenset({"melttemperature", "peakheight", "begintemperature", "endrfu"})
_OPTICON = frozenset({"well/set", "dye", "content"})


def _table(export: Export) -> ResultTable | None:
    for table in export.tables:
        headings = table.headings()
        if (headings >= _HEADINGS and headings & _TASKS) or headings >= _OPTICON:
            return table
    plate = plate_of(export, _HEADINGS | {"content"})
    return None if plate is None or plate.headings() & _NOT_CQ else plate


def _sniff(content: Content) -> bool:
    export = content.once(export_of)
    return export is not None and _table(export) is not None


def _read(content: Content) -> QpcrRun:
    export = the_export(content)
    table = _table(export)
    if table is None:
        raise ParseError(f"{export.name}: no table with Well, Fluor and Content")
    sign = decimal_sign(export.name, (table,))
    layout = Layout("bio_rad_cfx", "Bio-Rad")
    run = run_of(content, export, [(table, layout)], decimal=sign)
    targets = {w.position: w.target for w in run.table.wells}
    curves = [c for grid in export.grids for c in matrix_of(grid, targets, sign)]
    return replace(run, amplification=tuple(curves))


PARSERS.register("bio_rad_cfx")(
    Parser(
        "qpcr",
        "Bio-Rad CFX, C1000, MyiQ, iQ5, Opticon",
        _sniff,
        _read,
        extensions=(".csv", ".txt", ".xlsx"),
        instruments=("CFX96, CFX384, CFX Opus", "C1000", "MyiQ, iQ5", "Opticon"),
        note="Export All Data Sheets, and keep 'Quantification Cq Results'. A .pcrd is encrypted.",
    )
)
