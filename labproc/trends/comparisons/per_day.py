"""Paired t test on every day, adjusted for their number."""

from dataclasses import replace
from functools import partial

import numpy as np

from labproc.errors import NotEnoughData
from labproc.trends.arms import Arms
from labproc.trends.comparisons import COMPARISONS, ComparisonTest, Contrast
from labproc.trends.comparisons._courses import paired_table
from labproc.trends.comparisons.two_stage_paired import t_contrast
from labproc.trends.corrections import adjust

NAMES = {"holm": "Holm", "sidak": "Šidák", "bh": "Benjamini-Hochberg"}


def run(arms: Arms, level: float = 0.05, *, correction: str) -> Contrast:
    """Compare day by day; the whole is the day with the smallest P, with its adjusted P.

    A day on which all differences are equal (day 0 of a fold) is not tested.
    """
    days, control, treated, flags = paired_table(arms)
    differences = treated - control
    n = differences.shape[0]
    found = [
        replace(
            t_contrast(float(d.mean()), float(d.std(ddof=1) / np.sqrt(n)), n - 1, (n, n), level),
            day=float(day),
        )
        for day, d in zip(days, differences.T, strict=True)
        if np.ptp(d) > 0
    ]
    if not found:
        raise NotEnoughData("no day on which the repeats differ, so no P")
    adjusted = adjust([one.p_value for one in found], correction)
    each = tuple(replace(one, p_adjusted=p) for one, p in zip(found, adjusted, strict=True))
    best = min(each, key=lambda one: 1.0 if one.p_value is None else one.p_value)
    return replace(
        best,
        p_value=best.p_adjusted,
        days=each,
        flags=flags,
        test=f"paired t test on day {best.day:g}, the clearest of {len(each)}, {NAMES[correction]}",
    )


for _name in NAMES:
    COMPARISONS.register(f"per_day_{_name}")(
        ComparisonTest(
            f"paired t test on every day, {NAMES[_name]}",
            "course",
            True,
            partial(run, correction=_name),
            "day",
        )
    )
