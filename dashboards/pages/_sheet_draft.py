"""The sheet while it is edited: rows, what was undone, and pastes from a spreadsheet."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labproc.pipeline.setup import SheetLine
from labproc.study.plates import well_name
from labproc.study.sheets import SAMPLE_COLUMNS

Draft = dict[str, Any]
Change = tuple[int, str, str, str]  # row, column, old, new
Places = Mapping[str, tuple[str, str]]  # file in lower case -> plate and well of its head
MOST_ROWS, MOST_CHARACTERS, MOST_STEPS = 20_000, 500, 200
PLATE_ROWS = "ABCDEFGH"
PLATE_COLUMNS = tuple(str(n) for n in range(1, 13))


def begin(lines: Sequence[SheetLine]) -> Draft:
    """Return a draft of the sheet as it stands, with an empty row at its end."""
    rows = [dict(line.cells) for line in lines]
    return {"rows": [*rows, {}], "past": [], "future": []}


def clean(draft: Any) -> Draft:
    """Return what a browser sent as a draft, known columns and text only.

    Raises
    ------
    ValueError
        If it is no draft of a sheet, or too large for one.
    """
    try:
        rows = [
            {c: str(row[c])[:MOST_CHARACTERS].strip() for c in SAMPLE_COLUMNS if row.get(c)}
            for row in draft["rows"]
        ]
        steps = {n: [_clean_step(s) for s in draft[n]][-MOST_STEPS:] for n in ("past", "future")}
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ValueError("that is no sheet; reload the page") from None
    if len(rows) > MOST_ROWS:
        raise ValueError(f"{len(rows)} rows, expected at most {MOST_ROWS}")
    return {"rows": rows, **steps}


def _clean_step(step: Iterable[Sequence[Any]]) -> list[Change]:
    return [(int(r), str(c), str(old), str(new)) for r, c, old, new in step if c in SAMPLE_COLUMNS]


def changed(draft: Draft, cells: Iterable[tuple[int, str, str]]) -> Draft:
    """Return the draft after cells were given new text, as one step that can be undone."""
    rows = [dict(row) for row in draft["rows"]]
    step: list[Change] = []
    for at, column, text in cells:
        if not 0 <= at < MOST_ROWS or column not in SAMPLE_COLUMNS:
            continue
        rows += [{} for _ in range(at + 1 - len(rows))]
        old, new = rows[at].get(column, ""), text.strip()[:MOST_CHARACTERS]
        if old != new:
            step.append((at, column, old, new))
            _put(rows[at], column, new)
    if not step:
        return draft
    past = [*draft["past"], step][-MOST_STEPS:]
    return {"rows": _with_empty(rows), "past": past, "future": []}


def _put(row: dict[str, str], column: str, text: str) -> None:
    if text:
        row[column] = text
    else:
        row.pop(column, None)


def _with_empty(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return rows if rows and not rows[-1] else [*rows, {}]


def undone(draft: Draft, *, forward: bool = False) -> Draft:
    """Return the draft one step back, or one forward again."""
    here, there = ("future", "past") if forward else ("past", "future")
    if not draft[here]:
        return draft
    step = draft[here][-1]
    rows = [dict(row) for row in draft["rows"]]
    for at, column, old, new in step if forward else reversed(step):
        rows += [{} for _ in range(at + 1 - len(rows))]
        _put(rows[at], column, new if forward else old)
    return {
        "rows": _with_empty(rows), here: draft[here][:-1], there: [*draft[there], step],
    }  # fmt: skip


def pasted(text: str) -> list[list[str]]:
    r"""Return a block of cells as a spreadsheet copies it: tabs between cells, lines between rows.

    Examples
    --------
    >>> pasted("a\tb\nc\t\n")
    [['a', 'b'], ['c', '']]
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    return [line.split("\t") for line in lines[:MOST_ROWS]]


def without_rulers(block: list[list[str]]) -> list[list[str]]:
    """Return a block without the rulers of a drawn plate: the row 1 2 3 and the column A B C."""
    head = [cell.strip() for cell in block[0]] if block else []
    numbers = [c for c in head if c]
    if len(numbers) > 1 and numbers == [str(n) for n in range(1, len(numbers) + 1)]:
        block = block[1:]
    letters = [row[0].strip().upper() for row in block if row]
    if len(letters) > 1 and "".join(letters) == PLATE_ROWS[: len(letters)]:
        block = [row[1:] for row in block]
    return block


def paste_sheet(
    draft: Draft, block: list[list[str]], *, at: int, column: str, columns: Sequence[str]
) -> Draft:
    """Return the draft with a block put in at one cell; columns run as they are shown."""
    if column not in columns:
        return draft
    first = columns.index(column)
    return changed(
        draft,
        (
            (at + i, columns[first + j], text)
            for i, row in enumerate(block)
            for j, text in enumerate(row)
            if first + j < len(columns)
        ),
    )


def wells_from(block: list[list[str]], *, row: str, column: str) -> dict[str, str]:
    """Return well -> text of a block that is put in at one well; what hangs over is left out."""
    if row not in PLATE_ROWS or column not in PLATE_COLUMNS:
        row, column = "A", "1"
    top, left = PLATE_ROWS.index(row), PLATE_COLUMNS.index(column)
    return {
        f"{PLATE_ROWS[top + i]}{PLATE_COLUMNS[left + j]}": text
        for i, line in enumerate(block)
        for j, text in enumerate(line)
        if top + i < len(PLATE_ROWS) and left + j < len(PLATE_COLUMNS)
    }


def plate_grid(draft: Draft, places: Places, *, plate: str, layer: str) -> list[dict[str, str]]:
    """Return 8 rows of 12 cells: what one column of the sheet says of a plate's wells."""
    at = wells_of(draft, places, plate)
    return [
        {"row": letter} | {n: _cell(draft, at.get(f"{letter}{n}"), layer) for n in PLATE_COLUMNS}
        for letter in PLATE_ROWS
    ]


def _cell(draft: Draft, at: int | None, layer: str) -> str:
    return "" if at is None else str(draft["rows"][at].get(layer, ""))


def wells_of(draft: Draft, places: Places, plate: str) -> dict[str, int]:
    """Return well -> row for one plate, by the sheet or by what a file's head says."""
    found: dict[str, int] = {}
    for i, row in enumerate(draft["rows"]):
        head = places.get(row.get("file", "").casefold(), ("", ""))
        on, well = row.get("plate") or head[0], row.get("well") or head[1]
        if well and on.casefold() == plate.strip().casefold():
            found.setdefault(well_name(well), i)
    return found


def fill_wells(
    draft: Draft, places: Places, cells: Mapping[str, str],
    *, plate: str, layer: str,
) -> Draft:  # fmt: skip
    """Return the draft with one column said for wells of a plate; new wells become rows."""
    at = wells_of(draft, places, plate)
    end = len(draft["rows"]) - (0 if draft["rows"] and draft["rows"][-1] else 1)
    put: list[tuple[int, str, str]] = []
    for well, text in cells.items():
        if well in at:
            put.append((at[well], layer, text))
        elif text.strip() and re.fullmatch(r"[A-P]\d{1,2}", well):
            put += [(end, "plate", plate.strip()), (end, "well", well), (end, layer, text)]
            end += 1
    return changed(draft, put)
