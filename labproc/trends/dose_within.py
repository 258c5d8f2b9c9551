"""Doses compared within donors, each of whom has every dose."""

from functools import cache
from math import factorial

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model._arrays import Floats
from labproc.trends.dose import TrendTest, fit_four_parameters
from labproc.trends.lines import t_quantile
from labproc.trends.nonlinear import CurveFit

GRID = 150  # points of each integral: P to 1e-5, checked against scipy where that has the case


def centred(table: Floats) -> Floats:
    """Return a table without what donors differ by: each row moved to the mean of all."""
    return np.asarray(table - table.mean(axis=1, keepdims=True) + table.mean())


def jonckheere_within(table: Floats) -> TrendTest:
    """Test whether responses rise (or fall) with the dose, pairs of doses compared within donors.

    J counts the pairs in order, donor by donor; P is exact over all orders of each donor's
    responses. Ties count as half, and their P is a little too large.

    Parameters
    ----------
    table : ndarray, shape (n_donors, n_doses)
        In the order of the doses.
    """
    n, k = table.shape
    if n < 1 or k < 3:
        raise NotEnoughData(f"{n} donors and {k} doses, expected at least 1 and 3 for a trend")
    later, earlier = np.triu_indices(k, 1)[::-1]
    apart = table[:, later] - table[:, earlier]
    j = float((apart > 0).sum() + 0.5 * (apart == 0).sum())
    chances = _orders(n, k)
    middle = (chances.size - 1) / 2.0
    beyond = np.abs(np.arange(chances.size) - middle) >= abs(j - middle) - 1e-9
    return TrendTest("Jonckheere-Terpstra within donors", j, float(chances[beyond].sum()), j)


def _orders(n: int, k: int) -> Floats:
    """Return the chance of each number of pairs in order: of k values, n times over."""
    one = np.ones(1)
    for size in range(2, k + 1):
        one = np.convolve(one, np.ones(size))
    one = one / factorial(k)
    whole = np.ones(1)
    for _ in range(n):
        whole = np.convolve(whole, one)
    return np.asarray(whole)


def dunnett_within(table: Floats, *, level: float = 0.05) -> list[TrendTest]:
    """Compare each dose with the control within donors, P and intervals adjusted jointly.

    A two-way table of donors and doses: differences of the doses' means over the residual error,
    (n - 1)(k - 1) degrees of freedom.

    Parameters
    ----------
    table : ndarray, shape (n_donors, n_doses)
        The control first.

    Raises
    ------
    NotEnoughData
        With fewer than two donors, or without any residual error.
    """
    n, k = table.shape
    if n < 2 or k < 2:
        raise NotEnoughData(f"{n} donors and {k} doses, expected at least 2 of each")
    residual = centred(table) - table.mean(axis=0)
    dof = (n - 1) * (k - 1)
    se = float(np.sqrt((residual**2).sum() / dof * 2.0 / n))
    if se <= 1e-12 * float(np.abs(table).max()):
        raise NotEnoughData("donors respond exactly alike, so no error to compare with")
    effects = table.mean(axis=0)[1:] - table[:, 0].mean()
    half = critical_value(k - 1, dof, level=level) * se
    return [
        TrendTest("Dunnett within donors", float(e / se), joint_p(float(e / se), k - 1, dof),
                  float(e), (float(e - half), float(e + half)))
        for e in effects
    ]  # fmt: skip


def joint_p(t: float, n_compared: int, dof: int) -> float:
    """Return the chance that the largest of several t of one control lies as far out, either way.

    The control's own error is shared, so that the t correlate by one half. Over the control's
    error z and the residual's s: P = 1 - E[(F(z + c) - F(z - c))^m], c = |t| s sqrt 2.

    References
    ----------
    Dunnett, J Am Stat Assoc 1955;50:1096-1121. doi:10.1080/01621459.1955.10501294
    """
    from scipy.special import chdtri, ndtr, ndtri

    share, weights = _grid()
    z = ndtri(share)
    s = np.sqrt(chdtri(dof, 1.0 - share) / dof)
    width = abs(t) * s * np.sqrt(2.0)
    inside = (ndtr(z[None, :] + width[:, None]) - ndtr(z[None, :] - width[:, None])) ** n_compared
    return float(np.clip(1.0 - weights @ inside @ weights, 0.0, 1.0))


@cache
def _grid() -> tuple[Floats, Floats]:
    """Return points between 0 and 1 with their weights (Gauss-Legendre)."""
    points, weights = np.polynomial.legendre.leggauss(GRID)
    return (points + 1.0) / 2.0, weights / 2.0


def critical_value(n_compared: int, dof: int, *, level: float = 0.05) -> float:
    """Return the t beyond which Dunnett's P is below a level, two-sided."""
    from scipy.optimize import brentq

    most = t_quantile(1.0 - level / n_compared, dof) + 1.0  # Bonferroni's is larger
    return float(brentq(lambda t: joint_p(t, n_compared, dof) - level, 0.5, most, xtol=1e-4))


def fit_within(doses_um: Floats, table: Floats) -> CurveFit:
    """Fit a four-parameter logistic to what is left once donors are moved to one mean.

    The standard errors allow for the donors' means, which were estimated too.

    Parameters
    ----------
    doses_um : ndarray, shape (n_doses,)
    table : ndarray, shape (n_donors, n_doses)
        Positive responses.
    """
    flat = centred(table)
    fit = fit_four_parameters(np.broadcast_to(doses_um, table.shape).ravel(), flat.ravel())
    dof = fit.dof - (table.shape[0] - 1)
    if dof < 1:
        raise NotEnoughData(f"{table.size} responses for 4 parameters and the donors' means")
    wider = float(np.sqrt(fit.dof / dof))
    return CurveFit(fit.estimates, {k: v * wider for k, v in fit.se.items()}, fit.rss, dof)
