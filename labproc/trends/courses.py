"""One culture's values of one metric over its days, taken from measurements."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from labproc.model import Flag, Measurement, Role, SampleKey, Severity, Status
from labproc.model._arrays import Bools, Floats
from labproc.model.flag import info, unique, warning

Culture = tuple[str, str, str, str]
CARRIED = ("half_the_limit", "odd_step", "growth_from_concentration", "other_first_day")
"""Doubts about single values that a trend has to repeat."""
FEW_EVENTS = 100  # under this many events a fraction's own counting error exceeds 10 %


@dataclass(frozen=True, slots=True)
class Course:
    """One culture (or patient) over its days.

    Parameters
    ----------
    metric : str
        What was measured.
    culture : tuple of str
        Donor, experiment, arm and replicate.
    days : ndarray, shape (n_days,), days
    values : ndarray, shape (n_days,), in the metric's unit
    draws : ndarray, shape (n_draws, n_days), or None
        The values under the uncertainty of gates and curves; a day without draws keeps its value.
    flags : tuple of Flag
    unit : str
        Of the values; cells per µL where no culture volume is known.
    """

    metric: str
    culture: Culture
    days: Floats
    values: Floats
    draws: Floats | None = None
    flags: tuple[Flag, ...] = ()
    unit: str = ""

    @property
    def label(self) -> str:
        """Who and what, for messages."""
        return " ".join([*(part for part in self.culture if part), self.metric])

    def ln(self) -> "Course":
        """Return the course on the natural log scale, without days that are zero (flagged)."""
        positive = self.values > 0
        course = self._keep(positive)
        flags = course.flags
        if not positive.all():
            days = ", ".join(f"{d:g}" for d in self.days[~positive])
            flags = (
                *flags,
                warning("zero_value", f"{self.label}: zero on day {days}, not used on a log scale"),
            )
        draws = None if course.draws is None else _ln(course.draws)
        return replace(course, values=np.log(course.values), draws=draws, flags=flags)

    def _keep(self, mask: Bools) -> "Course":
        draws = None if self.draws is None else self.draws[:, mask]
        return replace(self, days=self.days[mask], values=self.values[mask], draws=draws)


def _ln(draws: Floats) -> Floats:
    """Return the log of draws, NaN where a draw is not positive."""
    return np.asarray(np.log(np.where(draws > 0, draws, np.nan)))


def is_usable(measurement: Measurement) -> bool:
    """Whether a number of a sample on a day may enter a trend."""
    return (
        _is_dated_sample(measurement)
        and measurement.value is not None
        and measurement.severity is not Severity.FAIL
    )


def _is_dated_sample(measurement: Measurement) -> bool:
    return measurement.key.role is Role.SAMPLE and measurement.key.day is not None


def one_per_day(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Merge tubes and wells of one culture, day and metric into one measurement, in day order.

    Repeats within a day are technical: they are averaged (geometrically where all are positive)
    and never counted as repeats.
    """
    groups: dict[tuple[str, SampleKey], list[Measurement]] = defaultdict(list)
    for one in measurements:
        if is_usable(one):
            groups[one.metric, one.key.without_tube()].append(one)
    merged = [_merge(key, group) for (_, key), group in groups.items()]
    return sorted(merged, key=lambda m: (m.metric, m.key.order))


def _merge(key: SampleKey, group: Sequence[Measurement]) -> Measurement:
    first = group[0]
    if len(group) == 1:
        return replace(first, key=key)
    values = np.array([m.value for m in group], dtype=float)
    flags = unique(f for m in group for f in m.flags)
    note = info("repeats_averaged", f"{key.label} {first.metric}: {len(group)} repeats averaged")
    lows, highs = [m.ci_low for m in group], [m.ci_high for m in group]
    return replace(
        first,
        key=key,
        value=float(_average(values[None, :])[0]),
        ci_low=None if None in lows else float(np.mean(np.array(lows, dtype=float))),
        ci_high=None if None in highs else float(np.mean(np.array(highs, dtype=float))),
        flags=(*flags, note),
        draws=_average(_stacked(group).T) if _stacked(group).size else None,
    )


