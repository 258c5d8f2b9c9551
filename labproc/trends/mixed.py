"""A random-intercept mixed model by restricted maximum likelihood."""

from dataclasses import dataclass

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model._arrays import Floats


@dataclass(frozen=True, slots=True)
class MixedFit:
    """Fixed effects with their standard errors, and the two variances.

    ``is_singular`` says that the groups do not differ beyond the residual: least squares then
    gives the same answer. ``dof`` are those left within groups, which is what Satterthwaite and
    Kenward-Roger give for slopes in balanced data.
    """

    effects: Floats
    se: Floats
    dof: Floats
    var_group: float
    var_residual: float
    reml_loglik: float
    is_singular: bool


def fit_random_intercept(y: Floats, design: Floats, groups: Floats) -> MixedFit:
    """Fit y = design @ effects + intercept of the group + residual.

    The restricted likelihood is maximised over the ratio of the two variances alone; given it,
    effects and residual variance follow in closed form.

    Parameters
    ----------
    y : ndarray, shape (n,)
    design : ndarray, shape (n, n_effects)
    groups : ndarray of int, shape (n,)
        Which group each row belongs to, counted from 0.

    Raises
    ------
    NotEnoughData
        If the rows do not determine the effects, or leave nothing unexplained.
    """
    from scipy.optimize import minimize_scalar

    n, k = design.shape
    if np.linalg.matrix_rank(design) < k or n <= k + groups.max():
        raise NotEnoughData(
            f"{n} values cannot determine {k} effects and {groups.max() + 1} groups"
        )

    _refuse_without_residual(y, design, groups)

    def deviance(log_ratio: float) -> float:
        return -2.0 * _profile(y, design, groups, float(np.exp(log_ratio)))[0]

    best = minimize_scalar(
        deviance, bounds=(-14.0, 14.0), method="bounded", options={"xatol": 1e-9}
    )
    ratio = float(np.exp(best.x))
    is_singular = deviance(-14.0) <= float(best.fun) + 1e-8
    if is_singular:
        ratio = 0.0
    loglik, effects, variance, inverse = _profile(y, design, groups, ratio)
    se = np.sqrt(variance * np.diag(inverse))
    dof = _dof(design, groups)
    return MixedFit(effects, se, dof, ratio * variance, variance, loglik, is_singular)


def _refuse_without_residual(y: Floats, design: Floats, groups: Floats) -> None:
    """Refuse values that effects and groups explain to the last digit."""
    dummies = np.equal.outer(groups, np.arange(groups.max() + 1)).astype(float)
    everything = np.column_stack([design, dummies])
    fitted = everything @ np.linalg.lstsq(everything, y, rcond=None)[0]
    if np.abs(y - fitted).max() <= 1e-10 * max(float(np.abs(y).max()), 1e-300):
        raise NotEnoughData("the values lie exactly on lines, expected some residual; no P")


def _profile(
    y: Floats, design: Floats, groups: Floats, ratio: float
) -> tuple[float, Floats, float, Floats]:
    """Return restricted log likelihood, effects, residual variance and (X' V^-1 X)^-1."""
    n, k = design.shape
    sizes = np.bincount(groups)
    shrink = 1.0 - 1.0 / np.sqrt(1.0 + ratio * sizes)
    x, z = design.copy(), y.copy()
    for g, (size, part) in enumerate(zip(sizes, shrink, strict=True)):
        rows = groups == g
        x[rows] -= part * design[rows].sum(axis=0) / size
        z[rows] -= part * y[rows].sum() / size
    inner = x.T @ x
    inverse = np.linalg.inv(inner)
    effects = inverse @ (x.T @ z)
    residual = z - x @ effects
    variance = float(residual @ residual / (n - k))
    logdet_v = float(np.log1p(ratio * sizes).sum())
    loglik = -0.5 * (
        (n - k) * (np.log(2 * np.pi * variance) + 1.0) + logdet_v + np.linalg.slogdet(inner)[1]
    )
    return float(loglik), effects, variance, np.asarray(inverse, dtype=float)


def _dof(design: Floats, groups: Floats) -> Floats:
    """Return containment degrees of freedom: those within groups for effects that vary there."""
    n, k = design.shape
    n_groups = int(groups.max()) + 1
    means = np.array([design[groups == g].mean(axis=0) for g in range(n_groups)])
    varies = np.abs(design - means[groups]).max(axis=0) > 1e-12
    inner = n - n_groups - int(varies.sum())
    outer = n_groups - (k - int(varies.sum()))
    return np.asarray(np.where(varies, inner, max(outer, 1)), dtype=float)
