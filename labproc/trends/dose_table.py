"""One outcome at every dose of a study, the same days for all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labproc.model import Flag, Measurement, Plan, Trend
from labproc.model._arrays import Floats
from labproc.model.flag import info, unique
from labproc.trends.courses import courses
from labproc.trends.gather import from_trends
from labproc.trends.outcomes import WINDOWED, Outcome
from labproc.trends.summary import summarise_one

FEWEST_DOSES = 3  # the control among them: two doses are a comparison of two arms
FEWEST_REPEATS = 2


@dataclass(frozen=True, slots=True)
class DoseTable:
    """One summary per repeat and dose, on the scale of the analysis.

    ``columns`` holds an array per dose, in the order of ``doses_um``; in a paired table the repeats
    stand in one and the same order in each. A flag ``fail`` says why there can be no P.
    """

    outcome: Outcome
    doses_um: Floats
    arms: tuple[str, ...]
    columns: tuple[Floats, ...]
    repeats: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()

    @property
    def is_paired(self) -> bool:
        """Whether every repeat has every dose."""
        return bool(self.repeats)

    @property
    def values(self) -> Floats:
        """A paired table's summaries, shape (n_repeats, n_doses)."""
        return np.stack(self.columns, axis=1)

    @property
    def n(self) -> tuple[int, int]:
        """Repeats of the control, and the fewest of any other dose."""
        return self.columns[0].size, min(c.size for c in self.columns[1:])


def dose_arms(plan: Plan) -> dict[str, float]:
    """Return the control and every arm with a dose of its own, by dose; nothing under 3 doses."""
    doses = {plan.control: 0.0}
    doses |= {a: d for a, d in plan.dose_um if d is not None and d > 0 and a != plan.control}
    ordered = dict(sorted(doses.items(), key=lambda one: one[1]))
    if len(ordered) < FEWEST_DOSES or len(set(ordered.values())) < len(ordered):
        return {}
    return ordered


def dose_table(
    outcome: Outcome, trends: Sequence[Trend], measurements: Sequence[Measurement], plan: Plan
) -> DoseTable | None:
    """Return an outcome at every dose that was measured, or None where it has fewer than three.

    Repeats that have every dose make a paired table; without two of them the doses stand for
    themselves. Where cultures were counted on other days than each other, all are summarised over
    the days they share: growth is no straight line, so that other days give another slope.
    """
    doses = dose_arms(plan)
    if not doses or plan.unit == "well":
        return None
    mine = [m for m in measurements if m.key.arm in doses]
    pool, used, flags = _over_shared_days(outcome, trends, mine, plan)
    found: dict[str, dict[str, float]] = {}
    against: list[Flag] = []
    for arm in doses:
        gathered = from_trends(outcome, pool, used, plan, arm, paired=False)
        side = gathered.arms.control if arm == plan.control else gathered.arms.treated
        found[arm] = {one.name: one.summary for one in side}
        against += gathered.against
    there = {arm: repeats for arm, repeats in found.items() if repeats}
    if plan.control not in there or len(there) < FEWEST_DOSES:
        return None
    given = np.array([doses[arm] for arm in there])
    shared = sorted(set.intersection(*(set(repeats) for repeats in there.values())))
    names = shared if len(shared) >= FEWEST_REPEATS else []
    columns = tuple(
        np.array([repeats[name] for name in (names or sorted(repeats))])
        for repeats in there.values()
    )
    if min(c.size for c in columns) < FEWEST_REPEATS:
        return None
    whole = unique((*flags, *against))
    return DoseTable(outcome, given, tuple(there), columns, tuple(names), whole)


def _over_shared_days(
    outcome: Outcome, trends: Sequence[Trend], measurements: Sequence[Measurement], plan: Plan
) -> tuple[Sequence[Trend], Sequence[Measurement], tuple[Flag, ...]]:
    """Return summaries and what they rest on: the days that all share, where days differ."""
    seen = [
        {float(d) for d in c.days}
        for c in courses(measurements, outcome.metric, window=plan.window_days)
        if c.days.size
    ]
    if outcome.kind not in WINDOWED or not seen:
        return trends, measurements, ()
    shared = set.intersection(*seen)
    if all(days == shared for days in seen) or len(shared) < 2:
        return trends, measurements, ()
    kept = [m for m in measurements if m.key.day is not None and float(m.key.day) in shared]
    days = ", ".join(f"{day:g}" for day in sorted(shared))
    words = f"{outcome.name} over doses: days {days} only, which all cultures have"
    summaries = summarise_one(outcome, kept, plan.window_days)
    return summaries, kept, (info("shared_days", words),)
