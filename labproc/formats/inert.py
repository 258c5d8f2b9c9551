"""Text from instruments made harmless before it reaches a spreadsheet."""

from typing import Any

# what a spreadsheet takes for the beginning of a formula, full-width forms included
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def inert(value: Any) -> Any:
    """Return a cell value that no spreadsheet runs as a formula.

    Text that begins like a formula gets an apostrophe in front; control characters become
    spaces. Numbers are left as they are.

    Examples
    --------
    >>> inert("=1+1")
    "'=1+1"
    >>> inert(-2.5)
    -2.5
    """
    if not isinstance(value, str):
        return value
    clean = value
    if not value.isprintable():
        clean = "".join(c if c.isprintable() or c == "\n" else " " for c in value)
    return f"'{clean}" if value.lstrip(" ").startswith(_FORMULA_STARTS) else clean
