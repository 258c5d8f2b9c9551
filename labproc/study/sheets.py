"""The tables of a study as people write them: samples, culture log, patients, events."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from labproc.errors import ParseError, StudyError
from labproc.formats.table import Row, Table, read_table, sheet_names
from labproc.model import CultureEvent, PatientEvent
from labproc.registry import nearest
from labproc.study.patterns import read_day

T = TypeVar("T")
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")
SAMPLE_COLUMNS = (
    "file",
    "sample",
    "plate",
    "well",
    "donor",
    "experiment",
    "arm",
    "day",
    "replicate",
    "panel",
    "role",
    "channel",
    "sample_ul",
    "final_ul",
    "manual_count_per_ml",
    "bead_count",
    "dna_ng",
    "dna_yield_ug",
    "blood_ul",
    "elution_ul",
    "template_ul",
    "dilution",
    "note",
)
CULTURE_COLUMNS = (
    "donor",
    "experiment",
    "arm",
    "replicate",
    "day",
    "volume_before_ml",
    "sampled_ml",
    "kept_fraction",
    "volume_after_ml",
    "event",
    "note",
)
# "1,200" is 1.2 in Berlin and 1200 in Boston; "0,200" and "20,5" can only be decimals
TWO_MEANINGS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
EVENTS = frozenset({"", "feed", "split", "drug", "restimulate"})


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row with the place it stands in, for messages: ``samples.csv, line 4``."""

    where: str
    cells: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a cell without blanks around it, empty where there is none."""
        return self.cells.get(name, "").strip()

    def number(self, name: str, *, low: float | None = None) -> float | None:
        """Return a cell as a number, a decimal comma allowed; None where it is empty.

        Raises
        ------
        StudyError
            If the cell holds something else, or less than ``low``.
        """
        text = self.get(name)
        if not text:
            return None
        if TWO_MEANINGS.fullmatch(text):
            clear = f"{text.replace(',', '')} or {text.replace(',', '.')}"
            raise StudyError(f"{self.where}: {name} is {text!r}, expected {clear}; say which")
        try:
            value = float(text.replace(",", ".") if "." not in text else text)
        except ValueError:
            raise StudyError(f"{self.where}: {name} is {text!r}, expected a number") from None
        if not math.isfinite(value) or (low is not None and value < low):
            raise StudyError(f"{self.where}: {name} is {text!r}, expected at least {low or 0:g}")
        return value

    def day(self) -> int | None:
        """Return the day, None where the cell is empty."""
        text = self.get("day")
        day = read_day(text) if text else None
        if text and day is None:
            raise StudyError(f"{self.where}: day is {text!r}, expected whole days such as 7 or d07")
        return day


def find_sheet(folder: Path, name: str) -> tuple[Path, str | None] | None:
    """Return the file (and sheet) that holds a table: ``study.xlsx`` first, then its own file.

    Raises
    ------
    StudyError
        If the table is there in two forms.
    """
    book = folder / "study.xlsx"
    if book.is_file():
        sheets = {sheet.casefold(): sheet for sheet in _mine(sheet_names, book)}
        if name in sheets:
            return book, sheets[name]
    found = [p for ending in ENDINGS if (p := folder / f"{name}{ending}").is_file()]
    if len(found) > 1:
        names = " and ".join(p.name for p in found)
        raise StudyError(f"{folder.name}: {names} are both there, expected one; take one away")
    return (found[0], None) if found else None


def _mine(read: Callable[[Path], T], path: Path) -> T:
    """Read a sheet; what is wrong with it is a setting to mend, not an instrument's file."""
    try:
        return read(path)
    except ParseError as error:
        raise StudyError(str(error)) from error


def rows_of(folder: Path, name: str, columns: Sequence[str] | None = None) -> list[SheetRow]:
    """Return a table's rows, its headings checked against the columns that are known.

    Raises
    ------
    StudyError
        If a heading is none of the known columns; the nearest is named.
    """
    found = find_sheet(folder, name)
    if found is None:
        return []
    path, sheet = found
    if sheet is None and not path.read_bytes().strip():
        return []  # made, not yet filled in
    table = _mine(partial(read_table, sheet=sheet), path)
    title = f"{path.name}, sheet {sheet!r}" if sheet else path.name
    return list(_rows(title, table, columns))


