"""The sample that plates share: is there one of that name, and which name was probably meant."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from labproc.model import Well
from labproc.wording import counted

MOST_NAMES = 3  # a plate has up to 384; the nearest few are what a slip of the keys is found by


def unknown_calibrator(sample: str | None, plates: Sequence[Iterable[Well]]) -> str:
    """Say that no plate holds the calibrator, and the nearest names; empty where one does.

    Without this a misspelt name reads as a plate that merely lacks the calibrator. Wells without
    a Cq and wells left out count: the sample is there, though nothing is read through it.
    """
    names = list(dict.fromkeys(w.sample for wells in plates for w in wells if w.sample))
    if not sample or not plates or sample in names:
        return ""
    return (
        f"calibrator {sample!r}: no such sample on {counted(len(plates), 'plate')}, "
        f"expected {_expected(sample, names)}"
    )


def _expected(sample: str, names: Sequence[str]) -> str:
    """Return the nearest names; the first ones where none is near, and how many more there are."""
    by_case = {name.casefold(): name for name in reversed(names)}
    near = get_close_matches(sample.casefold(), list(by_case), n=MOST_NAMES)
    if near:
        return f"{' or '.join(repr(by_case[n]) for n in near)} (the nearest)"
    if not names:
        return "one, and no well has a sample's name"
    shown = ", ".join(map(repr, names[:MOST_NAMES]))
    more = len(names) - MOST_NAMES
    return f"one of {shown}" + (f" and {counted(more, 'more name')}" if more > 0 else "")
