"""Survival curves, their medians and means, and how long patients were followed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.errors import NotEnoughData

Floats = NDArray[np.float64]
Z95 = 1.959963984540054  # half-width of a 95 % interval in standard errors


@dataclass(frozen=True, slots=True)
class Curve:
    """A Kaplan-Meier curve: one entry per time with an event, arrays of shape (n_times,).

    ``low`` and ``high`` are 95 % limits on the log(-log) scale, NaN where survival is 0 or 1.
    """

    times: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    low: Floats
    high: Floats
    variance: Floats
    n: int
    last: float


def kaplan_meier(time: Floats, event: Floats) -> Curve:
    """Estimate survival; an event at the time of a censoring comes first.

    Parameters
    ----------
    time : ndarray, shape (n_patients,), 0 or more
    event : ndarray, shape (n_patients,), 1 for an event, 0 for censored

    Raises
    ------
    NotEnoughData
        Without patients, with negative times, or an event that is not 0 or 1.
    """
    check_survival(time, event)
    times = np.unique(time[event == 1])
    at_risk = np.array([(time >= t).sum() for t in times], dtype=float)
    deaths = np.array([((time == t) & (event == 1)).sum() for t in times], dtype=float)
    survival = np.cumprod(1.0 - deaths / at_risk)
    left = at_risk - deaths
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(left > 0, deaths / (at_risk * left), 0.0)
        greenwood = np.cumsum(steps)
        width = Z95 * np.sqrt(greenwood) / np.abs(np.log(survival))
        low, high = survival ** np.exp(width), survival ** np.exp(-width)
    gone = survival <= 0
    low[gone], high[gone] = np.nan, np.nan
    variance = survival**2 * greenwood
    return Curve(
        times, at_risk, deaths, survival, low, high, variance, time.size, float(time.max())
    )


def check_survival(time: Floats, event: Floats) -> None:
    """Refuse what is not survival data.

    Raises
    ------
    NotEnoughData
        Without patients, with negative times, or an event that is not 0 or 1.
    """
    if not time.size:
        raise NotEnoughData("no patient with a time and an event, expected at least one")
    if (time < 0).any() or not np.isfinite(time).all():
        raise NotEnoughData(f"a time of {np.nanmin(time):g}, expected 0 or more")
    if not np.isin(event, (0, 1)).all():
        odd = sorted({float(e) for e in event} - {0.0, 1.0})
        raise NotEnoughData(f"an event of {odd[0]:g}, expected 0 (censored) or 1 (event)")


def survival_at(curve: Curve, time: float) -> tuple[float, float | None, float | None]:
    """Return survival at a time with its interval.

    Raises
    ------
    NotEnoughData
        If the last patient was followed for less and survival had not reached 0.
    """
    before = np.searchsorted(curve.times, time, side="right") - 1
    if time > curve.last and not (curve.survival.size and curve.survival[-1] == 0):
        raise NotEnoughData(f"followed up to {curve.last:g}, expected at least {time:g}")
    if before < 0:
        return 1.0, None, None
    low, high = float(curve.low[before]), float(curve.high[before])
    known = np.isfinite(low)
    return float(curve.survival[before]), low if known else None, high if known else None


def median(curve: Curve) -> tuple[float | None, float | None, float | None]:
    """Return the median with its interval; None for what the curve does not reach.

    The interval holds the times at which the limits of the curve cross one half; a curve that
    lies at one half takes the middle of that step, as R does.
    """
    return tuple(_crossing(curve, line) for line in (curve.survival, curve.low, curve.high))  # type: ignore[return-value]


def _crossing(curve: Curve, line: Floats) -> float | None:
    level = 0.5
    reached = np.flatnonzero(line <= level + 1e-12)
    if not reached.size:
        return None
    first = int(reached[0])
    is_flat = abs(line[first] - level) <= 1e-12 and first + 1 < line.size
    if is_flat:
        return float((curve.times[first] + curve.times[first + 1]) / 2.0)
    return float(curve.times[first])


def restricted_mean(curve: Curve, until: float) -> tuple[float, float]:
    """Return the mean survival time up to a limit, with its standard error.

    Raises
    ------
    NotEnoughData
        If the last patient was followed for less and survival had not reached 0.
    """
    if until > curve.last and not (curve.survival.size and curve.survival[-1] == 0):
        raise NotEnoughData(f"followed up to {curve.last:g}, expected at least {until:g}")
    inside = curve.times < until
    edges = np.concatenate([[0.0], curve.times[inside], [until]])
    heights = np.concatenate([[1.0], curve.survival[inside]])
    areas = np.diff(edges) * heights
    after = areas[::-1].cumsum()[::-1][1:]
    n, d = curve.at_risk[inside], curve.events[inside]
    weights = np.where(n > d, d / np.where(n > d, n * (n - d), 1.0), 0.0)
    return float(areas.sum()), float(np.sqrt((after**2 * weights).sum()))


def numbers_at_risk(time: Floats, at: Sequence[float]) -> list[int]:
    """Return how many patients are still followed just before each time."""
    return [int((time >= t).sum()) for t in at]


def median_follow_up(
    time: Floats, event: Floats
) -> tuple[float | None, float | None, float | None]:
    """Return the median follow-up by reverse Kaplan-Meier: censoring is what is waited for."""
    return median(kaplan_meier(time, 1.0 - event))
