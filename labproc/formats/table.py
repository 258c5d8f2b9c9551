"""Small tables that people write: one row of headings, then rows, in csv, tsv or a workbook."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labproc.errors import ParseError
from labproc.formats.content import Content, look
from labproc.formats.grid import Grid, Line, quoted
from labproc.model.flag import Flag


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, counted from 1, and its cells by heading."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Headings as they are written, rows that hold something, and what is doubtful."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    flags: tuple[Flag, ...] = ()


def read_table(path: Path, *, sheet: str | None = None) -> Table:
    """Read a table with comma, semicolon or tab, in any encoding, or from a workbook.

    The first row that holds something is the row of headings; rows without anything are left out.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Sheet of a workbook; the first one by default.

    Raises
    ------
    ParseError
        If there is no such sheet, no heading, a heading twice, or a row with more cells than
        there are headings.
    """
    content = look(path)
    grid = _grid(content, sheet)
    lines = [line for line in grid.lines if line.filled]
    if not lines:
        raise ParseError(f"{path.name}: no row of headings, expected one")
    header = _header(path.name, grid, lines[0])
    rows = tuple(_row(path.name, grid, header, line) for line in lines[1:])
    return Table(tuple(h for h in header if h), rows, grid.flags)


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the sheets of a workbook; nothing for a text table."""
    book = look(path).workbook
    return book.names if book else ()


def _grid(content: Content, sheet: str | None) -> Grid:
    name = content.path.name
    if content.workbook is None:
        if content.text_grid is None:
            raise content.problem or ParseError(f"{name}: not a table, expected csv or xlsx")
        return content.text_grid
    names = content.workbook.names
    if sheet is not None and sheet not in names:
        raise ParseError(f"{name}: no sheet {sheet!r} (has: {', '.join(names)})")
    return content.workbook.sheet(sheet or names[0])


def _header(name: str, grid: Grid, line: Line) -> list[str]:
    header = [line.text(i) for i in range(len(line.cells))]
    twice = [h for h, n in Counter(header).items() if h and n > 1]
    if twice:
        raise ParseError(
            f"{name}, {grid.where(line.number)}: column {quoted(twice[0])} is there twice"
        )
    return header


def _row(name: str, grid: Grid, header: list[str], line: Line) -> Row:
    extra = [line.text(i) for i in range(len(header), len(line.cells)) if line.text(i)]
    if extra:
        raise ParseError(
            f"{name}, {grid.where(line.number)}: {quoted(extra[0])} stands beyond the last of "
            f"{len(header)} columns; put text that holds the delimiter in quotation marks"
        )
    return Row(line.number, {h: line.text(i) for i, h in enumerate(header) if h})
