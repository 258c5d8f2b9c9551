"""Half-life of copies after their peak, with values below the limit of quantification."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model._arrays import Bools, Floats
from labproc.trends.lines import fit_line, t_quantile

Method = Literal["M3", "M1", "M6"]


@dataclass(frozen=True, slots=True)
class Decline:
    """Exponential decline: rate per day with its interval, and the residual sd on the log scale."""

    rate: float
    ci: tuple[float, float] | None
    sd: float | None
    n_quantified: int
    n_below: int
    method: str

    @property
    def half_life(self) -> float:
        """Days in which copies fall to half."""
        return float(np.log(2) / self.rate)


def fit_decline(
    days: Floats, copies: Floats, below: Bools, limit: Floats, *, method: Method = "M3"
) -> Decline:
    """Fit an exponential decline.

    Parameters
    ----------
    days, copies : ndarray, shape (n,)
    below : ndarray of bool, shape (n,)
        Where only "below the limit" is known; ``copies`` is not read there.
    limit : ndarray, shape (n,)
        The limit of quantification of each sample.
    method : str
        ``M3`` takes values below the limit by their likelihood; ``M1`` drops them; ``M6`` puts
        half the limit for the first of them and drops the rest.

    Raises
    ------
    NotEnoughData
        With fewer than three quantified samples, or copies that do not fall.

    References
    ----------
    Beal, J Pharmacokinet Pharmacodyn 2001;28:481-504. doi:10.1023/A:1012299115260
    """
    seen = ~below
    if seen.sum() < 3:
        raise NotEnoughData(f"{int(seen.sum())} quantified samples, expected at least 3")
    if method == "M6":
        days, copies, below = _half_limit(days, copies, below, limit)
        seen = ~below
    logs = np.log(np.where(seen, copies, limit))
    line = fit_line(days[seen], logs[seen])
    counts = int(seen.sum()), int(below.sum())
    if method != "M3" or not below.any():
        residual = logs[seen] - line.intercept - line.slope * days[seen]
        ci = None if line.ci is None else (-line.ci[1], -line.ci[0])
        sd = float(np.sqrt(np.mean(residual**2)))
        return _falling(Decline(-line.slope, ci, sd, *counts, method))
    return _falling(_censored(days, logs, below, method))


def _falling(found: Decline) -> Decline:
    if found.rate <= 0:
        raise NotEnoughData(f"copies change by {-found.rate:.3g} a day, expected them to fall")
    return found


def _half_limit(
    days: Floats, copies: Floats, below: Bools, limit: Floats
) -> tuple[Floats, Floats, Bools]:
    if not below.any():
        return days, copies, below
    first = int(np.argmax(below))
    kept = slice(0, first + 1)
    filled = copies.copy()
    filled[first] = limit[first] / 2.0
    return days[kept], filled[kept], np.zeros(first + 1, dtype=bool)


def _censored(days: Floats, logs: Floats, below: Bools, method: str) -> Decline:
    """Maximise the likelihood of a line with normal errors, left-censored where below."""
    from scipy.optimize import minimize
    from scipy.special import log_ndtr

    seen = ~below
    centre, scale = float(days.mean()), float(np.ptp(days))
    x = (days - centre) / scale

    def deviance(p: Floats) -> float:
        z = (logs - p[0] - p[1] * x) / np.exp(p[2])
        terms = np.where(seen, -0.5 * z**2 - p[2], log_ndtr(z))
        return float(-terms.sum())

    line = fit_line(x[seen], logs[seen])
    residual = logs[seen] - line.intercept - line.slope * x[seen]
    spread = max(float(np.log(np.sqrt(np.mean(residual**2)) + 1e-9)), -6.0)
    start = np.array([line.intercept, line.slope, spread])
    best = minimize(deviance, start, method="Nelder-Mead", options=_TIGHT)
    best = minimize(deviance, best.x, method="Nelder-Mead", options=_TIGHT)
    rate, se = -float(best.x[1]) / scale, _se(deviance, best.x) / scale
    half = t_quantile(0.95, int(seen.sum()) - 2) * se
    ci = (rate - half, rate + half) if np.isfinite(se) else None
    sd = float(np.exp(best.x[2]))
    return Decline(rate, ci, sd, int(seen.sum()), int(below.sum()), method)


_TIGHT: Any = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000}


def _se(deviance: Callable[[Floats], float], at: Floats) -> float:
    """Return the standard error of the second parameter from the curvature of the likelihood."""
    step = 1e-4
    n = at.size
    hessian = np.empty((n, n))
    steps = np.eye(n) * step
    for i in range(n):
        for j in range(n):
            corners = [
                deviance(at + a * steps[i] + b * steps[j])
                for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            hessian[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    try:
        variance = float(np.linalg.inv(hessian)[1, 1])
    except np.linalg.LinAlgError:
        return float("nan")
    return float(np.sqrt(variance)) if variance > 0 else float("nan")
