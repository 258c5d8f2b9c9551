"""One number for one culture over its days: growth rate, doubling time, slope, area."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from labproc.model import Flag, Measurement, Plan, Trend
from labproc.model.flag import info, warning
from labproc.trends.courses import Course, courses
from labproc.trends.lines import area, fit_line, slopes
from labproc.trends.outcomes import AUC, GROWTH_RATE, LN_RATIO_SLOPE, OUTCOMES, WINDOWED, Outcome
from labproc.trends.persistence import persistence
from labproc.trends.saturation import saturation

DOUBLING_TIME = "doubling_time"
UNITS: Mapping[str, str] = {GROWTH_RATE: "1/day", LN_RATIO_SLOPE: "1/day", DOUBLING_TIME: "day"}


def summarise(measurements: Iterable[Measurement], plan: Plan) -> list[Trend]:
    """Return every culture's growth rate, doubling time, ln CD4:CD8 slope, areas and persistence.

    All cultures are read over one window, the plan's. Slopes are of the natural log by least
    squares; areas are of the natural log by the trapezoid rule. A culture with too few days in
    the window has a Trend without an estimate that says so.

    Parameters
    ----------
    measurements : iterable of Measurement
        With the growth that ``derive_growth`` made.
    plan : Plan
        ``window_days`` is used.
    """
    everything = list(measurements)
    found: list[Trend] = []
    for outcome in (one for one in OUTCOMES.values() if one.kind in WINDOWED):
        for trend in summarise_one(outcome, everything, plan.window_days):
            found.append(trend)
            if outcome.kind == GROWTH_RATE:
                found.append(doubling_time(trend))
    return [*found, *saturation(everything), *persistence(everything)]


def summarise_one(
    outcome: Outcome, measurements: Iterable[Measurement], window: tuple[float, float] | None
) -> list[Trend]:
    """Return one outcome's summary of every culture over a window."""
    return [
        _summary(outcome, course, window)
        for course in courses(measurements, outcome.metric, window=window)
    ]


def _summary(outcome: Outcome, course: Course, window: tuple[float, float] | None) -> Trend:
    seen = course.ln()
    flags = seen.flags
    if window is None:
        flags = (
            *flags,
            info("no_window", f"{course.label}: no window_days planned; all days used"),
        )
    if seen.days.size < 2:
        message = f"{course.label}: {seen.days.size} usable days in the window, expected at least 2"
        empty = _trend(outcome, course, seen, window)
        return replace(empty, flags=(*flags, warning("too_few_days", message)))
    make: Callable[..., Trend] = _area if outcome.kind == AUC else _slope
    return make(_trend(outcome, course, seen, window), seen, flags)


def _trend(
    outcome: Outcome, course: Course, seen: Course, window: tuple[float, float] | None
) -> Trend:
    donor, experiment, arm, replicate = course.culture
    covered = (float(seen.days[0]), float(seen.days[-1])) if seen.days.size else window
    unit = UNITS.get(outcome.kind, f"ln({outcome.metric})·day")
    return Trend(
        outcome.kind,
        outcome.metric,
        donor,
        experiment,
        arm,
        replicate,
        None,
        None,
        None,
        unit,
        int(seen.days.size),
        covered,
    )


def _slope(trend: Trend, seen: Course, flags: tuple[Flag, ...]) -> Trend:
    line = fit_line(seen.days, seen.values)
    if line.ci is None:
        message = f"{seen.label}: 2 days in the window, so the slope has no interval"
        flags = (*flags, info("slope_of_two_days", message))
    low, high = line.ci or (None, None)
    return replace(
        trend,
        estimate=line.slope,
        ci_low=low,
        ci_high=high,
        method="least squares on the log scale",
        flags=flags,
        draws=None if seen.draws is None else slopes(seen.days, seen.draws),
    )


def _area(trend: Trend, seen: Course, flags: tuple[Flag, ...]) -> Trend:
    return replace(
        trend,
        estimate=float(area(seen.days, seen.values)),
        method="trapezoids on the log scale",
        flags=flags,
        draws=None if seen.draws is None else area(seen.days, seen.draws),
    )


def doubling_time(rate: Trend) -> Trend:
    """Return ln 2 / growth rate; undefined when the rate's interval includes 0."""
    flags = rate.flags
    estimate = low = high = None
    if rate.estimate is not None and rate.estimate > 0:
        estimate = float(np.log(2) / rate.estimate)
    if rate.ci_low is not None and rate.ci_high is not None and rate.ci_low > 0:
        low, high = float(np.log(2) / rate.ci_high), float(np.log(2) / rate.ci_low)
    elif rate.estimate is not None and rate.ci_low is not None:
        message = (
            f"{rate.donor} {rate.arm} {rate.metric}: the growth rate's interval includes 0, "
            "so the doubling time has no interval"
        )
        flags = (*flags, warning("doubling_time_undefined", message))
        estimate = None
    draws = None
    if rate.draws is not None:
        draws = np.log(2) / np.where(rate.draws > 0, rate.draws, np.nan)
    return replace(
        rate,
        kind=DOUBLING_TIME,
        unit=UNITS[DOUBLING_TIME],
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        method=f"ln 2 / rate; {rate.method}" if rate.method else "",
        flags=flags,
        draws=draws,
    )
