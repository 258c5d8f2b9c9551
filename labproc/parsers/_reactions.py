"""Rows of a result table as reactions, each cell checked and every doubt kept."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from labproc.errors import ParseError
from labproc.formats.grid import Cell, Line, as_text, quoted
from labproc.model import Flag, Task, Well
from labproc.model.flag import info, review, warning
from labproc.parsers import _numbers as numbers
from labproc.parsers import _positions as positions
from labproc.parsers import _words as words
from labproc.parsers._export import ResultTable
from labproc.parsers._headings import Column
from labproc.parsers._layout import Layout

MAX_CYCLES = 100.0  # no run has more; 100 and above stands for not detected
_EMPTY = frozenset({"", "-"})


@dataclass(frozen=True, slots=True)
class Reaction:
    """A well with the plate it is on and where in the file it stands."""

    well: Well
    where: str
    plate: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What no two reactions of a run share."""
        return (self.plate, self.well.position, self.well.target or self.well.dye)


@dataclass(slots=True)
class RowReader:
    """Reads the rows of one table.

    Parameters
    ----------
    file : str
        The file's name, to begin messages with.
    table : ResultTable
    decimal : str
        The file's decimal sign.
    layout : Layout
        What is special about the family.
    plate_wells : int or None
        The plate's size, to name numbered wells.
    doubts : list of Flag
        Takes what is doubtful about the table as a whole.
    """

    file: str
    table: ResultTable
    decimal: str
    layout: Layout
    plate_wells: int | None = None
    doubts: list[Flag] = field(default_factory=list)
    _used: tuple[Column, ...] | None = field(default=None, init=False)

    def reactions(self, *, plate: str = "") -> Iterator[Reaction]:
        """Yield the reactions of every row, one for each column of Cq.

        ``plate`` is the plate of rows that name none.
        """
        for line in self.table.body:
            if line.filled:
                for reaction in self._row(line):
                    yield replace(reaction, plate=reaction.plate or plate)

    def _row(self, line: Line) -> Iterator[Reaction]:
        columns = self.table.columns
        if self._is_empty_well(line):
            return
        self._check_width(line)
        used = self._used_columns()
        for column in used:
            amount = columns.index("quantity", column.part)
            told = [line.text(column.index), line.text(amount)]
            told.append(line.text(self._own_target(column.part)))
            if len(used) == 1:
                told += [self._text(line, n) for n in ("sample", "target", "task", "given")]
            if any(t not in _EMPTY for t in told):
                yield self._reaction(line, column.index, column.part)

    def _is_empty_well(self, line: Line) -> bool:
        """Whether a row names a well and nothing else: nothing was in it."""
        return line.filled == 1 and bool(self._text(line, "well"))

    def _own_target(self, part: str) -> int | None:
        """Return the column of targets that belongs to one dye."""
        return next((c.index for c in self.table.columns.all("target") if c.part == part), None)

    def _used_columns(self) -> tuple[Column, ...]:
        """Return the columns of Cq, without dyes in which no well has one."""
        if self._used is None:
            found = self._cq_columns()
            bodies = self.table.body
            used = [c for c in found if any(self._has_cq(line.text(c.index)) for line in bodies)]
            self._used = tuple(used) if len(found) > 1 and used else found
        return self._used

    def _has_cq(self, text: str) -> bool:
        return text.casefold() not in words.NOT_DETECTED and numbers.parse(text, self.decimal) != 0

    def _cq_columns(self) -> tuple[Column, ...]:
        """Return the one column of Cq, one for each dye or allele, or one that is always empty."""
        found = self.table.columns.all("cq")
        plain = tuple(c for c in found if not c.part)
        return plain[:1] or found or (Column(self.table.columns.n, ""),)

    def _reaction(self, line: Line, cq_index: int, part: str) -> Reaction:
        position = self._position(line)
        flags: list[Flag] = []
        cq = self._cq(line, cq_index, flags)
        word = self._text(line, "task")
        sample = self._text(line, "sample")
        given = self._number(line, self.table.columns.index("given"), "quantity", flags)
        amount = self._number(line, self.table.columns.index("quantity", part), "quantity", flags)
        task = self._task(word, sample, given)
        quantity = given if task is Task.STANDARD and given else amount
        well = Well(
            position=position,
            sample=sample,
            target=self._target(line, part),
            task=task,
            cq=cq,
            quantity=quantity,
            omitted=self._omitted(line, flags),
            dye=self._dye(line, part),
            task_as_written=word,
            flags=tuple(flags),
        )
        return Reaction(well, self.table.where(line), self._text(line, "plate"))

    def _dye(self, line: Line, part: str) -> str:
        named = "" if part.startswith("allele") else part.upper()
        return self._text(line, "dye") or named or self.layout.default_dye

    def _text(self, line: Line, name: str, part: str = "") -> str:
        return line.text(self.table.columns.index(name, part))

    def _target(self, line: Line, part: str) -> str:
        text = self._text(line, "target", part)
        if part.startswith("allele"):
            return f"{text} {part.capitalize()}".strip()
        if not text and self.layout.type_is_target:
            word = self._text(line, "task")
            text = word if words.task_of(word) is None else ""
        return "" if text == "-" else text or self.layout.default_target

    def _where(self, line: Line) -> str:
        return f"{self.file}, {self.table.where(line)}"

    def _check_width(self, line: Line) -> None:
        """Refuse a row that was cut, or that has cells beyond the headings."""
        n = self.table.columns.n
        extra = [as_text(c) for c in line.cells[n:] if c != ""]
        if extra:
            raise ParseError(
                f"{self._where(line)}: {n + len(extra)} cells under {n} headings, beginning with "
                f"{quoted(extra[0])}; a decimal comma or a name may hold the delimiter"
            )
        last = max(c.index for c in self._cq_columns())
        if self.table.grid.name or len(line.cells) > last or last == n:
            return
        if len(line.cells) == last and last == n - 1:
            return  # the Cq is the last column and was left out: not detected
        raise ParseError(
            f"{self._where(line)}: {len(line.cells)} of {n} cells, the Cq is missing; "
            "the copy may be incomplete"
        )

    def _position(self, line: Line) -> str:
        text = self._text(line, "well")
        if not text:
            if self.table.columns.index("well") is None:
                return str(line.number - self.table.header.number)
            raise ParseError(f"{self._where(line)}: no well, expected A1 to AF48")
        found = positions.split(text)
        if found is not None:
            return self._named(line, text, found)
        number = positions.number(text)
        if number is None or self.layout.keep_numbers or self.plate_wells is None:
            return text if number is None else str(number)
        if number > self.plate_wells:
            raise ParseError(
                f"{self._where(line)}: well number {number}, expected 1 to {self.plate_wells}"
            )
        return positions.from_number(number, plate=self.plate_wells)

    def _named(self, line: Line, text: str, found: tuple[int, int]) -> str:
        rows, columns = positions.MAX_ROWS, positions.MAX_COLUMNS
        if self.plate_wells in positions.PLATES:
            rows, columns = positions.PLATES[self.plate_wells]
        if found[0] > positions.MAX_ROWS or found[1] > positions.MAX_COLUMNS:
            raise ParseError(
                f"{self._where(line)}: the well is {quoted(text)}, expected A1 to AF48"
            )
        if found[0] > rows or found[1] > columns:
            message = (
                f"{self._where(line)}: well {quoted(text)} is not on a plate of {self.plate_wells}"
            )
            self.doubts.append(warning("well_off_plate", message))
        return positions.name(*found)

    def _cq(self, line: Line, index: int, flags: list[Flag]) -> float | None:
        cell = line.cells[index] if index < len(line.cells) else ""
        text = as_text(cell)
        value = self._value(cell)
        where = f"{self._where(line)}: Cq is {quoted(text)}"
        if value is None:
            if text.casefold() in words.NOT_DETECTED:
                return None
            if words.DOUBTFUL.fullmatch(text.casefold()):
                flags.append(review("cq_word", f"{where}, taken as not detected"))
                return None
            raise ParseError(f"{where}, expected a number or 'Undetermined'")
        if value == 0 and self.layout.zero_is_undetected:
            return None
        if value == -1 or value == MAX_CYCLES:
            flags.append(info("cq_sentinel", f"{where}, which stands for not detected"))
            return None
        if not math.isfinite(value) or value <= 0 or value > MAX_CYCLES:
            flags.append(review("cq_out_of_range", f"{where}, taken as not detected"))
            return None
        return value

    def _value(self, cell: Cell) -> float | None:
        if isinstance(cell, str):
            return numbers.parse(cell, self.decimal)
        return None if isinstance(cell, bool) else float(cell)

    def _number(self, line: Line, index: int | None, what: str, flags: list[Flag]) -> float | None:
        if index is None or index >= len(line.cells):
            return None
        cell = line.cells[index]
        text = as_text(cell)
        value = self._value(cell)
        if value is None:
            if text.casefold() not in words.NOT_DETECTED:
                message = f"{self._where(line)}: {what} is {quoted(text)}, left out"
                flags.append(review("quantity_word", message))
            return None
        if value == -1:
            return None  # SDS 1 writes it for wells without a quantity
        if not math.isfinite(value) or value < 0:
            message = f"{self._where(line)}: {what} is {quoted(text)}, left out"
            flags.append(review("quantity_out_of_range", message))
            return None
        return value

    def _task(self, word: str, sample: str, given: float | None) -> Task:
        if self.table.columns.index("task") is not None:
            return words.task_of(word) or words.task_of_name(sample) or Task.UNKNOWN
        if given is not None and given > 0:
            return Task.STANDARD
        return words.task_of_name(sample) or Task.UNKNOWN

    def _omitted(self, line: Line, flags: list[Flag]) -> bool:
        for name, meaning in (("omit", True), ("include", False)):
            word = self._text(line, name)
            if word and words.truth(word) is None:
                where = f"{self._where(line)}: {name} is {quoted(word)}"
                flags.append(review("omit_word", f"{where}, taken as a reason to omit the well"))
                return True
            if word:
                return words.truth(word) is meaning
        return False


