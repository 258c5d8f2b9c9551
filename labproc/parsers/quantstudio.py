"""QuantStudio, ViiA 7: RT-PCR software, Design & Analysis 1 and 2, Diomni; txt, csv, xls, xlsx."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.model import QpcrRun
from labproc.parsers import PARSERS, Parser
from labproc.parsers._amplification import amplification_of, curve_points
from labproc.parsers._export import Export, ResultTable, export_of, the_export
from labproc.parsers._layout import Layout
from labproc.parsers._reactions import RowReader, decimal_sign
from labproc.parsers._run import reported_curves, run_of

_RESULT_SHEETS = ("results", "primary_result", "primary result", "result")
_CURVE_SHEET = "standard curve result"


def results_of(export: Export) -> ResultTable | None:
    """Return the table of single wells, whatever the order of the sheets."""
    by_name = {t.grid.name.casefold(): t for t in reversed(export.tables)}
    named = next((by_name[n] for n in _RESULT_SHEETS if n in by_name), None)
    rest = [t for t in export.tables if t.grid.name.casefold() != _CURVE_SHEET]
    return named or max(rest, key=lambda t: len(t.body), default=None)


def _is_quantstudio(export: Export) -> bool:
    table = results_of(export)
    if table is None:
        return False
    says = export.value("Instrument Type")
    named = any(word in says for word in ("QuantStudio", "ViiA", "Diomni", "OpenArray"))
    return (named or "wellposition" in table.headings()) and "reporter" in table.headings()


def _is_da2(export: Export) -> bool:
    return export.has("File Name") and not export.has("Chemistry", "Experiment Type")


def _sniff_1(content: Content) -> bool:
    export = content.once(export_of)
    return export is not None and _is_quantstudio(export) and not _is_da2(export)


def _sniff_2(content: Content) -> bool:
    export = content.once(export_of)
    return export is not None and _is_quantstudio(export) and _is_da2(export)


def _read_1(content: Content) -> QpcrRun:
    return _read(content, "quantstudio")


def _read_2(content: Content) -> QpcrRun:
    return _read(content, "quantstudio_da2")


def _read(content: Content, name: str) -> QpcrRun:
    export = the_export(content)
    table = results_of(export)
    if table is None:
        raise ParseError(f"{export.name}: no table of results with a column Cq or CT")
    curves = next((t for t in export.tables if t.grid.name.casefold() == _CURVE_SHEET), None)
    tables = (table,) if curves is None else (table, curves)
    sign = decimal_sign(export.name, tables)
    layout = Layout(name, "QuantStudio")
    with ThreadPoolExecutor(1) as beside:  # the sheet of curves is unpacked in another process
        points = beside.submit(curve_points, content)
        run = run_of(content, export, [(table, layout)], decimal=sign)
        run = run if curves is None else _with_quantities(run, export, curves, sign)
        return replace(run, amplification=amplification_of(points.result(), table, sign))


def _with_quantities(run: QpcrRun, export: Export, curves: ResultTable, sign: str) -> QpcrRun:
    """Take quantities and curve from the sheet that Design & Analysis 2 puts them in."""
    reader = RowReader(export.name, curves, sign, Layout(run.format))
    stated = {(r.well.position, r.well.target): r.well.quantity for r in reader.reactions()}
    wells = tuple(
        w if w.quantity is not None else replace(w, quantity=stated.get((w.position, w.target)))
        for w in run.table.wells
    )
    table = replace(run.table, wells=wells)
    return replace(run, table=table, reported_curves=tuple(reported_curves(curves, sign)))


PARSERS.register("quantstudio")(
    Parser(
        "qpcr",
        "QuantStudio, ViiA 7 (RT-PCR software, Design & Analysis 1)",
        _sniff_1,
        _read_1,
        extensions=(".txt", ".csv", ".xls", ".xlsx"),
        instruments=("QuantStudio 3, 5, 6, 7, 12K Flex", "ViiA 7"),
        note="Export all wells of the Results sheet; Amplification Data too, to see the curves.",
    )
)
PARSERS.register("quantstudio_da2")(
    Parser(
        "qpcr",
        "QuantStudio Design & Analysis 2, Diomni",
        _sniff_2,
        _read_2,
        extensions=(".xlsx", ".csv", ".xls"),
        instruments=("QuantStudio 1, 3, 5, 6, 6 Pro, 7 Pro",),
        note="Include the sheet Standard Curve Result: quantities and the curve stand only there.",
    )
)
