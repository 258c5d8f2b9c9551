"""samples.csv edited by a program: read as rows, checked cell by cell, written as it was kept."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labproc.errors import StudyError
from labproc.formats.drafts import write_whole
from labproc.registry import nearest
from labproc.study.plates import well_name
from labproc.study.sheets import SAMPLE_COLUMNS, SheetRow, find_sheet, rows_of
from labproc.study.study import Study

NAME = "samples.csv"
NAMING = ("file", "sample", "plate", "well")
LIVE = ("=", "@", "\t", "\r")
"""What makes a spreadsheet compute a cell; + and - also begin names and days, and stay text in a
csv that labproc reads."""
AMOUNTS = tuple(
    c for c in SAMPLE_COLUMNS
    if c.endswith(("_ul", "_ng", "_ug", "_ml", "_count")) or c == "dilution"
)  # fmt: skip
Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell of a sheet; rows are counted from 0."""

    row: int
    column: str
    message: str


def read_rows(folder: Path) -> list[dict[str, str]]:
    """Return the rows of samples.csv with what every cell says.

    Raises
    ------
    StudyError
        If the samples stand in a workbook, which only its own program can change safely.
    """
    found = find_sheet(folder, "samples")
    if found is not None and found[0].suffix == ".xlsx":
        raise StudyError(
            f"{found[0].name}: the samples stand in a workbook, expected {NAME}; edit them there, "
            f"or save that sheet as {NAME} and take it out of the workbook"
        )
    rows = rows_of(folder, "samples", SAMPLE_COLUMNS)
    return [{k: v.strip() for k, v in row.cells.items() if v.strip()} for row in rows]


def problems(study: Study, rows: Sequence[Cells]) -> list[Problem]:
    """Return every cell that cannot be used as it stands, in the order of the rows."""
    found: list[Problem] = []
    named: dict[tuple[str, ...], int] = {}
    for i, cells in enumerate(rows):
        row = SheetRow(f"row {i + 1}", cells)
        found += [Problem(i, column, text) for column, text in _wrong_cells(study, row)]
        name = _named(row)
        if not any(name):
            found.append(Problem(i, "file", "names no file, sample or plate and well"))
        elif name in named:
            text = f"stands in row {named[name] + 1} too, expected once"
            found.append(Problem(i, next(c for c in NAMING if row.get(c)), text))
        else:
            named[name] = i
    return found


def _wrong_cells(study: Study, row: SheetRow) -> Iterable[tuple[str, str]]:
    from labproc.model import Role

    for column, text in row.cells.items():
        if text.startswith(LIVE):
            yield column, f"begins with {text[0]!r}, which a spreadsheet computes; rename it"
    for column in AMOUNTS:
        if said := _refused(partial(row.number, column, low=0.0)):
            yield column, said
    if said := _refused(row.day):
        yield "day", said
    known = {
        "arm": (study.settings.arm_names(), list(study.settings.arms)),
        "panel": ({p.casefold(): p for p in study.settings.panels}, list(study.settings.panels)),
        "role": ({r.value: r.value for r in Role}, [r.value for r in Role]),
    }
    for column, (names, shown) in known.items():
        word = row.get(column)
        if word and word.casefold() not in names and (column != "panel" or word != "qpcr"):
            yield column, f"{column} is {word!r}; {nearest(word, shown)}"


def _refused(read: Callable[[], object]) -> str:
    """Return why a cell cannot be read, without the place, which the reader sees."""
    try:
        read()
    except StudyError as error:
        return str(error).partition(": ")[2]
    return ""


def _named(row: SheetRow) -> tuple[str, ...]:
    if file := row.get("file").replace("\\", "/").casefold():
        return ("file", file)
    if sample := row.get("sample"):
        return ("sample", sample)
    if not row.get("well"):
        return ()
    return ("well", row.get("plate").casefold(), well_name(row.get("well")))


def write_rows(folder: Path, rows: Sequence[Cells]) -> str:
    """Write samples.csv, whole or not at all, and return its text.

    The separator and the columns that stood there are kept; a new column comes where the
    template has it.
    """
    path = folder / NAME
    before = path.read_text(encoding="utf-8-sig", errors="replace") if path.is_file() else ""
    text = as_text(rows, before)
    write_whole(path, f"\ufeff{text}", durable=True)  # the mark that tells Excel it is UTF-8
    return text


def as_text(rows: Sequence[Cells], before: str = "") -> str:
    """Return rows as the text of a csv file, separated as ``before`` was."""
    head = before.partition("\n")[0]
    mark = max(",;\t", key=head.count) if head else ","
    there = [c.strip().strip('"') for c in head.split(mark)] if head else []
    used = {c for row in rows for c, text in row.items() if text}
    columns = [c for c in SAMPLE_COLUMNS if c in used or c in there]
    held = io.StringIO()
    writer = csv.DictWriter(held, columns, restval="", delimiter=mark, lineterminator="\n")
    writer.writeheader()
    writer.writerows({c: row.get(c, "") for c in columns} for row in rows)
    return held.getvalue()
