"""Survival of a cohort's arms: curves, tests, landmarks, and the time nobody could die in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labproc.cohort.cox import HazardRatio, Intervals, cox, firth, from_arms, from_start
from labproc.cohort.kaplan_meier import (
    Z95,
    Curve,
    kaplan_meier,
    median,
    median_follow_up,
    numbers_at_risk,
    restricted_mean,
    survival_at,
)
from labproc.cohort.patients import Cohort
from labproc.cohort.rank_tests import exact_rank_test, rank_test
from labproc.cohort.restricted_mean import permutation_p
from labproc.cohort.result import FEWEST, CohortTest, enough
from labproc.cohort.roles import Endpoint
from labproc.errors import NotEnoughData
from labproc.model import Flag
from labproc.model.flag import info, warning

Floats = NDArray[np.float64]
RANK_TESTS = ("gehan_breslow_wilcoxon", "log_rank")
YEAR_DAYS = 365.25
LARGE = 50  # patients of an arm; at 9 and 7 the asymptotic P rejects in 8.6 % of null studies
FEW_EVENTS = 10  # events below which asymptotic P values and hazard ratios are rough


@dataclass(frozen=True, slots=True)
class Followed:
    """Patients with a time and an event of one endpoint; ``begun`` is NaN where never treated."""

    endpoint: Endpoint
    time: Floats
    event: Floats
    arm: tuple[str, ...]
    begun: Floats
    arms: tuple[str, ...]

    @property
    def n(self) -> tuple[int, ...]:
        """Patients of each arm."""
        return tuple(self.arm.count(a) for a in self.arms)

    def of(self, arm: str) -> tuple[Floats, Floats]:
        """Return times and events of one arm."""
        mine = np.array([a == arm for a in self.arm], dtype=bool)
        return self.time[mine], self.event[mine]

    def keep(self, mask: NDArray[np.bool_]) -> "Followed":
        """Return only some of the patients."""
        arm = tuple(a for a, k in zip(self.arm, mask, strict=True) if k)
        return replace(
            self, time=self.time[mask], event=self.event[mask], arm=arm, begun=self.begun[mask]
        )


def followed(cohort: Cohort, endpoint: Endpoint) -> Followed:
    """Return the patients of an endpoint, treatment start in the endpoint's unit."""
    time, event, known = cohort.survival(endpoint)
    begun = np.full(time.size, np.nan)
    if cohort.roles.start_day:
        begun = cohort.numbers(cohort.roles.start_day) / endpoint.days
    members = tuple(cohort.members())
    return Followed(endpoint, time, event, members, begun, cohort.arms).keep(known)


def survival(cohort: Cohort, *, landmarks: Sequence[float] = ()) -> Iterator[CohortTest]:
    """Yield every comparison of every endpoint.

    Gehan-Breslow-Wilcoxon and log-rank with their exact forms where they can be listed; hazard
    ratios; the difference in restricted mean; and, where a treatment begins after time zero, the
    same from landmarks on and with the treatment as it really began.

    Parameters
    ----------
    cohort : Cohort
    landmarks : sequence of float
        Days; the median start of the treatment where none is given and a start is known.
    """
    for endpoint in cohort.roles.survival:
        data = followed(cohort, endpoint)
        missing = len(cohort.patients) - data.time.size
        flags = [*_immortal(data), *_few(data)]
        if missing:
            message = f"{endpoint.name}: {missing} without a time or an event"
            flags.append(info("not_evaluable", message))
        yield from _tests(data, tuple(flags))
        yield from _hazards(data, tuple(flags))
        yield from _mean_difference(data)
        for day in landmarks or _natural_landmarks(data):
            yield from _landmark(data, day)


def _tests(data: Followed, flags: tuple[Flag, ...]) -> Iterator[CohortTest]:
    summary = {"curves": [arm_summary(data, arm) for arm in data.arms]}
    for name in RANK_TESTS:
        whole = _rank(data, name, flags)
        yield replace(whole, details=summary) if name == RANK_TESTS[0] else whole
    for name in RANK_TESTS:
        try:
            enough(data.n)
            exact = exact_rank_test(data.time, data.event, data.arm, test=name)
        except NotEnoughData:
            continue
        yield CohortTest(
            "survival", data.endpoint.name, exact.test, data.arms, data.n, exact.p_value
        )


def _rank(data: Followed, name: str, flags: tuple[Flag, ...] = ()) -> CohortTest:
    empty = CohortTest("survival", data.endpoint.name, name, data.arms, data.n, None, flags=flags)
    try:
        enough(data.n)
        found = rank_test(data.time, data.event, data.arm, test=name)
    except NotEnoughData as error:
        reason = info("nothing_to_compare", f"{data.endpoint.name}: {error}")
        return replace(empty, flags=(*flags, reason))
    return replace(empty, statistic=found.statistic, p_value=found.p_value)


def _hazards(data: Followed, flags: tuple[Flag, ...]) -> Iterator[CohortTest]:
    """Yield hazard ratios of two arms: as if treated from time zero, and as it really began."""
    if len(data.arms) != 2 or min(data.n) < FEWEST:
        return
    treated = np.array([a == data.arms[1] for a in data.arm], dtype=float)
    naive = from_arms(data.time, data.event, treated)
    yield from _hazard(data, naive, "cox", flags)
    if np.isfinite(data.begun).any():
        timed = from_start(data.time, data.event, data.begun)
        yield from _hazard(data, timed, "cox_time_dependent", ())


