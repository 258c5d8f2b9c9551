"""Growth that slows down: logistic and Gompertz curves through a culture's course."""

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model._arrays import Floats
from labproc.trends.nonlinear import CurveFit, fit_positive

FEWEST_DAYS = 6
"""Days below which three parameters and an error cannot be told apart."""


def fit_logistic(days: Floats, cells: Floats) -> CurveFit:
    """Fit ln N = ln(K / (1 + (K / N0 - 1) exp(-r t))): plateau K, start N0, rate r.

    Raises
    ------
    NotEnoughData
        With fewer than six days, or counts at or below zero.
    """
    start = _checked(days, cells)

    def model(p: Floats, t: Floats) -> Floats:
        plateau, first, rate = p
        bend = np.maximum(1.0 + (plateau / first - 1.0) * np.exp(-rate * t), 1e-12)
        return np.asarray(np.log(plateau) - np.log(bend))

    starts = [(start[0] * k, start[1], start[2] * r) for k in (1.0, 3.0, 10.0) for r in (1.0, 2.0)]
    return fit_positive(("K", "N0", "r"), model, days, np.log(cells), starts=starts)


def fit_gompertz(days: Floats, cells: Floats) -> CurveFit:
    """Fit ln N = ln K - B exp(-c t): plateau K, depth B, slowing c.

    Raises
    ------
    NotEnoughData
        With fewer than six days, or counts at or below zero.
    """
    start = _checked(days, cells)

    def model(p: Floats, t: Floats) -> Floats:
        plateau, depth, slowing = p
        return np.asarray(np.log(plateau) - depth * np.exp(-slowing * t))

    depth = np.log(start[0] / start[1]) + 0.5
    starts = [(start[0] * k, depth * d, c) for k in (1.0, 3.0) for d in (1, 2) for c in (0.1, 0.4)]
    return fit_positive(("K", "B", "c"), model, days, np.log(cells), starts=starts)


def fit_logistic_linear(days: Floats, values: Floats) -> CurveFit:
    """Fit Asym / (1 + exp((xmid - t) / scal)) on the linear scale, as R's SSlogis does."""
    start = _checked(days, values)

    def model(p: Floats, t: Floats) -> Floats:
        return np.asarray(p[0] / (1.0 + np.exp(np.clip((p[1] - t) / p[2], -60, 60))))

    middle = float(np.mean(days))
    starts = [
        (start[0] * k, middle * m, max(middle, 1.0) / s)
        for k in (1.0, 3.0)
        for m in (1.0, 2.0)
        for s in (2.0, 4.0)
    ]
    return fit_positive(("Asym", "xmid", "scal"), model, days, values, starts=starts)


def doubling_days(fit: CurveFit) -> float:
    """Return ln 2 / r, the doubling time of a logistic culture before it slows down."""
    return float(np.log(2) / fit.estimates["r"])


def midpoint_day(fit: CurveFit) -> float:
    """Return the day on which a logistic culture reaches half its plateau."""
    ratio = fit.estimates["K"] / fit.estimates["N0"]
    return float(np.log(ratio - 1.0) / fit.estimates["r"])


def _checked(days: Floats, cells: Floats) -> tuple[float, float, float]:
    """Return a first guess of plateau, start and rate."""
    if days.size < FEWEST_DAYS:
        raise NotEnoughData(f"{days.size} days, expected at least {FEWEST_DAYS} for a growth curve")
    if (cells <= 0).any():
        raise NotEnoughData("a count of zero, expected counts above zero for a growth curve")
    rate = max(float(np.max(np.diff(np.log(cells)) / np.diff(days))), 0.01)
    return float(cells.max() * 1.05), float(cells[0]), rate
