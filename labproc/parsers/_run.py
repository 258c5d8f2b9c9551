"""From reactions to a run: numbers of wells, repeats, last cycles, the instrument's own curve."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.formats.grid import Grid, Line
from labproc.model import (
    Amplification,
    CqTable,
    Flag,
    QpcrRun,
    ReportedCurve,
    SourceFile,
    Task,
    Well,
)
from labproc.model.flag import fail, info, review, unique, warning
from labproc.parsers import _numbers as numbers
from labproc.parsers import _positions as positions
from labproc.parsers import _words as words
from labproc.parsers._export import Export, ResultTable, curve_tables
from labproc.parsers._reactions import Reaction, RowReader, decimal_sign

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}:\d{2}(?::\d{2})?)\s*([AP]M)?", re.IGNORECASE)
_CURVE_FIELDS = ("slope", "intercept", "r_squared", "efficiency")


@dataclass(frozen=True, slots=True)
class Layout:
    """What differs between families once the tables are found.

    ``format`` is the layout's name, ``instrument`` what to call it where the file does not say;
    ``plate_wells`` the plate's size where the family fixes it; ``keep_numbers`` for rotors,
    whose tubes have numbers and no names; ``default_target`` and ``default_dye`` for wells that
    name none; ``type_is_target`` where a column Type names genes; ``zero_is_undetected`` where
    a Cq of 0 is how the software writes that nothing was found.
    """

    format: str
    instrument: str = ""
    plate_wells: int | None = None
    keep_numbers: bool = False
    default_target: str = ""
    default_dye: str = ""
    type_is_target: bool = False
    zero_is_undetected: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


def run_of(
    content: Content,
    export: Export,
    parts: Sequence[tuple[ResultTable, Layout]],
    *,
    amplification: Sequence[Amplification] = (),
    decimal: str | None = None,
) -> QpcrRun:
    """Make the run of an export's result tables, each with what is special about it.

    Tables on several sheets are several plates, called as their sheets.

    Raises
    ------
    ParseError
        If no reaction is there, or any row cannot be read.
    """
    tables = [table for table, _ in parts]
    sign = decimal or decimal_sign(export.name, tables)
    sheets = {table.grid.name for table in tables}
    doubts = [f for grid in export.grids for f in grid.flags]
    reactions: list[Reaction] = []
    for table, layout in parts:
        plate, doubt = plate_size(export, table, layout)
        doubts += doubt
        reader = RowReader(
            export.name,
            table,
            sign,
            plate_wells=plate,
            default_target=layout.default_target,
            default_dye=layout.default_dye,
            type_is_target=layout.type_is_target,
            zero_is_undetected=layout.zero_is_undetected,
            keep_numbers=layout.keep_numbers,
            plate=table.grid.name if len(sheets) > 1 else "",
            doubts=doubts,
        )
        reactions += reader.reactions()
        check_one_cq(export.name, table)
        doubts += cut_end(table.grid, table.body[-1], export.name) if table.body else []
    doubts += misnamed(content)
    stated = [*tables, *curve_tables(export)]
    named = {id(table): layout.default_target for table, layout in parts}
    curves = [c for t in stated for c in reported_curves(t, sign, named.get(id(t), ""))]
    layout = parts[0][1]
    return finish(
        content,
        reactions,
        layout,
        curves=curves,
        amplification=amplification,
        doubts=doubts,
        instrument=export.value("Instrument Type", "Instrument", "Instrument Name"),
        acquired=export.value(*_END_KEYS),
        details=details_of(export) | dict(layout.details),
    )


_END_KEYS = (
    "Experiment Run End Time", "Run End Date/Time", "Run End Data/Time", "Run Date", "Run DateTime",
    "Run Ended",
)  # fmt: skip
_DETAIL_KEYS = (
    "Experiment Name", "Experiment Type", "Block Type", "Chemistry", "Passive Reference",
    "Software Name and Version", "Assay Type", "Plate Type", "Quantification Cycle Method",
)  # fmt: skip


def details_of(export: Export) -> dict[str, str]:
    """Return what the preamble says of the run, in words."""
    found = {key.casefold().replace(" ", "_"): export.value(key) for key in _DETAIL_KEYS}
    return {key: value for key, value in found.items() if value}


def finish(
    content: Content,
    reactions: Sequence[Reaction],
    layout: Layout,
    *,
    curves: Sequence[ReportedCurve] = (),
    amplification: Sequence[Amplification] = (),
    doubts: Sequence[Flag] = (),
    instrument: str = "",
    acquired: str = "",
    details: Mapping[str, str] | None = None,
    plate: str = "",
    last_cycle: float | None = None,
) -> QpcrRun:
    """Check the reactions against each other and make the run.

    Raises
    ------
    ParseError
        If there are none.
    """
    name = content.path.name
    if not reactions:
        raise ParseError(f"{name}: headings but no reaction below them, expected wells with a Cq")
    cycles = last_cycle or max((float(a.cycles[-1]) for a in amplification), default=None)
    wells, at_end = undetected_at_end([r.well for r in reactions], name, cycles)
    flags = [*doubts, *at_end, *repeats(reactions, name), *odd_names(wells, name)]
    flags += [*no_cq(wells, name), *named_otherwise(wells, name)]
    flags += [f for w in wells for f in w.flags]
    source = SourceFile(
        str(content.path),
        sha256(content),
        layout.format,
        instrument or layout.instrument or None,
        date_of(acquired),
    )
    return QpcrRun(
        source,
        layout.format,
        CqTable(tuple(wells)),
        plate=plate,
        reported_curves=tuple(dict.fromkeys(curves)),
        amplification=tuple(amplification),
        details=dict(details or {}),
        flags=unique(flags),
    )


def sha256(content: Content) -> str:
    """Return the SHA-256 of a file."""
    with content.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def date_of(text: str) -> datetime | None:
    """Return a date and time written year first; None for anything else."""
    match = _DATE.search(text)
    if match is None:
        return None
    day, time, half = match.groups()
    clock = time if time.count(":") == 2 else f"{time}:00"
    hour = int(clock.split(":")[0])
    try:
        if half and hour <= 12:  # QuantStudio also writes 19:30:32 PM
            return datetime.strptime(f"{day} {clock} {half}", "%Y-%m-%d %I:%M:%S %p")
        return datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None


def plate_size(export: Export, table: ResultTable, layout: Layout) -> tuple[int | None, list[Flag]]:
    """Return the size of the plate that numbered wells count on, and a doubt if it is a guess."""
    stated = layout.plate_wells or positions.stated_plate(export.value("Block Type", "Block"))
    well = table.columns.index("well")
    found = (positions.number(line.text(well)) for line in table.body)
    highest = max((n for n in found if n is not None), default=0)
    if not highest or layout.keep_numbers:
        return stated, []
    if stated and (highest > 96 or stated <= 96 or not layout.plate_wells):
        return stated, []
    guess = stated or positions.plate_for(highest)
    message = (
        f"{export.name}: wells are numbers up to {highest}, named as on a plate of {guess} wells "
        "counted row by row"
    )
    return guess, [info("plate_size_assumed", message)]


def reported_curves(table: ResultTable, sign: str, default_target: str = "") -> list[ReportedCurve]:
    """Return each target's curve as the columns of a table state it; efficiency 1.0 is doubling."""
    columns = table.columns
    if "slope" not in columns:
        return []
    found: dict[str, ReportedCurve] = {}
    for line in table.body:
        target = line.text(columns.index("target")) or default_target
        values = [_cell(line.text(columns.index(f)), sign) for f in _CURVE_FIELDS]
        if None not in (values[0], values[2] or values[1]) and target not in found:
            slope, intercept, r_squared, percent = values
            efficiency = None if percent is None else percent / 100
            found[target] = ReportedCurve(target, slope, intercept, r_squared, efficiency)
    return list(found.values())