def decimal_sign(file: str, tables: Sequence[ResultTable]) -> str:
    """Decide the decimal sign of a file from every number of its result tables."""
    return numbers.decide(_tokens(tables, own=True), _tokens(tables, own=False), name=file)


_NUMERIC_FIELDS = ("cq", "quantity", "given", "slope", "intercept", "r_squared", "efficiency")
_LIMITS = {"Cq": 1000.0, "slope": 100.0, "intercept": 1000.0, "r_squared": 10.0}
_NAME_FIELDS = ("well", "sample", "target", "task", "dye", "plate", "omit", "include")


def _tokens(tables: Sequence[ResultTable], *, own: bool) -> Iterator[numbers.Token]:
    for table in tables:
        fields = {
            c.index: "Cq" if name == "cq" else name
            for name in _NUMERIC_FIELDS
            for c in table.columns.all(name)
        }
        named = {c.index for name in _NAME_FIELDS for c in table.columns.all(name)} - set(fields)
        for line in table.body:
            for i, cell in enumerate(line.cells):
                if (i in fields) is not own or i in named or not isinstance(cell, str):
                    continue
                if numbers.is_numeric(cell):
                    name = fields.get(i, "")
                    limit = _LIMITS.get(name, math.inf)
                    yield numbers.Token(numbers.clean(cell), table.where(line), name, limit)
