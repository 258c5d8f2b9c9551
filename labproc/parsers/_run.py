"""From reactions to a run: numbers of wells, repeats, last cycles, the instrument's own curve."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.model import (
    Amplification,
    CqTable,
    Flag,
    QpcrRun,
    ReportedCurve,
    SourceFile,
)
from labproc.model.flag import info
from labproc.parsers import _checks as checks
from labproc.parsers import _numbers as numbers
from labproc.parsers import _positions as positions
from labproc.parsers._export import Export, ResultTable, curve_tables
from labproc.parsers._layout import Layout
from labproc.parsers._reactions import Reaction, RowReader, decimal_sign

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}:\d{2}(?::\d{2})?)\s*([AP]M)?", re.IGNORECASE)
_CURVE_FIELDS = ("slope", "intercept", "r_squared", "efficiency")


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
        reader = RowReader(export.name, table, sign, layout, plate_wells=plate, doubts=doubts)
        name = table.grid.name if len(sheets) > 1 else ""
        reactions += reader.reactions(plate=name)
        checks.check_one_cq(export.name, table)
        doubts += checks.cut_end(table.grid, table.body[-1], export.name) if table.body else []
    doubts += [*checks.misnamed(content), *checks.missing_wells(export, reactions)]
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
        details=details_of(export) | unit_of(tables),
        plate=plate_name(export),
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


def unit_of(tables: Sequence[ResultTable]) -> dict[str, str]:
    """Return what stands in brackets behind the heading of the quantities, as it is written."""
    headings = [c.heading for t in tables for f in ("given", "quantity") for c in t.columns.all(f)]
    found = (re.search(r"[(\[]([^()\[\]]+)[)\]]\s*$", heading) for heading in headings)
    units = (match.group(1).strip() for match in found if match)
    unit = next(units, "")
    return {"quantity_unit": unit} if unit else {}


def plate_name(export: Export) -> str:
    """Return the plate's barcode or name where the preamble states one."""
    stated = export.value("Plate Barcode", "PlateID", "Plate ID", "Experiment Barcode", "Barcode")
    return "" if stated.casefold() in {"na", "n/a"} else stated


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
    wells, at_end = checks.undetected_at_end([r.well for r in reactions], name, cycles)
    flags = [*doubts, *at_end, *checks.repeats(reactions, name), *checks.odd_names(wells, name)]
    flags += [*checks.no_cq(wells, name), *checks.named_otherwise(wells, name)]
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
        flags=tuple(checks.condense(flags)),
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
