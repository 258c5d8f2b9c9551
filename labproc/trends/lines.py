"""Straight lines through a culture's course, and areas under it."""

from dataclasses import dataclass

import numpy as np

from labproc.model._arrays import Floats


@dataclass(frozen=True, slots=True)
class Line:
    """A least-squares line; the interval is None where two points leave no residual."""

    slope: float
    intercept: float
    ci: tuple[float, float] | None
    n: int


def fit_line(x: Floats, y: Floats, *, level: float = 0.95) -> Line:
    """Fit a line by least squares with a t interval for its slope.

    Parameters
    ----------
    x, y : ndarray, shape (n_points,)
        At least two different ``x``.
    level : float
        Coverage of the interval.
    """
    centred = x - x.mean()
    sxx = float(centred @ centred)
    slope = float(centred @ y) / sxx
    intercept = float(y.mean() - slope * x.mean())
    if x.size < 3:
        return Line(slope, intercept, None, x.size)
    residual = y - intercept - slope * x
    se = float(np.sqrt(residual @ residual / (x.size - 2) / sxx))
    half = t_quantile(level, x.size - 2) * se
    return Line(slope, intercept, (slope - half, slope + half), x.size)


def slopes(x: Floats, draws: Floats) -> Floats:
    """Return the slope of every draw; ``draws`` has shape (n_draws, n_points)."""
    centred = x - x.mean()
    return np.asarray(draws @ centred / (centred @ centred))


def area(x: Floats, y: Floats) -> Floats:
    """Return the trapezoid area under ``y`` (..., n_points) over ``x`` (n_points,)."""
    return np.asarray(((y[..., 1:] + y[..., :-1]) / 2.0) @ np.diff(x))


def t_quantile(level: float, dof: float) -> float:
    """Return the two-sided Student t quantile of a coverage, e.g. 4.303 for 0.95 and 2."""
    from scipy.special import stdtrit

    return float(stdtrit(dof, (1.0 + level) / 2.0))


def t_two_sided(t: float, dof: float) -> float:
    """Return the two-sided P value of a Student t."""
    from scipy.special import stdtr

    return float(2.0 * stdtr(dof, -abs(t)))
