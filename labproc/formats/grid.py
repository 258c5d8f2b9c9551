"""Cells with their line numbers, whether they came from a text file or a workbook."""

from dataclasses import dataclass

from labproc.model.flag import Flag

Cell = str | float | bool

MAX_CELLS = (
    3_000_000  # about 200 MiB as Python objects; a 384-well run with raw data has 0.5 million
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number in the file or sheet, counted from 1, and its cells."""

    number: int
    cells: tuple[Cell, ...]

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(cell != "" for cell in self.cells)

    def text(self, column: int | None) -> str:
        """Return one cell as text; empty where there is none."""
        if column is None or column >= len(self.cells):
            return ""
        return as_text(self.cells[column])


@dataclass(frozen=True, slots=True)
class Grid:
    """A text table or a sheet; ``name`` is the sheet's, empty for text.

    ``ends_cut`` says that the last line of a text has no line end; ``delimiter`` is that of a
    text, empty for a sheet.
    """

    name: str
    lines: tuple[Line, ...]
    delimiter: str = ""
    ends_cut: bool = False
    flags: tuple[Flag, ...] = ()

    def where(self, line: int) -> str:
        """Say where a line is, for messages."""
        return f"sheet {self.name!r}, row {line}" if self.name else f"line {line}"


def as_text(cell: Cell) -> str:
    """Return a cell as a spreadsheet would show it: 7.0 is ``7``, True is ``TRUE``."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return str(int(cell)) if cell == cell and abs(cell) < 1e15 and cell == int(cell) else repr(cell)


def quoted(text: str) -> str:
    """Quote a found value for a message, cut to 60 characters."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
