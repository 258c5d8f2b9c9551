"""What NanoDrop and Qubit exports share: one row a reading, a concentration with its unit."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.formats.grid import Grid, Line, as_text, quoted
from labproc.model import DnaSample, DnaTable, Flag, SourceFile
from labproc.model.flag import review, unique, warning
from labproc.parsers import _numbers as numbers
from labproc.parsers._checks import cut_end
from labproc.parsers._export import export_of
from labproc.parsers._headings import fold
from labproc.parsers._run import date_of, sha256

_PER_UL = {
    "pg/ul": 1e-3, "ng/ml": 1e-3, "ng/ul": 1.0, "ug/ml": 1.0, "mg/l": 1.0,
    "ug/ul": 1e3, "mg/ml": 1e3,
}  # fmt: skip
"""ng per µL in one of each unit."""
_NO_READING = re.compile(r"|[-<>].*|n/?a|nan|out of range|too (low|high)|error", re.IGNORECASE)
_US_DATE = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p")
Patterns = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class DnaColumns:
    """The rows of readings in a grid and where each kind of value stands."""

    grid: Grid
    header: Line
    at: Mapping[str, int]

    @property
    def body(self) -> tuple[Line, ...]:
        """The rows below the headings that hold something."""
        return tuple(x for x in self.grid.lines if x.number > self.header.number and x.filled)

    def text(self, line: Line, name: str) -> str:
        """Return a value as text; empty where there is no such column."""
        return line.text(self.at.get(name))


def plain(heading: str) -> str:
    """Fold a heading, with the micro sign as u."""
    return fold(heading).replace("μ", "u")


def columns_like(content: Content, patterns: Patterns, needed: frozenset[str]) -> DnaColumns | None:
    """Find the first row of headings that has all needed columns; None where there is a Cq."""
    export = content.once(export_of)
    for grid in export.grids if export is not None and not export.tables else ():
        for line in grid.lines[:60]:
            folded = [plain(as_text(cell)) for cell in line.cells]
            at: dict[str, int] = {}
            for name, wanted in patterns.items():
                found = (i for p in wanted for i, f in enumerate(folded) if re.fullmatch(p, f))
                index = next(found, None)
                if index is not None:
                    at[name] = index
            if needed <= at.keys():
                return DnaColumns(grid, line, at)
    return None


def _not_dna(columns: DnaColumns, line: Line) -> str:
    """Say what a reading is of, where that is not double-stranded DNA."""
    factor = columns.text(line, "factor")
    if factor in {"40", "33"}:
        return {"40": "RNA", "33": "single-stranded DNA"}[factor]
    assay = columns.text(line, "assay").casefold()
    return next((w for w in ("rna", "ssdna", "protein", "oligo") if w in assay), "")


def read_dna(content: Content, columns: DnaColumns, *, name: str, instrument: str) -> DnaTable:
    """Read every reading of a table.

    Raises
    ------
    ParseError
        If a concentration is no number, its unit is unknown, or there is no reading.
    """
    tokens = list(_tokens(columns))
    sign = numbers.decide(tokens, (), name=content.path.name)
    samples = tuple(_sample(content.path.name, columns, line, sign) for line in columns.body)
    if not samples:
        raise ParseError(f"{content.path.name}: headings but no reading below them")
    source = SourceFile(str(content.path), sha256(content), name, instrument)
    flags = [*columns.grid.flags, *(f for s in samples for f in s.flags)]
    flags += cut_end(columns.grid, columns.body[-1], content.path.name)
    return DnaTable(source, name, samples, unique(flags))


_NUMBERS = {"concentration": 1e6, "a260_a280": 100.0, "a260_a230": 1000.0}
"""Numbers of a reading, with what no reading reaches."""


def _tokens(columns: DnaColumns) -> Iterator[numbers.Token]:
    for line in columns.body:
        for name, limit in _NUMBERS.items():
            index = columns.at.get(name)
            cell = "" if index is None or index >= len(line.cells) else line.cells[index]
            if isinstance(cell, str) and numbers.is_numeric(cell):
                where = columns.grid.where(line.number)
                yield numbers.Token(numbers.clean(cell), where, name, limit)


def _sample(file: str, columns: DnaColumns, line: Line, sign: str) -> DnaSample:
    where = f"{file}, {columns.grid.where(line.number)}"
    if len(line.cells) <= columns.at["concentration"]:
        raise ParseError(
            f"{where}: {len(line.cells)} of {len(columns.header.cells)} cells, the concentration "
            "is missing; the copy may be incomplete"
        )
    flags: list[Flag] = []
    text = columns.text(line, "concentration")
    value = _value(line, columns.at["concentration"], sign)
    if value is None and _NO_READING.fullmatch(text) is None:
        raise ParseError(f"{where}: the concentration is {quoted(text)}, expected a number")
    if value is None or value < 0:
        flags.append(
            warning("dna_out_of_range", f"{where}: concentration {quoted(text)} is no reading")
        )
        value = None
    other = _not_dna(columns, line)
    if other:
        flags.append(review("not_double_stranded_dna", f"{where}: a reading of {other}"))
    factor = _factor(columns, line, where)
    return DnaSample(
        sample=columns.text(line, "sample"),
        ng_per_ul=None if value is None else value * factor,
        a260_a280=_value(line, columns.at.get("a260_a280"), sign),
        a260_a230=_value(line, columns.at.get("a260_a230"), sign),
        well=columns.text(line, "well"),
        assay=columns.text(line, "assay"),
        measured_at=_date(" ".join((columns.text(line, "date"), columns.text(line, "time")))),
        flags=tuple(flags),
    )


def _factor(columns: DnaColumns, line: Line, where: str) -> float:
    """Return ng per µL in one unit, from a column of units or from the heading."""
    beside = columns.at["concentration"] + 1
    is_unit = plain(columns.header.text(beside)) in {"unit", "units"}
    stated = line.text(beside) if is_unit else columns.text(line, "unit")
    if not stated:
        heading = plain(columns.header.text(columns.at["concentration"]))
        stated = next((u for u in _PER_UL if u in heading), "ng/ul")
    unit = plain(stated)
    if unit not in _PER_UL:
        raise ParseError(f"{where}: the unit is {quoted(stated)}, expected one such as ng/µL")
    return _PER_UL[unit]


def _value(line: Line, index: int | None, sign: str) -> float | None:
    if index is None or index >= len(line.cells):
        return None
    cell = line.cells[index]
    return numbers.parse(cell, sign) if isinstance(cell, str) else float(cell)


def _date(text: str) -> datetime | None:
    """Read a date, year first or month first; a day that could be a month is not guessed at."""
    found = date_of(text)
    for pattern in _US_DATE:
        if found is None:
            try:
                found = datetime.strptime(" ".join(text.split()), pattern)
            except ValueError:
                continue
    return found