def _hazard(
    data: Followed, intervals: Intervals, name: str, flags: tuple[Flag, ...]
) -> Iterator[CohortTest]:
    against = f"{data.arms[1]} against {data.arms[0]}"
    effect = f"hazard ratio, {against if name == 'cox' else 'once treatment began'}"
    for suffix, fit in (("", cox), ("_firth", firth)):
        try:
            found: HazardRatio = fit(intervals)
        except NotEnoughData:
            continue
        yield CohortTest(
            "survival",
            data.endpoint.name,
            f"{name}{suffix}",
            data.arms,
            data.n,
            found.p_value,
            effect=effect,
            estimate=found.ratio,
            ci=found.ci,
            flags=flags,
        )


def _mean_difference(data: Followed) -> Iterator[CohortTest]:
    """Yield the difference in restricted mean up to a year, or as far as both arms allow.

    Twice: by its standard error, which is asymptotic, and over assignments of the patients.
    """
    from scipy.special import ndtr

    if len(data.arms) != 2 or min(data.n) < FEWEST:
        return
    curves = [kaplan_meier(*data.of(arm)) for arm in data.arms]
    until = min(YEAR_DAYS / data.endpoint.days, *(c.last for c in curves))
    until = round(until) if abs(until - round(until)) < 0.02 else until
    (first, se0), (second, se1) = (restricted_mean(c, until) for c in curves)
    se = float(np.hypot(se0, se1))
    difference = second - first
    testable = min(se0, se1) > 0
    whole = CohortTest(
        "survival",
        data.endpoint.name,
        "restricted_mean",
        data.arms,
        data.n,
        float(2 * ndtr(-abs(difference) / se)) if testable else None,
        statistic=difference / se if testable else None,
        effect=f"difference in mean up to {until:g} {data.endpoint.unit}",
        estimate=difference,
        ci=(difference - Z95 * se, difference + Z95 * se) if testable else None,
        details={"means": [first, second], "until": until},
        flags=_rough_mean(data, until, testable),
    )
    yield whole
    if not data.event.any():
        return
    treated = np.array([a == data.arms[1] for a in data.arm], dtype=bool)
    yield replace(
        whole,
        test="restricted_mean_permutation",
        p_value=permutation_p(data.time, data.event, treated, until),
        statistic=None,
        ci=None,
        flags=(),
    )


def _rough_mean(data: Followed, until: float, testable: bool) -> tuple[Flag, ...]:
    name = data.endpoint.name
    if not testable:
        message = f"{name}: an arm without events up to {until:g}; its error is unknown"
        return (warning("arm_without_events", message),)
    if min(data.n) >= LARGE:
        return ()
    words = "the restricted mean's P and interval are asymptotic; read its permutation P"
    return (info("asymptotic", f"{name}: {words}"),)


def _landmark(data: Followed, day: float) -> Iterator[CohortTest]:
    """Yield the rank tests of patients still followed past a day."""
    left = data.keep(data.time > day / data.endpoint.days)
    lost = data.time.size - left.time.size
    message = f"{data.endpoint.name}: {lost} patients not followed past day {day:g} are left out"
    for name in RANK_TESTS:
        yield replace(_rank(left, name, (info("landmark", message),)), landmark=day)


def _natural_landmarks(data: Followed) -> list[float]:
    begun = data.begun[np.isfinite(data.begun)] * data.endpoint.days
    return [float(np.median(begun))] if begun.size and np.median(begun) > 0 else []


def _immortal(data: Followed) -> list[Flag]:
    begun = data.begun[np.isfinite(data.begun)] * data.endpoint.days
    if not begun.size or begun.max() <= 0:
        return []
    span = f"{begun.min():g}" + (f" to {begun.max():g}" if begun.max() > begun.min() else "")
    message = (
        f"{data.endpoint.name}: treatment began on day {span}; its "
        "patients could not die before, the others could (immortal time), which favours the "
        "treatment; read the landmark and the time-dependent lines"
    )
    return [warning("immortal_time", message)]


def _few(data: Followed) -> list[Flag]:
    events = int(data.event.sum())
    if events >= FEW_EVENTS:
        return []
    message = f"{data.endpoint.name}: {events} events; P values and hazard ratios are rough"
    return [info("few_events", message)]


def arm_summary(data: Followed, arm: str) -> dict[str, Any]:
    """Return one arm's curve in numbers: n, events, median, one-year survival, follow-up.

    What the follow-up does not reach is None.
    """
    time, event = data.of(arm)
    if not time.size:
        return {"arm": arm, "n": 0, "events": 0}
    curve = kaplan_meier(time, event)
    middle = median(curve)
    followed_for = median_follow_up(time, event)
    return {
        "arm": arm,
        "n": curve.n,
        "events": int(event.sum()),
        "median": middle[0],
        "median_ci": list(middle[1:]),
        "one_year": _at_year(curve, data.endpoint),
        "median_follow_up": followed_for[0],
        "unit": data.endpoint.unit,
        "at_risk": _risk_table(time, data),
    }


def _at_year(curve: Curve, endpoint: Endpoint) -> list[float | None] | None:
    year = YEAR_DAYS / endpoint.days
    try:
        return list(survival_at(curve, year))
    except NotEnoughData:
        return None


def _risk_table(time: Floats, data: Followed) -> dict[str, list[float]]:
    steps = {"days": 90.0, "weeks": 13.0, "months": 3.0, "years": 1.0}
    at = np.arange(0.0, float(data.time.max()) + 1e-9, steps[data.endpoint.unit])
    return {"at": [float(a) for a in at], "n": [float(n) for n in numbers_at_risk(time, list(at))]}
