"""Workbooks by python-calamine; runs in the sandbox's worker and imports no numpy."""

import base64
import datetime
import re
from array import array
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, load_workbook

from labproc.formats._limits import MAX_CELLS

_open: dict[tuple[str, int, int], CalamineWorkbook] = {}


def sheet_names(path: str, size: int, changed_ns: int) -> list[str]:
    """Return the names of a workbook's sheets in their order."""
    return list(_workbook(path, size, changed_ns).sheet_names)


def columns(path: str, size: int, changed_ns: int, name: str, wanted: str) -> list[Any]:
    """Return the columns below the first row that has two headings matching a pattern.

    Only the columns that match, a third of what a sheet of curves holds: each as its heading and
    its cells, and those as the bytes of doubles in base64 where all of them are numbers, which
    takes a tenth of the time to write and to read back.
    """
    rows = _sheet(path, size, changed_ns, name).to_python(skip_empty_area=False)
    pattern = re.compile(wanted, re.IGNORECASE)
    for start, row in enumerate(rows):
        kept = [i for i, c in enumerate(row) if isinstance(c, str) and pattern.fullmatch(c.strip())]
        if len(kept) > 1:
            body = rows[start + 1 :]
            return [[str(row[i]).strip(), _packed([r[i] for r in body])] for i in kept]
    return []


def _packed(cells: list[Any]) -> list[Any] | str:
    if set(map(type, cells)) == {float}:
        return base64.b64encode(array("d", cells).tobytes()).decode()
    return [_plain(cell) for cell in cells]


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, (str, float, bool)) else str(cell)


def sheet(path: str, size: int, changed_ns: int, name: str) -> dict[str, Any]:
    """Return a sheet's rows from A1 on, and where dates and merged cells stand."""
    found = _sheet(path, size, changed_ns, name)
    dates: list[tuple[int, int]] = []
    rows = found.to_python(skip_empty_area=False)
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if isinstance(cell, (datetime.date, datetime.time, datetime.timedelta)):
                dates.append((i, j))
                row[j] = cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
    merged = found.merged_cell_ranges or []
    return {"rows": rows, "dates": dates, "merged": [list(map(list, m)) for m in merged]}


def _sheet(path: str, size: int, changed_ns: int, name: str) -> CalamineSheet:
    found = _workbook(path, size, changed_ns).get_sheet_by_name(name)
    if found.total_height * found.total_width > MAX_CELLS:
        raise ValueError(
            f"sheet {name!r} spans {found.total_height:,} x {found.total_width:,} cells, "
            f"expected at most {MAX_CELLS:,}"
        )
    return found


def _workbook(path: str, size: int, changed_ns: int) -> CalamineWorkbook:
    """Open a workbook once for all its sheets."""
    key = (path, size, changed_ns)
    if key not in _open:
        _open.clear()
        with open(path, "rb") as file:  # noqa: PTH123 - calamine judges by content, not by name
            _open[key] = load_workbook(file)
    return _open[key]
