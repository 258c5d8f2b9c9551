"""Plates as they were drawn: 8 x 12 grids, one or several on a sheet, in ``plates.xlsx`` or csv.

A grid begins with a row of column numbers (1, 2, 3, ...); its rows begin with A, B, C, .... The
corner (or the line above, or else the sheet) names the plate, and after a colon what its cells
say: ``Plate 1: donor``. Without a colon a cell is a sample's name.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from labproc.errors import ParseError, StudyError
from labproc.formats.content import look
from labproc.formats.grid import Grid, Line
from labproc.registry import nearest
from labproc.study.sheets import SAMPLE_COLUMNS, SheetRow, find_sheet

LAYERS = tuple(c for c in SAMPLE_COLUMNS if c not in ("file", "plate", "well"))
ROWS = "ABCDEFGHIJKLMNOP"  # 16 rows: 384 wells
LEAST_COLUMNS = 2  # fewer numbers in a row are no heading of a grid


def plate_rows(folder: Path) -> list[SheetRow]:
    """Return one row for every well that a plate grid says something of.

    Raises
    ------
    StudyError
        If a layer has no known name, or two grids say different things of one well.
    """
    found = find_sheet(folder, "plates")
    if found is None:
        return []
    path, sheet = found
    wells: dict[tuple[str, str], SheetRow] = {}
    for row in _cells(path, _grids(path, sheet)):
        name = (row.get("plate"), row.get("well"))
        wells[name] = _merged(wells[name], row) if name in wells else row
    return list(wells.values())


def well_name(text: str) -> str:
    """Return a well without leading zeros, upper case: ``a01`` is ``A1``.

    Examples
    --------
    >>> well_name(" g01 "), well_name("G11"), well_name("")
    ('G1', 'G11', '')
    """
    word = text.strip().upper()
    found = re.fullmatch(r"([A-P])0*(\d+)", word)
    return f"{found[1]}{found[2]}" if found else word


def _grids(path: Path, sheet: str | None) -> list[Grid]:
    try:
        content = look(path)
        if content.workbook is None:
            return [content.text_grid] if content.text_grid else []
        names = [sheet] if sheet else list(content.workbook.names)
        return [content.workbook.sheet(name) for name in names]
    except ParseError as error:
        raise StudyError(str(error)) from error


def _cells(path: Path, grids: list[Grid]) -> Iterator[SheetRow]:
    for grid in grids:
        title, columns, layer = grid.name, {}, "sample"
        above = ""
        for line in grid.lines:
            numbers = _numbers(line)
            if numbers:
                columns = numbers
                title, layer = _title(path, grid, line, line.text(0) or above or grid.name)
            elif columns and line.text(0).strip().upper() in tuple(ROWS):
                yield from _wells(path, grid, line, columns, (title, layer))
            else:
                columns = {}
            above = line.text(0) if line.filled == 1 else ""


def _numbers(line: Line) -> dict[int, int]:
    """Return column -> plate column where a row is the heading of a grid, else nothing."""
    found = {i: line.text(i).strip() for i in range(1, len(line.cells)) if line.text(i).strip()}
    expected = [str(n) for n in range(1, len(found) + 1)]
    if len(found) < LEAST_COLUMNS or list(found.values()) != expected:
        return {}
    return {i: int(n) for i, n in found.items()}


def _title(path: Path, grid: Grid, line: Line, title: str) -> tuple[str, str]:
    """Return the plate's name and what its cells say."""
    name, _, layer = (part.strip() for part in title.partition(":"))
    word = re.sub(r"[\s-]+", "_", layer.casefold()) or "sample"
    if word not in LAYERS:
        hint = nearest(word, list(LAYERS))
        where = f"{path.name}, {grid.where(line.number)}"
        raise StudyError(f"{where}: cells of {title!r} say nothing that is known; {hint}")
    return name, word


def _wells(
    path: Path, grid: Grid, line: Line, columns: dict[int, int], titled: tuple[str, str]
) -> Iterator[SheetRow]:
    plate, layer = titled
    row = line.text(0).strip().upper()
    for i, number in columns.items():
        if text := line.text(i).strip():
            well = f"{row}{number}"
            where = f"{path.name}, {grid.where(line.number)}, well {well}"
            yield SheetRow(where, {"plate": plate, "well": well, layer: text})


def _merged(first: SheetRow, second: SheetRow) -> SheetRow:
    for name, text in second.cells.items():
        if first.get(name) not in ("", text):
            raise StudyError(
                f"{second.where}: {name} is {text!r}, but {first.get(name)!r} in {first.where}"
            )
    return SheetRow(first.where, {**first.cells, **second.cells})
