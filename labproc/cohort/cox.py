"""Cox regression on one covariate that may begin late, plain and with Firth's penalty."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.cohort.kaplan_meier import Z95
from labproc.errors import NotEnoughData

Floats = NDArray[np.float64]
FARTHEST = 12.0  # log hazard ratio beyond which a fit is called infinite


@dataclass(frozen=True, slots=True)
class Intervals:
    """Stretches of follow-up: from ``start`` to ``stop`` with one value of the covariate."""

    start: Floats
    stop: Floats
    event: Floats
    x: Floats


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """Hazard ratio with its 95 % interval; P by the score or the likelihood ratio."""

    ratio: float
    ci: tuple[float, float]
    p_value: float
    method: str


def from_arms(time: Floats, event: Floats, treated: Floats) -> Intervals:
    """Return one stretch per patient, treated from time zero."""
    return Intervals(np.zeros_like(time), time, event, treated)


def from_start(time: Floats, event: Floats, begun: Floats) -> Intervals:
    """Return stretches before and after the treatment began; NaN where it never did."""
    rows: list[tuple[float, float, float, float]] = []
    for t, e, s in zip(time, event, begun, strict=True):
        if np.isfinite(s) and s < t:
            rows += [(0.0, s, 0.0, 0.0)] if s > 0 else []
            rows.append((max(s, 0.0), t, e, 1.0))
        else:
            rows.append((0.0, t, e, 0.0))
    columns = np.array(rows).T
    return Intervals(*columns)


def cox(data: Intervals) -> HazardRatio:
    """Fit the hazard ratio by partial likelihood (Efron's ties), Wald interval, score P.

    Raises
    ------
    NotEnoughData
        If all events, or none, fall to one side: the hazard ratio is then infinite or 0.
    """
    from scipy.special import chdtrc

    score, information = _derivatives(data, 0.0)
    if information <= 0:
        raise NotEnoughData("no event while both groups were at risk, so no hazard ratio")
    beta = _root(lambda b: _derivatives(data, b)[0])
    if abs(beta) > FARTHEST - 1:
        raise NotEnoughData("all events fall to one group, so the hazard ratio has no estimate")
    se = 1.0 / np.sqrt(_derivatives(data, beta)[1])
    ci = (float(np.exp(beta - Z95 * se)), float(np.exp(beta + Z95 * se)))
    p = float(chdtrc(1, score**2 / information))
    return HazardRatio(float(np.exp(beta)), ci, p, "cox")


def firth(data: Intervals) -> HazardRatio:
    """Fit with Firth's penalty, which stays finite with few events; profile interval, LR P.

    References
    ----------
    Heinze and Schemper, Biometrics 2001;57:114-119. doi:10.1111/j.0006-341X.2001.00114.x
    """
    from scipy.optimize import brentq, minimize_scalar
    from scipy.special import chdtrc

    def penalised(beta: float) -> float:
        return _loglik(data, beta) + 0.5 * float(np.log(max(_derivatives(data, beta)[1], 1e-300)))

    if _derivatives(data, 0.0)[1] <= 0:
        raise NotEnoughData("no event while both groups were at risk, so no hazard ratio")
    best = minimize_scalar(
        lambda b: -penalised(b),
        bounds=(-FARTHEST, FARTHEST),
        method="bounded",
        options={"xatol": 1e-10},
    )
    beta, top = float(best.x), -float(best.fun)

    def short(b: float) -> float:
        return 2.0 * (top - penalised(b)) - Z95**2

    low = brentq(short, -FARTHEST, beta) if short(-FARTHEST) > 0 else -np.inf
    high = brentq(short, beta, FARTHEST) if short(FARTHEST) > 0 else np.inf
    p = float(chdtrc(1, max(2.0 * (top - penalised(0.0)), 0.0)))
    return HazardRatio(
        float(np.exp(beta)), (float(np.exp(low)), float(np.exp(high))), p, "cox_firth"
    )


def _root(score: Callable[[float], float]) -> float:
    """Return where the falling score crosses zero, or the end of the range it never does in."""
    from scipy.optimize import brentq

    if score(-FARTHEST) <= 0:
        return -FARTHEST
    if score(FARTHEST) >= 0:
        return FARTHEST
    return float(brentq(score, -FARTHEST, FARTHEST, xtol=1e-12))


def _sums(data: Intervals, beta: float) -> list[tuple[float, float, list[tuple[float, float]]]]:
    """Return per event time: deaths, their covariate sum, and (S0, S1) of every Efron step.

    The covariate is 0 or 1, so that S2 = S1.
    """
    risk = np.exp(beta * data.x)
    found = []
    for t in np.unique(data.stop[data.event == 1]):
        there = (data.start < t) & (data.stop >= t)
        dying = there & (data.stop == t) & (data.event == 1)
        deaths = int(dying.sum())
        all0, all1 = risk[there].sum(), (risk * data.x)[there].sum()
        die0, die1 = risk[dying].sum(), (risk * data.x)[dying].sum()
        steps = [
            (float(all0 - k / deaths * die0), float(all1 - k / deaths * die1))
            for k in range(deaths)
        ]
        found.append((float(deaths), float(data.x[dying].sum()), steps))
    return found


def _loglik(data: Intervals, beta: float) -> float:
    return sum(
        beta * x - sum(float(np.log(s0)) for s0, _ in steps) for _, x, steps in _sums(data, beta)
    )


def _derivatives(data: Intervals, beta: float) -> tuple[float, float]:
    """Return the score and the information at beta."""
    score = information = 0.0
    for _, x, steps in _sums(data, beta):
        shares = [s1 / s0 for s0, s1 in steps]
        score += x - sum(shares)
        information += sum(share * (1.0 - share) for share in shares)
    return score, information
