"""The culture's log: what was taken away before each count, and steps it does not explain."""

from collections.abc import Iterable, Sequence

import numpy as np

from labproc.model import CultureEvent
from labproc.model._arrays import Floats

JUMP = 1.8
"""A step this many times off both its neighbours is a jump: a split of 1:2 is 2.0, and 10 %
counting error puts a step 1.8 times off both its neighbours in fewer than 1 of 500."""
FALL = 0.55
"""Cells left after a step without handling that no culture in growth medium loses by dying."""
FASTEST_PER_DAY = 2.1
"""The growth rate of an 8 h doubling, faster than any T cell culture."""


def kept_fraction(event: CultureEvent) -> float | None:
    """Return the fraction of cells that stayed, 1 for feeding alone, None where it is not said."""
    if event.kept_fraction is not None:
        return event.kept_fraction
    if event.event == "split":
        return None
    if event.sampled_ml is not None and event.volume_before_ml:
        return 1.0 - event.sampled_ml / event.volume_before_ml
    return 1.0


def kept_before(events: Iterable[CultureEvent], days: Sequence[int]) -> list[float | None]:
    """Return, for each day's count, the product of the fractions kept on earlier days.

    A count is of the cells before that day's handling. None from where a split does not say what
    was kept.
    """
    handled = [(e.day, kept_fraction(e)) for e in events]
    kept: list[float | None] = []
    for day in days:
        earlier = [fraction for on, fraction in handled if on < day]
        known = [f for f in earlier if f is not None and f > 0]
        kept.append(float(np.prod(known)) if len(known) == len(earlier) else None)
    return kept


def first_jump(days: Floats, cells: Floats, handled: Sequence[bool]) -> int | None:
    """Return the index of the first count that its culture's log does not explain.

    A step is a jump when it falls below 0.55 of the cells, rises faster than an 8 h doubling, or
    lies 1.8 times below (or above) what both neighbouring steps foretell, and the log holds no
    handling between the two counts. A culture that slows down and stays slow is not a jump.

    Parameters
    ----------
    days : ndarray, shape (n_days,)
    cells : ndarray, shape (n_days,)
        Cells with the known handling already undone.
    handled : sequence of bool, length n_days
        Whether anything was taken away between the count before and this one.
    """
    if cells.size < 2 or (cells <= 0).any():
        return None
    widths = np.diff(days)
    steps = np.diff(np.log(cells))
    for i, (step, width) in enumerate(zip(steps, widths, strict=True)):
        if not handled[i + 1] and _is_jump(i, step, width, steps / widths):
            return i + 1
    return None


def _is_jump(i: int, step: float, width: float, rates: Floats) -> bool:
    if step < np.log(FALL) or step > FASTEST_PER_DAY * width:
        return True
    neighbours = [rates[j] for j in (i - 1, i + 1) if 0 <= j < rates.size]
    if len(neighbours) < 2:
        return False
    off = step - np.array(neighbours) * width
    return bool((off < -np.log(JUMP)).all() or (off > np.log(JUMP)).all())