def _cell(text: str, sign: str) -> float | None:
    return numbers.parse(text, sign) if numbers.is_numeric(text) else _typed(text)


def _typed(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def undetected_at_end(
    wells: Sequence[Well], name: str, cycles: float | None
) -> tuple[list[Well], list[Flag]]:
    """Take a Cq that is exactly the last cycle as not detected, as instruments write it.

    The last cycle is that of the amplification data. Without them it is the highest Cq of the
    file, if it is a whole number of 30 or more and stands there twice.
    """
    found = Counter(w.cq for w in wells if w.cq is not None)
    last = cycles or max(found, default=0.0)
    written = found.get(last, 0)
    if not written or last != int(last) or last < 30 or (cycles is None and written < 2):
        return list(wells), []
    message = f"{name}: {written} wells have a Cq of exactly {last:g}, taken as not detected"
    make = info if cycles else warning
    cut = [replace(w, cq=None) if w.cq == last else w for w in wells]
    return cut, [make("cq_at_last_cycle", message)]


def repeats(reactions: Iterable[Reaction], name: str) -> list[Flag]:
    """Flag reactions that are listed twice."""
    seen: dict[tuple[str, ...], Reaction] = {}
    places: dict[tuple[str, str, str], set[str]] = {}
    twice: list[tuple[Reaction, Reaction]] = []
    for reaction in reactions:
        key = (*reaction.key, reaction.well.sample)
        if key in seen:
            twice.append((seen[key], reaction))
        seen[key] = reaction
        places.setdefault(reaction.key, set()).add(reaction.well.sample)
    flags = [_repeat(first, again, name) for first, again in twice[:20]]
    shared = [key for key, samples in places.items() if len(samples) > 1]
    if shared:
        message = (
            f"{name}: {len(shared)} wells, first {shared[0][1]}, are listed with several samples; "
            "the file seems to hold several plates without naming them"
        )
        flags.append(review("several_plates", message))
    return flags


def _repeat(first: Reaction, again: Reaction, name: str) -> Flag:
    well = again.well
    what = f"{name}, {again.where}: {well.position} {well.target or well.dye}".rstrip()
    if first.well.cq == well.cq and first.well.quantity == well.quantity:
        return warning(
            "duplicate_well", f"{what} is listed before ({first.where}) with equal values"
        )
    message = (
        f"{what} is listed before ({first.where}) with a Cq of {first.well.cq}, here {well.cq}"
    )
    return review("duplicate_well_differs", message)


def odd_names(wells: Iterable[Well], name: str) -> list[Flag]:
    """Flag samples that a spreadsheet may have renamed."""
    changed = [w.sample for w in wells if words.was_turned_into_a_date(w.sample)]
    if not changed:
        return []
    message = (
        f"{name}: sample {changed[0]!r} looks as if a spreadsheet had changed the name; "
        "compare with the instrument's own file"
    )
    return [warning("name_may_be_changed", message)]


def named_otherwise(wells: Iterable[Well], name: str) -> list[Flag]:
    """Flag wells that are unknowns by task and no-template controls by name."""
    found = [
        w.position
        for w in wells
        if w.task is Task.UNKNOWN and words.task_of_name(w.sample) is Task.NTC
    ]
    if not found:
        return []
    message = (
        f"{name}: {len(found)} wells are called a no-template control but have the task of an "
        f"unknown, first {found[0]}; the task is kept"
    )
    return [info("task_and_name_differ", message)]


def no_cq(wells: Sequence[Well], name: str) -> list[Flag]:
    """Say that a run without any Cq was not analysed; its wells are not negative."""
    if any(w.cq is not None for w in wells):
        return []
    message = (
        f"{name}: no well has a Cq; if the run was not analysed, analyse it in the instrument's "
        "software and export the results"
    )
    return [fail("no_cq", message)]


def check_one_cq(name: str, table: ResultTable) -> None:
    """Refuse a table with two columns of Cq for the same reactions that do not agree.

    Raises
    ------
    ParseError
        Naming the columns and the first row where they differ.
    """
    plain = [c for c in table.columns.all("cq") if not c.part]
    for line in table.body if len(plain) > 1 else ():
        texts = [line.text(c.index) for c in plain]
        if len(set(texts)) > 1:
            columns = " and ".join(
                f"{c.heading!r} ({t!r})" for c, t in zip(plain, texts, strict=True)
            )
            raise ParseError(
                f"{name}, {table.where(line)}: several columns of Cq differ, {columns}; keep one"
            )


def misnamed(content: Content) -> list[Flag]:
    """Flag a text that is called a workbook, or the reverse; it is read as what it is."""
    suffix = content.path.suffix.lower()
    is_text = content.workbook is None
    if is_text == (suffix not in {".xlsx", ".xls", ".xlsm", ".ods"}):
        return []
    kind = "text" if is_text else "a workbook"
    message = f"{content.path.name}: called {suffix or 'nothing'} but is {kind}, read as that"
    return [info("name_differs_from_content", message)]


def cut_end(grid: Grid, last: Line, name: str) -> list[Flag]:
    """Flag a text whose last line is a result without a line end: it may have been cut."""
    if not (grid.ends_cut and last is grid.lines[-1]):
        return []
    message = (
        f"{name}: the last row ({grid.where(last.number)}) has no line end; if rows are missing, "
        "the copy is incomplete"
    )
    return [warning("no_final_line_end", message)]
