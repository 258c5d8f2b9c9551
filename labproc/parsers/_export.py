"""An export as tables of results: preamble, headings, body, whatever the file type."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.formats.grid import Grid, Line, as_text, quoted
from labproc.parsers import _positions as positions
from labproc.parsers._headings import Columns, columns_of, fold, is_heading

# Sheets without results, left unread while a file is recognised: they are by far the largest.
RAW_SHEETS = re.compile(r"(raw|multicomponent|melt|amplification|derivative|run ?information).*")
MAX_SHEETS = 60
_KEY_VALUE = re.compile(r"\*?\s*([^=]{1,80}?)\s*=\s*(.*)")
_KEY_COLON = re.compile(r"[#*]?\s*([A-Za-z][^:]{0,60}?)\s*:\s+(.*)")


@dataclass(frozen=True, slots=True)
class ResultTable:
    """One table with a column of Cq: its headings and the rows that belong to it."""

    grid: Grid
    header: Line
    columns: Columns
    body: tuple[Line, ...]

    def where(self, line: Line) -> str:
        """Say where a row is, for messages."""
        return self.grid.where(line.number)

    def headings(self) -> frozenset[str]:
        """Return the headings, folded."""
        return frozenset(fold(self.header.text(i)) for i in range(len(self.header.cells)))


@dataclass(frozen=True, slots=True)
class Export:
    """What a text or workbook export holds."""

    name: str
    grids: tuple[Grid, ...]
    tables: tuple[ResultTable, ...]
    preamble: Mapping[str, str] = field(default_factory=dict)

    def value(self, *keys: str) -> str:
        """Return the first of these keys of the preamble that says something."""
        found = (self.preamble.get(fold(key), "") for key in keys)
        return next((v for v in found if v), "")

    def has(self, *keys: str) -> bool:
        """Whether the preamble has all of these keys."""
        return all(fold(key) in self.preamble for key in keys)

    def says(self, pattern: str) -> bool:
        """Whether a line above the first table matches a pattern, whatever its case."""
        found = re.compile(pattern, re.IGNORECASE)
        return any(found.search(text) for text in self._head())

    def _head(self) -> Iterator[str]:
        for grid in self.grids:
            for line in grid.lines[:80]:
                yield " ".join(line.text(i) for i in range(len(line.cells))).strip()


def export_of(content: Content) -> Export:
    """Find the preamble and the result tables of an export.

    Raises
    ------
    ParseError
        If it is neither a text table nor a workbook, or a sheet cannot be read.
    """
    if content.text_grid is None and content.workbook is None:
        raise ParseError(f"{content.path.name}: neither a text table nor a workbook")
    grids = tuple(_grids(content, raw=False))
    tables = tuple(t for grid in grids for t in _tables(grid, content.path.name))
    if not tables:  # some labs keep their results on a sheet called Raw data
        grids += tuple(_grids(content, raw=True))
        tables = tuple(t for grid in grids for t in _tables(grid, content.path.name))
    preamble: dict[str, str] = {}
    for grid in grids:
        for key, value in _pairs(grid.lines, tables):
            preamble.setdefault(key, value)
    return Export(content.path.name, grids, tables, preamble)


def the_export(content: Content) -> Export:
    """Return what `export_of` finds, found once for a content.

    Raises
    ------
    ParseError
        As `export_of` does.
    """
    export = content.once(export_of)
    if export is None:
        raise content.problem or ParseError(f"{content.path.name}: not an export")
    return export


def missing_column(content: Content) -> str:
    """Say which column keeps a table of wells from being an export; empty for anything else."""
    export = content.once(export_of)
    plate = None if export is None else plate_of(export, frozenset())
    if export is None or plate is None or len(plate.columns.by_field) < 2:
        return ""
    headings = ", ".join(as_text(c) for c in plate.header.cells[:12] if c != "")
    where = plate.grid.where(plate.header.number)
    return f"{export.name}, {where}: no column of Cq (Ct, Cq, Cp) among {headings}"


def plate_of(export: Export, wanted: frozenset[str]) -> ResultTable | None:
    """Return a table of wells that has these headings and no Cq: a plate without results."""
    for grid in export.grids:
        for index, line in enumerate(grid.lines):
            columns = columns_of(line)
            if "well" not in columns or "cq" in columns:
                continue
            if wanted <= ResultTable(grid, line, columns, ()).headings():
                columns = _wells_by_name(columns, grid.lines[index + 1 : index + 51])
                body = tuple(_body(grid.lines[index + 1 :], columns, grid, export.name))
                return ResultTable(grid, line, columns, body)
    return None


def curve_tables(export: Export) -> Iterator[ResultTable]:
    """Yield tables of curves that stand apart from the wells: slope, and one row for each assay."""
    for grid in export.grids:
        for index, line in enumerate(grid.lines):
            columns = columns_of(line)
            stated = "intercept" in columns or "r_squared" in columns
            if "slope" in columns and "target" in columns and stated and "cq" not in columns:
                rest = grid.lines[index + 1 :]
                ends = (i for i, row in enumerate(rest) if not row.filled)
                yield ResultTable(grid, line, columns, rest[: next(ends, len(rest))])


def _grids(content: Content, *, raw: bool) -> Iterator[Grid]:
    """Yield the text, or the sheets that are or are not called as raw data."""
    if content.text_grid is not None and not raw:
        yield content.text_grid
    if content.workbook is not None:
        for name in content.workbook.names[:MAX_SHEETS]:
            if (RAW_SHEETS.fullmatch(name.casefold()) is not None) is raw:
                yield content.workbook.sheet(name)


def _tables(grid: Grid, file: str) -> Iterator[ResultTable]:
    index = 0
    while index < len(grid.lines):
        line = grid.lines[index]
        index += 1
        columns = columns_of(line)
        if "cq" in columns and ("well" in columns or "sample" in columns):
            columns = _wells_by_name(columns, grid.lines[index : index + 50])
            body = tuple(_body(grid.lines[index:], columns, grid, file))
            _check_interrupted(grid.lines[index + len(body) :], columns, grid, file)
            yield ResultTable(grid, line, columns, body)
            index += len(body)


def _body(lines: Iterable[Line], columns: Columns, grid: Grid, file: str) -> Iterator[Line]:
    """Yield rows until one whose well cell holds no well: a footer or the next section."""
    well = columns.index("well")
    for line in lines:
        text = line.text(well)
        if not line.filled or is_well(text) or (not text and line.filled > 2):
            yield line
            continue
        cq = line.text(columns.index("cq"))
        if line.filled > 3 and line.filled * 2 > columns.n and cq:
            where = f"{file}, {grid.where(line.number)}"
            raise ParseError(f"{where}: the well is {quoted(text)}, expected A1 to AF48")
        return


def _wells_by_name(columns: Columns, lines: Sequence[Line]) -> Columns:
    """Prefer the column that holds well names to one that holds numbers."""
    names = {
        column.index: sum(positions.split(line.text(column.index)) is not None for line in lines)
        for column in columns.all("well")
    }
    if len(names) < 2:
        return columns
    ranked = tuple(sorted(columns.all("well"), key=lambda column: -names[column.index]))
    return replace(columns, by_field={**columns.by_field, "well": ranked})


def _check_interrupted(lines: Sequence[Line], columns: Columns, grid: Grid, file: str) -> None:
    """Refuse a table that goes on behind lines that are no wells: those wells would be lost.

    A section's title or another row of headings ends a table for good.
    """
    well, cq = columns.index("well"), columns.index("cq")
    stray = next((line for line in lines if line.filled), None)
    for line in lines if well is not None else ():
        if line.text(0).startswith("[") or is_heading(line):
            return
        if line.filled > 3 and is_well(line.text(well)) and line.text(cq) and stray is not None:
            where = f"{file}, {grid.where(stray.number)}"
            raise ParseError(
                f"{where}: {quoted(stray.text(0))} stands among the wells, which go on in "
                f"{grid.where(line.number)}; the file seems damaged"
            )


def is_well(text: str) -> bool:
    """Whether a cell is a well's name or number; a well that no plate has counts too."""
    known = positions.split(text) is not None or positions.number(text) is not None
    return known or positions.is_array(text)


def _pairs(lines: Iterable[Line], tables: tuple[ResultTable, ...]) -> Iterator[tuple[str, str]]:
    """Yield what lines outside the tables say: ``* Key = value``, ``Key: value`` or two cells."""
    inside = {id(line) for t in tables for line in (t.header, *t.body)}
    for line in lines:
        if id(line) in inside or not line.filled:
            continue
        first, second = line.text(0), line.text(1)
        match = _KEY_VALUE.fullmatch(first) or _KEY_COLON.fullmatch(first)
        if match is not None:
            yield fold(match.group(1)), match.group(2).strip()
        elif first and line.filled <= 2:
            yield fold(first), second