def table_of(folder: Path, name: str) -> tuple[str, Table] | None:
    """Return a sheet that has the user's own columns, as it is written, with its title.

    Raises
    ------
    StudyError
        If it cannot be read.
    """
    found = find_sheet(folder, name)
    if found is None:
        return None
    path, sheet = found
    if sheet is None and not path.read_bytes().strip():
        return None
    title = f"{path.name}, sheet {sheet!r}" if sheet else path.name
    return title, _mine(partial(read_table, sheet=sheet), path)


def _rows(title: str, table: Table, columns: Sequence[str] | None) -> Iterator[SheetRow]:
    names = {heading: _heading(title, heading, columns) for heading in table.header}
    for row in table.rows:
        yield SheetRow(f"{title}, line {row.line}", _cells(row, names))


def _cells(row: Row, names: Mapping[str, str]) -> dict[str, str]:
    return {names[heading]: cell for heading, cell in row.cells.items() if heading in names}


def _heading(title: str, heading: str, columns: Sequence[str] | None) -> str:
    word = re.sub(r"[\s-]+", "_", heading.strip().casefold())
    if columns is not None and word not in columns:
        hint = nearest(word, list(columns))
        raise StudyError(f"{title}, line 1: no column is called {heading!r}; {hint}")
    return word


def culture_log(folder: Path, arms: Mapping[str, str]) -> tuple[CultureEvent, ...]:
    """Return the culture's log from ``culture.csv``.

    Parameters
    ----------
    arms : mapping
        Every word for an arm, in lower case, with the arm's own name; empty without arms.

    Raises
    ------
    StudyError
        If a line cannot be read, or stands there twice: cells would be divided twice.
    """
    first: dict[CultureEvent, str] = {}
    for row in rows_of(folder, "culture", CULTURE_COLUMNS):
        event = _culture(row, arms)
        if event in first:
            raise StudyError(f"{row.where}: says the same as {first[event]}, expected it once")
        first[event] = row.where
    return tuple(first)


def _arm(row: SheetRow, arms: Mapping[str, str], day: int) -> str:
    word, names = row.get("arm"), sorted(set(arms.values()))
    if not arms or (not word and len(names) == 1):
        return names[0] if names else word
    if word.casefold() not in arms:
        raise StudyError(f"{row.where}: day {day} has arm {word!r}; {nearest(word, names)}")
    return arms[word.casefold()]


def _culture(row: SheetRow, arms: Mapping[str, str]) -> CultureEvent:
    day = row.day()
    if day is None:
        raise StudyError(f"{row.where}: no day, expected one")
    if not row.get("donor"):
        raise StudyError(f"{row.where}: no donor, expected whose cells they are")
    event = row.get("event").casefold()
    if event not in EVENTS:
        known = [e for e in sorted(EVENTS) if e]
        raise StudyError(f"{row.where}: event is {event!r}; {nearest(event, known)}")
    kept = row.number("kept_fraction", low=0.0)
    if kept is not None and not 0 < kept <= 1:
        raise StudyError(f"{row.where}: kept_fraction is {kept:g}, expected more than 0, at most 1")
    return CultureEvent(
        row.get("donor"),
        row.get("experiment"),
        _arm(row, arms, day),
        row.get("replicate"),
        day,
        event,
        kept,
        row.number("volume_before_ml", low=0.0),
        row.number("sampled_ml", low=0.0),
        row.number("volume_after_ml", low=0.0),
        row.get("note"),
    )


def patient_events(folder: Path) -> tuple[PatientEvent, ...]:
    """Return what happened to patients from ``events.csv``."""
    return tuple(_event(r) for r in rows_of(folder, "events", ("patient", "day", "event", "note")))


def _event(row: SheetRow) -> PatientEvent:
    day = row.day()
    if day is None or not row.get("patient") or not row.get("event"):
        raise StudyError(f"{row.where}: expected patient, day and event")
    return PatientEvent(row.get("patient"), day, row.get("event"), row.get("note"))
