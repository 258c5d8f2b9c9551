"""How long copies stay: peak, area, last detection and half-life, and what sampling cannot say."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Flag, Measurement, Role, Severity, Status, Trend
from labproc.model._arrays import Bools, Floats
from labproc.model.flag import info, unique, warning
from labproc.trends.courses import Culture
from labproc.trends.decline import fit_decline

PEAK_DAYS = 28
"""The first four weeks hold expansion and peak of CAR-T cells in blood."""
PEAK_SAMPLES = 4
"""Samples in these weeks below which the highest one says nothing about the peak."""
PEAK_GAP_DAYS = 10
"""A wider gap in these weeks can hide the whole peak."""
TERMINAL_FROM_DAY = 60
"""The decline after contraction; earlier days still fall faster."""
BELOW = (Status.BELOW_LLOQ.value, Status.NOT_DETECTED.value)


@dataclass(frozen=True, slots=True)
class Copies:
    """One patient's or culture's copies over time.

    ``below`` marks samples under the limit of quantification, whose ``copies`` are NaN; ``limit``
    is that limit (NaN where nobody says it). All arrays have shape (n_samples,).
    """

    culture: Culture
    metric: str
    days: Floats
    copies: Floats
    below: Bools
    limit: Floats
    flags: tuple[Flag, ...] = ()


def read_copies(measurements: Iterable[Measurement], metric: str) -> list[Copies]:
    """Return every patient's or culture's copies, values below the limit included."""
    groups: dict[Culture, list[Measurement]] = defaultdict(list)
    for one in measurements:
        speaks = one.value is not None or one.status in BELOW
        dated = one.key.role is Role.SAMPLE and one.key.day is not None
        if one.metric == metric and speaks and dated and one.severity is not Severity.FAIL:
            groups[one.key.culture].append(one)
    return [_copies(metric, culture, groups[culture]) for culture in sorted(groups)]


def _copies(metric: str, culture: Culture, group: list[Measurement]) -> Copies:
    ordered = sorted(group, key=lambda m: m.key.order)
    below = np.array([m.status in BELOW for m in ordered])
    values = [np.nan if m.value is None or m.status in BELOW else m.value for m in ordered]
    return Copies(
        culture,
        metric,
        np.array([m.key.day for m in ordered], dtype=float),
        np.array(values, dtype=float),
        below,
        np.array([_limit(m) for m in ordered], dtype=float),
        unique(f for m in ordered for f in m.flags if f.severity.rank > 1),
    )


def _limit(one: Measurement) -> float:
    stated = one.parameters.get("lloq")
    if isinstance(stated, float | int):
        return float(stated)
    return float("nan") if one.ci_high is None else one.ci_high


def peak(course: Copies) -> tuple[float, float]:
    """Return Cmax and Tmax (in days).

    Raises
    ------
    NotEnoughData
        If fewer than four samples lie in the first 28 days, a gap there is wider than 10 days, or
        the highest sample is the last one.
    """
    early = course.days[course.days <= PEAK_DAYS]
    if early.size < PEAK_SAMPLES:
        raise NotEnoughData(
            f"{early.size} samples up to day {PEAK_DAYS}, expected at least {PEAK_SAMPLES}; "
            "this schedule has no Cmax"
        )
    widest = float(np.diff(early).max())
    if widest > PEAK_GAP_DAYS:
        raise NotEnoughData(
            f"a gap of {widest:g} days before day {PEAK_DAYS}, expected at most {PEAK_GAP_DAYS}; "
            "the peak may lie in it"
        )
    if course.below.all():
        raise NotEnoughData("no quantified sample, expected at least one; there is no Cmax")
    top = int(np.nanargmax(course.copies))
    if top == course.days.size - 1:
        raise NotEnoughData("the highest sample is the last one; the peak may still come")
    return float(course.copies[top]), float(course.days[top])


def area_to(course: Copies, *, end: float = PEAK_DAYS, method: str = "lin_up_log_down") -> float:
    """Return the area under the copies from day 0 to ``end``, in copies x days.

    Rising and flat steps are trapezoids, falling ones logarithmic; samples below the limit count
    as 0, and a step that falls to 0 is a trapezoid. ``linear`` takes trapezoids throughout.

    Raises
    ------
    NotEnoughData
        If sampling does not begin by day 1 or reach ``end``, or has a gap wider than 10 days.
    """
    kept = (course.days >= 0) & (course.days <= end)
    days = course.days[kept]
    if not days.size or days[0] > 1 or days[-1] < end:
        span = f"days {days[0]:g} to {days[-1]:g}" if days.size else "no day"
        raise NotEnoughData(f"samples cover {span}, expected 0 to {end:g} for this area")
    if np.diff(days).max() > PEAK_GAP_DAYS:
        raise NotEnoughData(f"a gap of {np.diff(days).max():g} days, expected {PEAK_GAP_DAYS}")
    values = np.where(course.below[kept], 0.0, course.copies[kept])
    return sum(
        _step(width, before, after, method)
        for width, (before, after) in zip(np.diff(days), pairwise(values), strict=True)
    )


def _step(width: float, before: float, after: float, method: str) -> float:
    if method == "lin_up_log_down" and 0 < after < before:
        return float(width * (before - after) / np.log(before / after))
    return float(width * (before + after) / 2.0)


def last_quantified(course: Copies) -> tuple[float, float]:
    """Return Clast and Tlast, the last quantified sample.

    Raises
    ------
    NotEnoughData
        If nothing was quantified.
    """
    if course.below.all():
        raise NotEnoughData("no quantified sample, expected at least one")
    last = int(np.flatnonzero(~course.below)[-1])
    return float(course.copies[last]), float(course.days[last])


def first_day_below(course: Copies) -> float:
    """Return the first sample after which every later one is below the limit too.

    Raises
    ------
    NotEnoughData
        If the last sample is still quantified: the copies outlast the follow-up.
    """
    _, last = last_quantified(course)
    later = course.days[course.days > last]
    if not later.size:
        raise NotEnoughData(f"still quantified on day {last:g}, the last one sampled")
    return float(later[0])


def persistence(measurements: Iterable[Measurement], metric: str = "copies_per_ug") -> list[Trend]:
    """Return Cmax, Tmax, AUC 0-28, Clast, Tlast, days to below the limit and half-life.

    What the sampling does not support has no estimate and says why (``not_supported_by_sampling``).
    """
    return [trend for course in read_copies(measurements, metric) for trend in _of(course)]


def _of(course: Copies) -> list[Trend]:
    unit = metric_unit(course.metric)
    simple: list[tuple[str, str, Callable[[], float]]] = [
        ("cmax", unit, lambda: peak(course)[0]),
        ("tmax", "day", lambda: peak(course)[1]),
        ("auc_0_28", f"{unit}·day", lambda: area_to(course)),
        ("clast", unit, lambda: last_quantified(course)[0]),
        ("tlast", "day", lambda: last_quantified(course)[1]),
        ("days_to_below_lloq", "day", lambda: first_day_below(course)),
    ]
    found = []
    for kind, its_unit, compute in simple:
        try:
            found.append(_trend(course, kind, its_unit, compute()))
        except NotEnoughData as error:
            found.append(_trend(course, kind, its_unit, None, reason=str(error)))
    return [*found, half_life(course)]


def metric_unit(metric: str) -> str:
    """Return the unit of a metric."""
    from labproc.model import METRICS

    return METRICS[metric]


def half_life(course: Copies, *, from_day: float = TERMINAL_FROM_DAY) -> Trend:
    """Return the half-life from a day on, values below the limit by their likelihood (M3).

    An interval whose rate includes 0 has no upper end, and a decline watched for less than two
    half-lives is flagged.
    """
    late = course.days >= from_day
    below, limit = course.below[late], course.limit[late]
    method = "M3"
    flags: list[Flag] = []
    if np.isnan(limit[below]).any():
        method = "M1"
        flags.append(warning("lloq_unknown", "samples below an unknown limit were left out"))
    try:
        days, copies = course.days[late], course.copies[late]
        fit = fit_decline(days, copies, below, limit, method="M3" if method == "M3" else "M1")
    except NotEnoughData as error:
        return _trend(course, "half_life", "day", None, reason=f"from day {from_day:g}: {error}")
    if np.ptp(days[~below]) < 2 * fit.half_life:
        span = f"{np.ptp(days[~below]):.0f} days watched, half-life {fit.half_life:.0f}"
        flags.append(warning("half_life_extrapolated", f"{span}; expected two half-lives"))
    low = high = None
    if fit.ci is not None:
        low = float(np.log(2) / fit.ci[1])
        high = float(np.log(2) / fit.ci[0]) if fit.ci[0] > 0 else None
    return _trend(
        course, "half_life", "day", fit.half_life, interval=(low, high), method=method, flags=flags
    )


def _trend(
    course: Copies,
    kind: str,
    unit: str,
    value: float | None,
    *,
    interval: tuple[float | None, float | None] = (None, None),
    method: str = "",
    reason: str = "",
    flags: Iterable[Flag] = (),
) -> Trend:
    who = " ".join(part for part in course.culture if part)
    why = (info("not_supported_by_sampling", f"{who} {kind}: {reason}"),) if reason else ()
    donor, experiment, arm, replicate = course.culture
    return Trend(
        kind,
        course.metric,
        donor,
        experiment,
        arm,
        replicate,
        value,
        *interval,
        unit,
        int(course.days.size),
        (float(course.days[0]), float(course.days[-1])),
        method,
        unique((*course.flags, *flags, *why)),
    )
