"""Fluorescence over the cycles, where an export has it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from labproc.formats.content import Content
from labproc.formats.grid import Cell, Grid, Line, as_text
from labproc.formats.workbook import Column, Workbook
from labproc.model import Amplification
from labproc.parsers import _numbers as numbers
from labproc.parsers import _positions as positions
from labproc.parsers._export import ResultTable
from labproc.parsers._headings import Columns, columns_of

_SHEET = re.compile(r"amplification ?data|amplification", re.IGNORECASE)
_HEADINGS = r"well( position)?|cycle( number)?|target( name)?|(delta |Δ|d)?rn|rfu|fluorescence"
_FIELDS = ("well", "cycle", "fluorescence", "target")
Floats = NDArray[np.float64]
Points = tuple[Column, ...]


def curve_points(content: Content) -> Points:
    """Return well, cycle, fluorescence and target of an export with a row for each of them.

    Baseline-corrected fluorescence (delta Rn) is preferred to Rn. Without curves there is nothing.
    """
    return _of_text(content.text_grid) if content.text_grid else _of_workbook(content.workbook)


def amplification_of(points: Points, table: ResultTable, sign: str) -> tuple[Amplification, ...]:
    """Return the curves that ``curve_points`` found."""
    if not points:
        return ()
    wells, cycles, values, targets = points
    x, y = _numbers(cycles, sign), _numbers(values, sign)
    curves: dict[tuple[str, str], list[slice]] = {}
    for (well, target), rows in _stretches(zip(wells, targets, strict=True)):
        if isinstance(well, str) and well.startswith("["):
            break
        if well != "":
            curves.setdefault((as_text(well), as_text(target)), []).append(rows)
    named = dict(_names(table))
    made = ((_position(w, named), t, _joined(x, y, s)) for (w, t), s in curves.items())
    return tuple(Amplification(w, t, *xy) for w, t, xy in made if xy[0].size)


def _stretches(names: Iterable[tuple[Cell, Cell]]) -> Iterator[tuple[tuple[Cell, Cell], slice]]:
    """Yield well and target with the rows that follow each other and name both alike."""
    start = 0
    for name, rows in groupby(names):
        end = start + sum(1 for _ in rows)
        yield name, slice(start, end)
        start = end


def _joined(x: Floats, y: Floats, stretches: Sequence[slice]) -> tuple[Floats, Floats]:
    """Join a curve's rows, without those that lack a number."""
    x, y = (np.concatenate([column[s] for s in stretches]) for column in (x, y))
    whole = ~np.isnan(x + y)
    return x[whole], y[whole]


def _numbers(cells: Column, sign: str) -> Floats:
    """Return a column as numbers, NaN where a cell holds none."""
    if isinstance(cells, np.ndarray):
        return cells
    found = [cell if isinstance(cell, float) else _number(cell, sign) for cell in cells]
    return np.array([np.nan if x is None else x for x in found])


def _of_workbook(book: Workbook | None) -> Points:
    """Return well, cycle, fluorescence and target of the sheet that holds the curves."""
    name = next((n for n in book.names if _SHEET.fullmatch(n)), None) if book else None
    found = book.columns(name, _HEADINGS) if book and name else []
    columns = columns_of(Line(1, tuple(heading for heading, _ in found)))
    if not _has_curves(columns):
        return ()
    empty: list[Cell] = [""] * len(found[0][1])
    at = [columns.index(n) for n in _FIELDS]
    return tuple(empty if i is None else found[i][1] for i in at)


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
