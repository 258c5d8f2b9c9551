"""The tables of a study as people write them: samples, culture log, patients, events."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labproc.errors import StudyError
from labproc.formats.table import Row, Table, read_table, sheet_names
from labproc.model import CultureEvent, PatientEvent
from labproc.registry import nearest
from labproc.study.patterns import read_day

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
    "sample_ul",
    "final_ul",
    "manual_count_per_ml",
    "bead_count",
    "dna_ng",
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
        try:
            value = float(text.replace(",", ".") if "." not in text else text)
        except ValueError:
            raise StudyError(f"{self.where}: {name} is {text!r}, expected a number") from None
        if value != value or (low is not None and value < low):
            raise StudyError(f"{self.where}: {name} is {text!r}, expected at least {low:g}")
        return value

    def day(self) -> int | None:
        """Return the day, None where the cell is empty."""
        text = self.get("day")
        day = read_day(text) if text else None
        if text and day is None:
            raise StudyError(f"{self.where}: day is {text!r}, expected whole days such as 7 or d07")
        return day


def find_sheet(folder: Path, name: str) -> tuple[Path, str | None] | None:
    """Return the file (and sheet) that holds a table: ``study.xlsx`` first, then its own file."""
    book = folder / "study.xlsx"
    if book.is_file() and name in sheet_names(book):
        return book, name
    found = [folder / f"{name}{ending}" for ending in ENDINGS]
    path = next((p for p in found if p.is_file()), None)
    return (path, None) if path else None


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
    table = read_table(path, sheet=sheet)
    title = f"{path.name}, sheet {sheet!r}" if sheet else path.name
    return list(_rows(title, table, columns))


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


def culture_log(folder: Path) -> tuple[CultureEvent, ...]:
    """Return the culture's log from ``culture.csv``."""
    return tuple(_culture(row) for row in rows_of(folder, "culture", CULTURE_COLUMNS))


def _culture(row: SheetRow) -> CultureEvent:
    day = row.day()
    if day is None:
        raise StudyError(f"{row.where}: no day, expected one")
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
        row.get("arm"),
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
