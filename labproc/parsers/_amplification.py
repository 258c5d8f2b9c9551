"""Fluorescence over the cycles, where an export has it."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from labproc.formats.content import Content
from labproc.formats.grid import Cell, Grid, Line, as_text
from labproc.model import Amplification
from labproc.parsers import _numbers as numbers
from labproc.parsers import _positions as positions
from labproc.parsers._export import ResultTable
from labproc.parsers._headings import Columns, columns_of

_SHEET = re.compile(r"amplification ?data|amplification", re.IGNORECASE)
Rows = Sequence[Sequence[Cell]]


def amplification_of(content: Content, table: ResultTable, sign: str) -> tuple[Amplification, ...]:
    """Return the curves of an export with one row for each well, target and cycle.

    Baseline-corrected fluorescence (delta Rn) is preferred to Rn.
    """
    rows = _rows(content)
    found = _header(rows)
    if found is None:
        return ()
    start, columns = found
    wanted = [columns.index(n) for n in ("well", "cycle", "fluorescence", "target")]
    named = dict(_names(table))
    curves: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    well, cycle, value, target = (_column(rows[start:], i) for i in wanted)
    for w, c, v, t in zip(well, cycle, value, target, strict=True):
        if isinstance(w, str) and w.startswith("["):
            break
        x = c if isinstance(c, float) else _number(c, sign)
        y = v if isinstance(v, float) else _number(v, sign)
        if w == "" or x is None or y is None:
            continue
        cycles, values = curves.setdefault((as_text(w), as_text(t)), ([], []))
        cycles.append(x)
        values.append(y)
    return tuple(
        Amplification(_position(well, named), target, np.array(x), np.array(y))
        for (well, target), (x, y) in curves.items()
    )


def _rows(content: Content) -> Rows:
    """Return the rows of the text, or of the sheet that holds the curves."""
    if content.workbook is None:
        return [line.cells for line in content.text_grid.lines] if content.text_grid else []
    name = next((n for n in content.workbook.names if _SHEET.fullmatch(n)), None)
    return [] if name is None else content.workbook.rows(name)


def _header(rows: Rows) -> tuple[int, Columns] | None:
    for number, row in enumerate(rows, start=1):
        columns = columns_of(Line(number, tuple(row)))
        if all(n in columns for n in ("well", "cycle", "fluorescence")):
            return number, columns
    return None


def matrix_of(grid: Grid, targets: Mapping[str, str], sign: str) -> tuple[Amplification, ...]:
    """Return the curves of a sheet with one column for each well and one row for each cycle."""
    header = next((line for line in grid.lines if _cycle_column(line) is not None), None)
    if header is None:
        return ()
    cycle = _cycle_column(header)
    wells = [(i, positions.split(header.text(i))) for i in range(len(header.cells))]
    rows = [r for r in grid.lines[grid.lines.index(header) + 1 :] if r.filled]
    x = [_number(_cell(r.cells, cycle), sign) for r in rows]
    curves = []
    for column, found in wells:
        y = [_number(_cell(r.cells, column), sign) for r in rows]
        whole = [(a, b) for a, b in zip(x, y, strict=True) if a is not None and b is not None]
        if found is not None and whole:
            well = positions.name(*found)
            cycles, values = np.array(whole).T
            curves.append(Amplification(well, targets.get(well, ""), cycles, values))
    return tuple(curves)


def _cycle_column(line: Line) -> int | None:
    """Return the column of cycles in a row of headings that are otherwise wells."""
    texts = [line.text(i) for i in range(len(line.cells))]
    wells = sum(positions.split(t) is not None for t in texts)
    cycles = [i for i, t in enumerate(texts) if t.casefold() == "cycle"]
    return cycles[0] if cycles and wells and wells >= line.filled - 1 else None


def _names(table: ResultTable) -> Iterator[tuple[str, str]]:
    """Pair the numbers of wells with their names as the results have them."""
    number, name = table.columns.index("number"), table.columns.index("well")
    for line in table.body:
        found = positions.split(line.text(name))
        if found is not None:
            yield line.text(number), positions.name(*found)


def _position(well: str, named: dict[str, str]) -> str:
    found = positions.split(well)
    return named.get(well, well) if found is None else positions.name(*found)


def _column(rows: Rows, index: int | None) -> list[Cell]:
    """Return one column; tens of thousands of rows make a call for each cell slow."""
    if index is None:
        return [""] * len(rows)
    return [row[index] if index < len(row) else "" for row in rows]


def _cell(row: Sequence[Cell], index: int | None) -> Cell:
    return "" if index is None or index >= len(row) else row[index]


def _number(cell: Cell, sign: str) -> float | None:
    if isinstance(cell, str):
        return numbers.parse(cell, sign)
    return float(cell)
