"""Doubts about a run: what its reactions and its file say against each other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.formats.grid import Grid, Line, quoted
from labproc.model import Flag, Task, Well
from labproc.model.flag import fail, info, review, warning
from labproc.parsers import _positions as positions
from labproc.parsers import _words as words
from labproc.parsers._export import Export, ResultTable, plate_of
from labproc.parsers._reactions import Reaction
from labproc.wording import counted

MAX_OF_A_CODE = 8  # flags of one code that a run lists one by one


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
    if max(found, default=0.0) > last:
        return list(wells), []  # the curves in the file stop before the run did
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
    plates = list(dict.fromkeys(plate for plate, _, _ in places))
    if len(plates) > 1:
        message = f"{name}: {len(plates)} plates or runs in one file: {', '.join(plates[:6])}"
        flags.append(info("plates_in_one_file", message))
    shared = [key for key, samples in places.items() if len(samples) > 1]
    if shared:
        message = (
            f"{name}: {counted(len(shared), 'well')} listed with several samples, first "
            f"{shared[0][1]}; the file seems to hold several plates without naming them"
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
        f"{name}: {counted(len(found), 'well')} called a no-template control with the task of an "
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
                f"{c.heading!r} ({quoted(t)})" for c, t in zip(plain, texts, strict=True)
            )
            raise ParseError(
                f"{name}, {table.where(line)}: several columns of Cq differ, {columns}; keep one"
            )


def missing_wells(export: Export, reactions: Sequence[Reaction]) -> list[Flag]:
    """Flag wells of the export's own plate set-up that have no result."""
    setup = plate_of(export, frozenset({"task"}))
    if setup is None:
        return []
    columns = setup.columns
    filled = [n for n in ("sample", "target") if n in columns]
    planned = {
        positions.name(*found): None
        for line in setup.body
        if any(line.text(columns.index(n)) for n in filled)
        and (found := positions.split(line.text(columns.index("well")))) is not None
    }
    missing = [well for well in planned if well not in {r.well.position for r in reactions}]
    if not missing:
        return []
    message = (
        f"{export.name}: {len(missing)} of {len(planned)} wells of the plate set-up have no "
        f"result, first {missing[0]}; the export or the copy may be incomplete"
    )
    return [warning("wells_without_result", message)]


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


def condense(flags: Iterable[Flag]) -> list[Flag]:
    """Keep the first flags of each code and say how many more there are; wells keep theirs."""
    kept: list[Flag] = []
    counts: Counter[str] = Counter()
    last: dict[str, Flag] = {}
    for flag in dict.fromkeys(flags):
        counts[flag.code] += 1
        last[flag.code] = flag
        if counts[flag.code] <= MAX_OF_A_CODE:
            kept.append(flag)
    for code, n in counts.items():
        if n > MAX_OF_A_CODE:
            message = f"{n - MAX_OF_A_CODE} more of these, the last: {last[code].message}"
            kept.append(replace(last[code], message=message))
    return kept
