"""Well names and numbers on plates of 6 to 1536 wells."""

import re

_NAME = re.compile(r"([A-Za-z]{1,2})[\s:_-]?0*([1-9][0-9]?)")
_WHOLE = re.compile(r"[0-9]{1,6}")
_ARRAY = re.compile(r"[A-D]\d{1,2}[a-h][1-8]")  # OpenArray: subarray and through-hole
_NUMBER = re.compile(r"0*([1-9][0-9]{0,3})(?:\.0+)?")
PLATES = {
    24: (4, 6),
    48: (6, 8),
    72: (9, 8),
    96: (8, 12),
    384: (16, 24),
    1536: (32, 48),
}
"""Rows and columns of each plate, by its number of wells; 72 is a rotor."""
MAX_ROWS, MAX_COLUMNS = PLATES[1536]


def split(text: str) -> tuple[int, int] | None:
    """Return row and column of a well name, counted from 1; None where it is no well name."""
    match = _NAME.fullmatch(text.strip())
    if match is None:
        return None
    row = 0
    for letter in match.group(1).upper():
        row = row * 26 + ord(letter) - 64
    return row, int(match.group(2))


def is_array(text: str) -> bool:
    """Whether a text is a position on an OpenArray plate, such as A1a1."""
    return _ARRAY.fullmatch(text.strip()) is not None


def name(row: int, column: int) -> str:
    """Write a well without a leading zero: row 1, column 1 is A1."""
    letters = chr(64 + row) if row <= 26 else "A" + chr(64 + row - 26)
    return f"{letters}{column}"


def number(text: str) -> int | None:
    """Return the number of a numbered well; None where it is none."""
    match = _NUMBER.fullmatch(text.strip())
    return int(match.group(1)) if match else None


def whole(text: str | None) -> int | None:
    """Return a whole number of at most six ASCII digits; None for anything else."""
    digits = (text or "").strip()
    return int(digits) if _WHOLE.fullmatch(digits) else None


def from_number(well: int, *, plate: int) -> str:
    """Name a numbered well, counted row by row on a plate of that size."""
    return by_rows(well, PLATES[plate][1])


def by_rows(well: int, columns: int) -> str:
    """Name a numbered well, counted from 1 row by row; a number where no plate is so large."""
    row, column = (well - 1) // columns + 1, (well - 1) % columns + 1
    return name(row, column) if row <= MAX_ROWS and column <= MAX_COLUMNS else str(well)


def plate_for(wells: int) -> int | None:
    """Return the smallest of 96, 384 and 1536 that holds a well of that number."""
    return next((size for size in (96, 384, 1536) if wells <= size), None)


def stated_plate(text: str) -> int | None:
    """Return the plate size that words such as ``384-Well Block`` or ``96well`` state."""
    match = re.search(r"\b(24|48|96|384|1536)\s*[- ]?(?:well|alum|fast|x)?", text.casefold())
    return int(match.group(1)) if match else None
