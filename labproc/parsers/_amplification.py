"""Fluorescence over the cycles, where an export has it."""

from collections.abc import Iterator, Mapping

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


def matrix_of(grid: Grid, targets: Mapping[str, str], sign: str) -> tuple[Amplification, ...]:
    """Return the curves of a sheet with one column for each well and one row for each cycle."""
    header = next((line for line in grid.lines if _cycle_column(line) is not None), None)
    if header is None:
        return ()
    cycle = _cycle_column(header)
    wells = [(i, positions.split(header.text(i))) for i in range(len(header.cells))]
    rows = [r for r in grid.lines[grid.lines.index(header) + 1 :] if r.filled]
    x = [_value(r, cycle, sign) for r in rows]
    curves = []
    for column, found in wells:
        y = [_value(r, column, sign) for r in rows]
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
