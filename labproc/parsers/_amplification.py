"""Fluorescence over the cycles, where an export has it."""

from collections.abc import Iterator

import numpy as np

from labproc.formats.content import Content
from labproc.formats.grid import Grid, Line
from labproc.model import Amplification
from labproc.parsers import _numbers as numbers
from labproc.parsers import _positions as positions
from labproc.parsers._export import ResultTable, sheet
from labproc.parsers._headings import Columns, columns_of

_SHEET = r"amplification ?data|amplification"


def amplification_of(content: Content, table: ResultTable, sign: str) -> tuple[Amplification, ...]:
    """Return the curves of an export with one row for each well, target and cycle.

    Baseline-corrected fluorescence (delta Rn) is preferred to Rn.
    """
    grid = sheet(content, _SHEET)
    header = None if grid is None else _header(grid)
    if grid is None or header is None:
        return ()
    line, columns = header
    named = dict(_names(table))
    curves: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for row in grid.lines[grid.lines.index(line) + 1 :]:
        well = row.text(columns.index("well"))
        if not well:
            continue
        if well.startswith("["):
            break
        cycle = _value(row, columns.index("cycle"), sign)
        value = _value(row, columns.index("fluorescence"), sign)
        if cycle is None or value is None:
            continue
        key = (_position(well, named), row.text(columns.index("target")))
        x, y = curves.setdefault(key, ([], []))
        x.append(cycle)
        y.append(value)
    return tuple(
        Amplification(well, target, np.array(x), np.array(y))
        for (well, target), (x, y) in curves.items()
    )


def _header(grid: Grid) -> tuple[Line, Columns] | None:
    for line in grid.lines:
        if line.filled >= 4:
            columns = columns_of(line)
            if all(n in columns for n in ("well", "cycle", "fluorescence")):
                return line, columns
    return None


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


def _value(line: Line, index: int | None, sign: str) -> float | None:
    if index is None or index >= len(line.cells):
        return None
    cell = line.cells[index]
    if isinstance(cell, str):
        return numbers.parse(cell, sign)
    return float(cell)