def _average(values: Floats) -> Floats:
    """Average each row: geometric where the whole row is positive, else arithmetic."""
    positive = (values > 0).all(axis=1)
    safe = np.where(values > 0, values, 1.0)
    means = np.where(positive, np.exp(np.log(safe).mean(axis=1)), values.mean(axis=1))
    return np.asarray(means)


def _stacked(group: Sequence[Measurement]) -> Floats:
    """Return the draws of several measurements, shape (n_measurements, n_draws)."""
    lengths = [m.draws.size for m in group if m.draws is not None and m.draws.size]
    if not lengths:
        return np.empty((len(group), 0))
    n = min(lengths)
    rows = [
        m.draws[:n] if m.draws is not None and m.draws.size else np.full(n, m.value) for m in group
    ]
    return np.asarray(rows, dtype=float)


def courses(
    measurements: Iterable[Measurement],
    metric: str,
    *,
    window: tuple[float, float] | None = None,
) -> list[Course]:
    """Return every culture's course of one metric, in the order of their keys.

    A culture of which no value is usable has a course without days that carries the reasons; one
    without any measurement in the window (its ends included) has none. A
    sample in which nothing was detected stands at half its upper limit and is flagged: leaving it
    out would make the arm look higher than it is.
    """
    mine = (m for m in measurements if m.metric == metric and _is_dated_sample(m))
    everything = [_at_half_limit(m) for m in mine if _is_within(m, window)]
    groups: dict[Culture, list[Measurement]] = {m.key.culture: [] for m in everything}
    for one in one_per_day(everything):
        groups[one.key.culture].append(one)
    refused: dict[Culture, list[Flag]] = defaultdict(list)
    for one in everything:
        if not is_usable(one):
            refused[one.key.culture] += one.flags
    return [
        _course(metric, culture, groups[culture], refused[culture]) for culture in sorted(groups)
    ]


def _is_within(one: Measurement, window: tuple[float, float] | None) -> bool:
    day = one.key.day
    return window is None or (day is not None and window[0] <= day <= window[1])


def _at_half_limit(one: Measurement) -> Measurement:
    below = one.status in (Status.BELOW_LLOQ.value, Status.NOT_DETECTED.value)
    if one.value is not None or not below or one.ci_high is None:
        return one
    message = f"{one.key.label}: {one.metric} below {one.ci_high:.3g}, taken as half of that"
    return replace(
        one,
        value=one.ci_high / 2.0,
        draws=None,
        flags=(*one.flags, warning("half_the_limit", message)),
    )


def _course(
    metric: str, culture: Culture, group: Sequence[Measurement], refused: Iterable[Flag]
) -> Course:
    draws = _stacked(group).T
    return Course(
        metric,
        culture,
        np.array([m.key.day for m in group], dtype=float),
        np.array([m.value for m in group], dtype=float),
        draws if draws.size else None,
        unique((*refused, *_doubts(metric, culture, group))),
        group[0].unit if group else "",
    )


def _doubts(metric: str, culture: Culture, group: Sequence[Measurement]) -> list[Flag]:
    label = " ".join([*(part for part in culture if part), metric])
    found = []
    few = [str(m.key.day) for m in group if m.n is not None and m.n < FEW_EVENTS]
    if few and metric.endswith("ratio"):
        message = f"{label}: under {FEW_EVENTS} events on day {', '.join(few)}"
        found.append(warning("few_events_in_ratio", message))
    found += [f for m in group for f in m.flags if f.code in CARRIED]
    doubtful = [str(m.key.day) for m in group if m.severity is Severity.REVIEW]
    if doubtful:
        message = f"{label}: the value of day {', '.join(doubtful)} waits for someone's look"
        found.append(warning("rests_on_unreviewed", message))
    return found
