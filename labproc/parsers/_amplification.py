"""Fluorescence over the cycles, where an export has it."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from labproc.formats.content import Content
from labproc.formats.grid import Cell, Grid, Line, as_text
from labproc.formats.workbook import Workbook
from labproc.model import Amplification
from labproc.parsers import _numbers as numbers
from labproc.parsers import _positions as positions
from labproc.parsers._export import ResultTable
from labproc.parsers._headings import Columns, columns_of

_SHEET = re.compile(r"amplification ?data|amplification", re.IGNORECASE)
_HEADINGS = r"well( position)?|cycle( number)?|target( name)?|(delta |Δ|d)?rn|rfu|fluorescence"
_FIELDS = ("well", "cycle", "fluorescence", "target")
Points = tuple[Sequence[Cell], ...]


def curve_points(content: Content) -> Points:
    """Return well, cycle, fluorescence and target of an export with a row for each of them.

    Baseline-corrected fluorescence (delta Rn) is preferred to Rn. Without curves there is nothing.
    """
    return _of_text(content.text_grid) if content.text_grid else _of_workbook(content.workbook)


def amplification_of(points: Points, table: ResultTable, sign: str) -> tuple[Amplification, ...]:
    """Return the curves that ``curve_points`` found."""
    named = dict(_names(table))
    curves: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    written: dict[tuple[Cell, Cell], tuple[list[float], list[float]]] = {}  # cells as they stand
    for well, cycle, value, target in zip(*points, strict=True):
        if isinstance(well, str) and well.startswith("["):
            break
        x = cycle if isinstance(cycle, float) else _number(cycle, sign)
        y = value if isinstance(value, float) else _number(value, sign)
        if well == "" or x is None or y is None:
            continue
        curve = written.get((well, target))
        if curve is None:
            curve = curves.setdefault((as_text(well), as_text(target)), ([], []))
            written[well, target] = curve
        curve[0].append(x)
        curve[1].append(y)
    return tuple(
        Amplification(_position(well, named), target, np.array(x), np.array(y))
        for (well, target), (x, y) in curves.items()
    )


def _of_workbook(book: Workbook | None) -> Points:
    """Return well, cycle, fluorescence and target of the sheet that holds the curves."""
    name = next((n for n in book.names if _SHEET.fullmatch(n)), None) if book else None
    found = book.columns(name, _HEADINGS) if book and name else []
    columns = columns_of(Line(1, tuple(c[0] for c in found)))
    if not _has_curves(columns):
        return ()
    empty: list[Cell] = [""] * (len(found[0]) - 1)
    at = [columns.index(n) for n in _FIELDS]
    return tuple(empty if i is None else found[i][1:] for i in at)


def _of_text(grid: Grid) -> Points:
    """Return well, cycle, fluorescence and target of the section that holds the curves."""
    for start, line in enumerate(grid.lines, start=1):
        columns = columns_of(line)
        if _has_curves(columns):
            rows = [row.cells for row in grid.lines[start:]]
            return tuple([_cell(row, columns.index(n)) for row in rows] for n in _FIELDS)
    return ()


def _has_curves(columns: Columns) -> bool:
    return all(n in columns for n in _FIELDS[:3])


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


def _cell(row: Sequence[Cell], index: int | None) -> Cell:
    return "" if index is None or index >= len(row) else row[index]


def _number(cell: Cell, sign: str) -> float | None:
    if isinstance(cell, str):
        return numbers.parse(cell, sign)
    return float(cell)
