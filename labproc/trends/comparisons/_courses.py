"""Courses of both arms on the days that all of them share."""

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Flag
from labproc.model._arrays import Floats
from labproc.model.flag import warning
from labproc.trends.arms import Arms, Repeat


def shared_days(repeats: list[Repeat], *, at_least: int = 2) -> tuple[Floats, tuple[Flag, ...]]:
    """Return the days every repeat has, and a flag naming those that were left out.

    Raises
    ------
    NotEnoughData
        If they share fewer than ``at_least`` days.
    """
    sets = [{float(d) for d in r.days} for r in repeats]
    days = sorted(set.intersection(*sets)) if sets else []
    if len(days) < at_least:
        raise NotEnoughData(
            f"{len(days)} days that every culture has, expected at least {at_least}"
        )
    lost = sorted(set.union(*sets) - set(days))
    if not lost:
        return np.array(days), ()
    message = f"days {', '.join(f'{d:g}' for d in lost)} are missing in some cultures and left out"
    return np.array(days), (warning("days_left_out", message),)


def table(repeats: list[Repeat], days: Floats) -> Floats:
    """Return the repeats' values on these days, shape (n_repeats, n_days)."""
    rows = [[r.values[list(r.days).index(day)] for day in days] for r in repeats]
    return np.array(rows, dtype=float)


def paired_table(arms: Arms) -> tuple[Floats, Floats, Floats, tuple[Flag, ...]]:
    """Return days, control and treated values (n_pairs, n_days) of the pairs, and flags."""
    pairs = arms.pairs()
    control, treated = [c for c, _ in pairs], [t for _, t in pairs]
    days, flags = shared_days([*control, *treated])
    return days, table(control, days), table(treated, days), flags
