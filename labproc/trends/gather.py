"""From trends and measurements to two arms: what one repeat is, and its draws."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from labproc.errors import SettingsError
from labproc.model import Flag, Measurement, Plan, Trend
from labproc.model._arrays import Floats
from labproc.model.flag import unique, warning
from labproc.trends.arms import Arms, Repeat
from labproc.trends.courses import Course, courses
from labproc.trends.left_out import short_courses, zeros
from labproc.trends.outcomes import AUC, GROWTH_RATE, WINDOWED, Outcome

UNITS = ("donor", "experiment", "well")


@dataclass(frozen=True, slots=True)
class Gathered:
    """Two arms on the scale of the analysis, with the draws of each repeat.

    ``draws`` maps (arm side, repeat) to the draws of its summary, shape (n_draws,);
    ``course_draws`` to those of its course, shape (n_draws, n_days). Sides are ``control`` and
    ``treated``. Repeats without draws are absent and keep their value. ``against`` says why there
    can be no P.
    """

    arms: Arms
    draws: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    course_draws: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    against: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class _Culture:
    culture: tuple[str, str, str, str]
    summary: float
    draws: Floats | None
    course: Course | None = None
    flags: tuple[Flag, ...] = ()


def repeat_name(culture: tuple[str, str, str, str], unit: str) -> str:
    """Return which repeat a culture belongs to; pairs of arms share it.

    Raises
    ------
    SettingsError
        If the unit is none of donor, experiment and well.
    """
    donor, experiment, _, replicate = culture
    if unit == "donor":
        return donor
    if unit == "experiment":
        return f"{donor} {experiment}".strip()
    if unit == "well":
        return f"{donor} {experiment} {replicate}".strip()
    raise SettingsError(f"study.toml, [plan] unit: {unit!r}, expected donor, experiment or well")


def from_trends(
    outcome: Outcome,
    trends: Iterable[Trend],
    measurements: Sequence[Measurement],
    plan: Plan,
    treated: str,
    *,
    paired: bool = True,
) -> Gathered:
    """Return the arms of an outcome that is one summary per culture.

    Flags are those of the cultures that take part: for a paired comparison, of the repeats that
    are in both arms.
    """
    found = courses(measurements, outcome.metric, window=plan.window_days)
    by_culture = {c.culture: c for c in found}
    cultures, said = [], []
    for trend in trends:
        if trend.kind != outcome.kind or trend.metric != outcome.metric:
            continue
        if trend.arm not in (plan.control, treated):
            continue
        culture = (trend.donor, trend.experiment, trend.arm, trend.replicate)
        said.append((culture, trend.flags))
        if trend.estimate is None or (outcome.ln_of_estimate and trend.estimate <= 0):
            continue
        course = by_culture.get(culture)
        cultures.append(
            _Culture(
                culture,
                *_scaled(outcome, trend),
                course=None if course is None else _course(outcome, course),
                flags=trend.flags,
            )
        )
    gathered = _gathered(cultures, plan, treated, paired=paired)
    against = zeros(said, paired=paired)
    if outcome.kind in WINDOWED:
        known = [c.course for c in cultures if c.course is not None and c.course.days.size]
        against += short_courses(known, plan.control, paired=paired)
    return replace(gathered, against=tuple(against))


def _course(outcome: Outcome, course: Course) -> Course:
    """Return the course on the log scale; growth from its first day in the window on."""
    seen = course.ln()
    if outcome.kind != GROWTH_RATE or not seen.values.size:
        return seen
    draws = None if seen.draws is None else seen.draws - seen.draws[:, :1]
    return replace(seen, values=seen.values - seen.values[0], draws=draws)


def _scaled(outcome: Outcome, trend: Trend) -> tuple[float, Floats | None]:
    """Return a trend's estimate and draws; an area that becomes a ratio is divided by its days."""
    estimate = float("nan") if trend.estimate is None else trend.estimate
    if outcome.ln_of_estimate:
        return float(np.log(estimate)), None
    width = 1.0
    if outcome.kind == AUC and outcome.is_ratio and trend.window is not None:
        width = trend.window[1] - trend.window[0]
    return estimate / width, None if trend.draws is None else trend.draws / width


def on_day(
    outcome: Outcome,
    measurements: Sequence[Measurement],
    plan: Plan,
    treated: str,
    day: float,
    *,
    paired: bool = True,
) -> Gathered:
    """Return the arms of the ln of a value on one day."""
    cultures, said = [], []
    for course in courses(measurements, outcome.metric, window=(day, day)):
        seen = course.ln()
        if course.culture[2] not in (plan.control, treated):
            continue
        said.append((course.culture, seen.flags))
        if seen.days.size:
            draws = None if seen.draws is None else seen.draws[:, 0]
            value = float(seen.values[0])
            cultures.append(_Culture(course.culture, value, draws, flags=seen.flags))
    gathered = _gathered(cultures, plan, treated, paired=paired)
    return replace(gathered, against=tuple(zeros(said, paired=paired)))


def days_of(
    outcome: Outcome, measurements: Iterable[Measurement], plan: Plan, treated: str
) -> list[int]:
    """Return the days on which both arms have a value, without one that is 0 by definition."""
    seen: dict[str, set[int]] = defaultdict(set)
    for course in courses(measurements, outcome.metric):
        start = 1 if outcome.metric == "cumulative_fold" else 0
        seen[course.culture[2]] |= {int(d) for d in course.days[start:]}
    return sorted(seen[plan.control] & seen[treated])


