"""Workbooks (xlsx, xls, ods) from strangers: checked as a zip, then read in a worker process."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labproc.errors import ParseError
from labproc.formats import _calamine
from labproc.formats.archive import Archive, open_archive
from labproc.formats.grid import Cell, Grid, Line
from labproc.formats.sandbox import call
from labproc.model.flag import Flag, info, warning

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
MAX_CLAIMED_CELLS = 20_000_000  # a sheet that says it is larger is hostile; whole columns are not
_HEAD = 65_536
_DIMENSION = re.compile(rb'<dimension[^>]*\sref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')


Column = Sequence[Cell] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook whose sheets are read one at a time, when they are asked for."""

    path: Path
    size: int
    changed_ns: int
    names: tuple[str, ...]

    def sheet(self, name: str) -> Grid:
        """Read one sheet; the cells of a formula hold its stored result.

        Raises
        ------
        ParseError
            If the sheet is damaged or larger than two million cells.
        """
        found = call(_calamine.sheet, *self._key, name, name=self.path.name)
        lines = tuple(_lines(found["rows"]))
        return Grid(name, lines, flags=tuple(_doubts(self.path.name, name, found)))

    def columns(self, name: str, wanted: str) -> list[tuple[str, Column]]:
        """Read the columns of one sheet whose headings match a pattern, each with its heading.

        For sheets with tens of thousands of numbers, of which few are needed.
        """
        found = call(_calamine.columns, *self._key, name, wanted, name=self.path.name)
        return [(heading, _unpacked(cells)) for heading, cells in found]

    @property
    def _key(self) -> tuple[str, int, int]:
        return (str(self.path), self.size, self.changed_ns)


def open_workbook(path: Path) -> Workbook:
    """Open a workbook by its content, whatever it is called.

    Raises
    ------
    ParseError
        If it is not a workbook, is damaged, is encrypted, or breaks a rule of `archive`.
    """
    status = path.stat()
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            check_parts(open_archive(path))
    key = (str(path), status.st_size, status.st_mtime_ns)
    names = call(_calamine.sheet_names, *key, name=path.name)
    return Workbook(path, status.st_size, status.st_mtime_ns, tuple(names))


def is_workbook(archive: Archive) -> bool:
    """Whether a zip archive holds an Excel or OpenDocument workbook."""
    return any(n.startswith("xl/") or n == "content.xml" for n in archive.names)


def check_parts(archive: Archive) -> None:
    """Refuse document types and sheets that claim more cells than fit.

    Raises
    ------
    ParseError
        Naming the part.
    """
    for name in archive.names:
        if not name.endswith((".xml", ".rels")):
            continue
        head = archive.head(name, _HEAD)
        where = f"{archive.path.name}, part {name!r}"
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            raise ParseError(f"{where}: a document type, which a workbook never has")
        claimed = _claimed_cells(head)
        if claimed > MAX_CLAIMED_CELLS:
            raise ParseError(
                f"{where}: claims {claimed:,} cells, expected at most {MAX_CLAIMED_CELLS:,}"
            )


def _claimed_cells(head: bytes) -> int:
    match = _DIMENSION.search(head)
    if match is None:
        return 0
    first, top, last, bottom = match.groups()
    return (_column(last) - _column(first) + 1) * (int(bottom) - int(top) + 1)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _unpacked(cells: list[Cell] | str) -> Column:
    return np.frombuffer(base64.b64decode(cells)) if isinstance(cells, str) else cells


def _lines(rows: Sequence[list[Any]]) -> "list[Line]":
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = [c.strip() if isinstance(c, str) else c for c in row]
        while cells and cells[-1] == "":
            cells.pop()
        lines.append(Line(number, tuple(cells)))
    return lines


def _doubts(file: str, sheet: str, found: dict[str, Any]) -> "list[Flag]":
    doubts = []
    if found["dates"]:
        row, column = found["dates"][0]
        message = (
            f"{file}, sheet {sheet!r}: {len(found['dates'])} cells hold dates, first in row "
            f"{row + 1}, column {column + 1}; a name that a spreadsheet turned into a date is lost"
        )
        doubts.append(info("dates_in_sheet", message))
    if found["merged"]:
        message = (
            f"{file}, sheet {sheet!r}: {len(found['merged'])} merged areas; only the first cell of "
            "each holds its text"
        )
        doubts.append(warning("merged_cells", message))
    return doubts
