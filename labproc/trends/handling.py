"""The culture's log: what was taken away before each count, and steps it does not explain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from labproc.model import CultureEvent
from labproc.model._arrays import Floats

LEAST_NOISE = 0.1
"""Error of one count on the log scale that any culture has: counting, pipetting, mixing."""
ODD = 1.8
"""A step this many times off both its neighbours is odd: a split of 1:2 is 2.0."""
FALL = 0.55
"""Cells left after a step without handling that no culture in growth medium loses by dying."""
JUMP_NOISE, FALL_NOISE = 6.0, 4.5
"""Errors of one count beyond which an odd step is a jump: simulated cultures of eight counts
without a missing split are stopped in 0.4 % at an error of 10 %, 3 % at 15 %, 9 % at 20 %."""
FASTEST_PER_DAY = 2.1
"""The growth rate of an 8 h doubling, faster than any T cell culture."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that its neighbours do not foretell: the count it leads to, and how far off.

    ``times`` is below 1 for cells that are missing; ``is_jump`` says that counting error cannot
    be why.
    """

    index: int
    times: float
    is_jump: bool


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


def odd_steps(days: Floats, cells: Floats, handled: Sequence[bool]) -> list[Step]:
    """Return the steps between counts that the culture's log does not explain.

    A step is odd when it falls below 0.55 of the cells, rises faster than an 8 h doubling, or
    lies 1.8 times below (or above) what both neighbouring steps foretell, and the log holds no
    handling between the two counts. It is a jump when the scatter of the other counts cannot be
    why. A culture that slows down and stays slow is neither.

    Parameters
    ----------
    days : ndarray, shape (n_days,)
    cells : ndarray, shape (n_days,)
        Cells with the known handling already undone.
    handled : sequence of bool, length n_days
        Whether anything was taken away between the count before and this one.
    """
    if cells.size < 2 or (cells <= 0).any():
        return []
    logs = np.log(cells)
    widths, steps = np.diff(days), np.diff(logs)
    found = []
    for i in range(cells.size - 1):
        step = None if handled[i + 1] else _judge(i, widths, steps, _noise(days, logs, i))
        found += [] if step is None else [step]
    return found


def _judge(i: int, widths: Floats, steps: Floats, noise: float) -> Step | None:
    step, width = float(steps[i]), float(widths[i])
    if step > FASTEST_PER_DAY * width:
        return Step(i + 1, float(np.exp(step)), True)
    if step < np.log(FALL):
        return Step(i + 1, float(np.exp(step)), step < -FALL_NOISE * noise)
    rates = [steps[j] / widths[j] for j in (i - 1, i + 1) if 0 <= j < steps.size]
    if len(rates) < 2:
        return None
    off = step - np.array(rates) * width
    nearest = float(off[np.argmin(np.abs(off))])
    if np.sign(off[0]) != np.sign(off[1]) or abs(nearest) < np.log(ODD):
        return None
    return Step(i + 1, float(np.exp(nearest)), abs(nearest) > JUMP_NOISE * noise)


def _noise(days: Floats, logs: Floats, i: int) -> float:
    """Return the error of one count, from how far those away from step ``i`` are off a line.

    The line is between each count's neighbours; the median keeps another odd count from hiding
    this one.
    """
    if logs.size < 5:
        return LEAST_NOISE
    share = (days[1:-1] - days[:-2]) / (days[2:] - days[:-2])
    off = logs[1:-1] - (1 - share) * logs[:-2] - share * logs[2:]
    off = off / np.sqrt(1 + (1 - share) ** 2 + share**2)
    centres = np.arange(1, logs.size - 1)
    apart = off[(centres != i) & (centres != i + 1)]
    spread = 1.4826 * float(np.median(np.abs(apart))) if apart.size > 1 else 0.0
    return max(LEAST_NOISE, spread)