def _gathered(cultures: Sequence[_Culture], plan: Plan, treated: str, *, paired: bool) -> Gathered:
    kept, lost = _with_partner(cultures, plan) if paired else (list(cultures), [])
    sides: dict[str, dict[str, list[_Culture]]] = {"control": {}, "treated": {}}
    for one in kept:
        side = "control" if one.culture[2] == plan.control else "treated"
        sides[side].setdefault(repeat_name(one.culture, plan.unit), []).append(one)
    groups = {(side, name): g for side, one in sides.items() for name, g in one.items()}
    draws = {place: mean for place, g in groups.items() if (mean := _mean_draws(g)) is not None}
    over_days = {place: d for place, g in groups.items() if (d := _course_draws(g)) is not None}
    arms = Arms(
        tuple(_repeat(name, group) for name, group in sides["control"].items()),
        tuple(_repeat(name, group) for name, group in sides["treated"].items()),
        plan.unit,
    )
    flags = (*(f for one in kept for f in one.flags), *lost, *_other_days(kept))
    return Gathered(arms, draws, over_days, unique(flags))


def _other_days(kept: Sequence[_Culture]) -> list[Flag]:
    """Name the cultures whose summary rests on other days than that of most."""
    days = {c.culture: tuple(c.course.days) for c in kept if c.course is not None}
    if len(set(days.values())) < 2:
        return []
    usual = max(set(days.values()), key=lambda d: (list(days.values()).count(d), len(d)))
    return [
        warning(
            "other_days",
            f"{' '.join(p for p in culture if p)}: days {_days(mine)}, most cultures have "
            f"{_days(usual)}; a summary over other days is not quite the same",
        )
        for culture, mine in days.items()
        if mine != usual
    ]


def _days(days: tuple[float, ...]) -> str:
    return ", ".join(f"{day:g}" for day in days) or "none"


def _with_partner(cultures: Sequence[_Culture], plan: Plan) -> tuple[list[_Culture], list[Flag]]:
    """Return the cultures whose donor and experiment are in both arms, and who was left out.

    Without a single pair all are kept, so that the effect can be shown without a P.
    """
    sides = [
        {c.culture[:2] for c in cultures if (c.culture[2] == plan.control) == is_control}
        for is_control in (True, False)
    ]
    both = sides[0] & sides[1]
    if not both:
        return list(cultures), []
    lost = [
        warning(
            "unpaired_repeat",
            f"{' '.join(p for p in c.culture[:3] if p)}: no usable culture of the same donor and "
            "experiment in the other arm, so not in the paired comparison",
        )
        for c in cultures
        if c.culture[:2] not in both
    ]
    return [c for c in cultures if c.culture[:2] in both], lost


def _repeat(name: str, group: Sequence[_Culture]) -> Repeat:
    """Average the cultures of one repeat: several experiments of a donor are not several donors."""
    summary = float(np.mean([one.summary for one in group]))
    known = [one.course for one in group if one.course is not None]
    days = _shared(known)
    if not days:
        return Repeat(name, summary)
    rows = [c.values[_places(c, days)] for c in known]
    return Repeat(name, summary, np.array(days), np.mean(rows, axis=0))


def _shared(known: Sequence[Course]) -> list[float]:
    """Return the days that all of these courses have."""
    return sorted(set.intersection(*({float(d) for d in c.days} for c in known))) if known else []


def _places(course: Course, days: Sequence[float]) -> list[int]:
    return [list(course.days).index(day) for day in days]


def _course_draws(group: Sequence[_Culture]) -> Floats | None:
    """Average the draws of one repeat's courses, on the days that they share."""
    known = [one.course for one in group if one.course is not None]
    days, sizes = _shared(known), [len(c.draws) for c in known if c.draws is not None]
    if not days or not sizes:
        return None
    n = min(sizes)
    rows = [
        np.tile(c.values[_places(c, days)], (n, 1))
        if c.draws is None
        else c.draws[:n, _places(c, days)]
        for c in known
    ]
    return np.asarray(np.mean(rows, axis=0))


def _mean_draws(group: Sequence[_Culture]) -> Floats | None:
    sizes = [one.draws.size for one in group if one.draws is not None]
    if not sizes:
        return None
    n = min(sizes)
    rows = [np.full(n, one.summary) if one.draws is None else one.draws[:n] for one in group]
    return np.asarray(np.mean(rows, axis=0))


def with_draw(gathered: Gathered, index: int, *, reads: str = "summary") -> Arms:
    """Return the arms with every repeat's summary, or its course, at one draw."""
    draws = gathered.course_draws if reads == "course" else gathered.draws
    what = "values" if reads == "course" else "summary"

    def moved(side: str, repeats: tuple[Repeat, ...]) -> tuple[Repeat, ...]:
        return tuple(
            replace(r, **{what: draws[side, r.name][index]}) if (side, r.name) in draws else r
            for r in repeats
        )

    arms = gathered.arms
    return replace(
        arms, control=moved("control", arms.control), treated=moved("treated", arms.treated)
    )


def n_draws(gathered: Gathered, *, reads: str = "summary") -> int:
    """Return how many draws every repeat that has any can give."""
    draws = gathered.course_draws if reads == "course" else gathered.draws
    return min((len(d) for d in draws.values()), default=0)
