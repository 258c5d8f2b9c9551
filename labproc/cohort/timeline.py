"""One patient's copies over the days, with what happened: fall, nadir and rise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labproc.cohort.kaplan_meier import Z95
from labproc.errors import NotEnoughData
from labproc.model import Flag, Measurement, PatientEvent, Status
from labproc.model.flag import info, warning

VISIT_WINDOWS: Mapping[str, tuple[int, int, int]] = {
    "week 1": (7, 5, 9),
    "week 2": (14, 11, 17),
    "month 1": (28, 24, 35),
    "month 3": (91, 77, 105),
    "month 6": (182, 161, 203),
    "month 12": (365, 335, 395),
}
"""Nominal visits: their day, and the first and last day that count as them."""
BELOW = (Status.BELOW_LLOQ.value, Status.NOT_DETECTED.value)


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise of copies against their lowest value before it.

    ``fold`` with its interval carries the assay's error at both ends; the interval is None where
    an end has none. ``exceeds_assay`` says whether the interval stays above 1. ``after`` names
    the last event before the rise.
    """

    patient: str
    nadir_day: int
    day: int
    fold: float
    ci: tuple[float, float] | None
    exceeds_assay: bool
    after: str = ""
    flags: tuple[Flag, ...] = ()


def rise_from_nadir(
    measurements: Iterable[Measurement],
    events: Sequence[PatientEvent] = (),
    *,
    since: int | None = None,
) -> Rise:
    """Return the highest copies after the nadir, as a fold change with the assay's error.

    A nadir below the limit stands at its upper limit, so that the fold is a lower bound.

    Parameters
    ----------
    measurements : iterable of Measurement
        One patient's copies, one metric.
    events : sequence of PatientEvent
        That patient's events.
    since : int, optional
        Look only from this day on; the day of the highest value by default, which is the peak of
        the expansion.

    Raises
    ------
    NotEnoughData
        With fewer than two samples from that day on, or when the nadir is the last of them.
    """
    course = sorted((m for m in measurements if _top(m) > 0), key=lambda m: m.key.day or 0)
    if not course:
        raise NotEnoughData("no sample with copies or a limit, expected at least two")
    peak = max(course, key=lambda m: m.value or 0.0)
    start = (peak.key.day or 0) if since is None else since
    later = [m for m in course if (m.key.day or 0) >= start]
    if len(later) < 2:
        raise NotEnoughData(f"{len(later)} samples from day {start} on, expected at least two")
    nadir = min(later, key=_top)
    rest = [m for m in later if (m.key.day or 0) > (nadir.key.day or 0) and m.value]
    if not rest:
        raise NotEnoughData(f"copies were lowest on day {nadir.key.day}, the last sample: no rise")
    return _rise(nadir, max(rest, key=lambda m: m.value or 0.0), events)


def _top(one: Measurement) -> float:
    """Return the copies, or the limit they are below."""
    if one.status in BELOW or one.value is None:
        return one.ci_high or 0.0
    return one.value


def _rise(nadir: Measurement, top: Measurement, events: Sequence[PatientEvent]) -> Rise:
    fold = (top.value or 0.0) / _top(nadir)
    flags: list[Flag] = []
    if nadir.status in BELOW or nadir.value is None:
        flags.append(info("fold_is_a_lower_bound", "the nadir is below the limit"))
    se = float(np.hypot(_se_ln(top), 0.0 if flags else _se_ln(nadir)))
    ci = None
    if np.isfinite(se):
        ci = (float(fold * np.exp(-Z95 * se)), float(fold * np.exp(Z95 * se)))
    exceeds = ci is not None and ci[0] > 1
    if not exceeds:
        message = f"{top.key.donor}: a {fold:.2g}-fold rise lies within the assay's error"
        flags.append(warning("rise_within_assay_error", message))
    day = top.key.day or 0
    before = [e for e in sorted(events, key=lambda e: e.day) if e.day <= day]
    after = before[-1].event if before else ""
    return Rise(top.key.donor, nadir.key.day or 0, day, fold, ci, exceeds, after, tuple(flags))


def _se_ln(one: Measurement) -> float:
    if one.ci_low is None or one.ci_high is None or one.ci_low <= 0:
        return float("nan")
    return float(np.log(one.ci_high / one.ci_low) / (2 * Z95))


def visit_of(day: int) -> str:
    """Return the nominal visit a day belongs to, or nothing between the windows.

    >>> visit_of(30), visit_of(50), visit_of(180)
    ('month 1', '', 'month 6')
    """
    for name, (_, first, last) in VISIT_WINDOWS.items():
        if first <= day <= last:
            return name
    return ""
