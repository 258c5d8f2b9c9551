"""One Excel workbook: a sheet per table, numbers as numbers, text as text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labproc.exchange import EXPORTS, Export
from labproc.exchange._text import file_name, flags_in_words
from labproc.pipeline.results import Results
from labproc.pipeline.tables import Row, all_tables
from labproc.store import columns_of

LONGEST_CELL = 32_767  # characters, Excel's own limit
WIDEST = 48  # characters of a column
FORMATS = {
    "fraction": "0.0000",
    "count": "#,##0",
    "number": "General",
    "p": "0.0000",
    "cq": "0.00",
}
COUNTS = ("n_events", "n_parent", "n_events_or_wells", "n_points", "n_levels", "n_wells")
FRACTIONS = ("fraction_of_parent", "estimate", "r_squared", "efficiency")


def write(results: Results, folder: Path) -> list[Path]:
    """Write ``<title>.xlsx``: what the study is, then a sheet for each table.

    Text stays text whatever it begins with; nothing is a formula or a link.
    """
    import xlsxwriter

    path = folder / f"{file_name(results.title, default='results')}.xlsx"
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        _about(book, results)
        for name, rows in all_tables(results).items():
            _sheet(book, name, columns_of(name), rows)
    return [path]


def _about(book: Any, results: Results) -> None:
    """Say on the first sheet what the study is and what its numbers rest on."""
    sheet = book.add_worksheet("about")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    rows: list[tuple[str, str]] = [("study", results.title)]
    rows += [("arm", f"{a.name}: {a.label}") for a in results.arms]
    rows += [("method", m) for m in results.methods]
    rows += [("version", f"{name} {number}") for name, number in results.versions.items()]
    rows += [("audit head", results.audit_head)] if results.audit_head else []
    rows += [("flag", f"{f.severity.value} {f.code}: {f.message}") for f in results.flags]
    for number, (word, text) in enumerate(rows):
        sheet.write_string(number, 0, word, bold)
        sheet.write_string(number, 1, text[:LONGEST_CELL], wrapped)
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 110)


def _sheet(book: Any, name: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1})
    for j, column in enumerate(columns):
        sheet.write_string(0, j, column.replace("_", " "), head)
        sheet.set_column(j, j, _width(column, rows), _format(book, column))
        for i, row in enumerate(rows, start=1):
            _write(sheet, i, j, _shown(column, row[column]))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), max(len(columns) - 1, 0))


def _shown(column: str, value: Any) -> Any:
    return flags_in_words(value) if column == "flags" and isinstance(value, str) else value


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(value)[:LONGEST_CELL])


def _width(column: str, rows: Sequence[Row]) -> int:
    """Return a column's width in characters, from its head and its first rows."""
    texts = [column, *(_first_line(_shown(column, r[column])) for r in rows[:50])]
    return min(max(len(t) for t in texts) + 2, WIDEST)


def _first_line(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.splitlines()[0] if text else ""


def _format(book: Any, column: str) -> Any:
    return book.add_format({"num_format": _number_format(column), "valign": "top"})


def _number_format(column: str) -> str:
    if column in COUNTS:
        return FORMATS["count"]
    if column in FRACTIONS:
        return FORMATS["fraction"]
    return FORMATS["p"] if column.startswith("p_") else FORMATS["number"]


EXPORTS.register("xlsx")(Export("Excel workbook, a sheet a table", write))
