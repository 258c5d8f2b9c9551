"""Least-squares fits of curves with positive parameters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model._arrays import Floats

Model = Callable[[Floats, Floats], Floats]
"""Parameters (n_parameters,) and x (n_points,) to y (n_points,)."""


@dataclass(frozen=True, slots=True)
class CurveFit:
    """Parameters with their standard errors, by name; ``rss`` is the residual sum of squares."""

    estimates: Mapping[str, float]
    se: Mapping[str, float]
    rss: float
    dof: int


def fit_positive(
    names: Sequence[str], model: Model, x: Floats, y: Floats, *, starts: Sequence[Sequence[float]]
) -> CurveFit:
    """Fit a curve whose parameters are all positive, from the best of several starts.

    The search runs over the logs of the parameters, so that it cannot leave the positive side;
    standard errors are brought back by the delta method.

    Parameters
    ----------
    names : sequence of str
        The parameters, in the order ``model`` takes them.
    starts : sequence of sequences of float
        Where to begin; all positive.

    Raises
    ------
    NotEnoughData
        If there are not more points than parameters, or no start leads anywhere.
    """
    from scipy.optimize import least_squares

    if x.size <= len(names):
        raise NotEnoughData(
            f"{x.size} points for {len(names)} parameters ({', '.join(names)}), "
            f"expected at least {len(names) + 1}"
        )

    def residual(logs: Floats) -> Floats:
        return model(np.exp(np.clip(logs, -60.0, 60.0)), x) - y

    best = None
    for start in starts:
        with np.errstate(all="ignore"):
            try:
                found = least_squares(
                    residual, np.log(start), method="lm", xtol=1e-14, ftol=1e-14, gtol=1e-14
                )
            except ValueError:  # a start from which the curve is not finite
                continue
        if np.isfinite(found.cost) and (best is None or found.cost < best.cost):
            best = found
    if best is None:
        raise NotEnoughData(f"no curve ({', '.join(names)}) can be fitted to {x.size} points")
    values = np.exp(best.x)
    dof = x.size - len(names)
    se = values * _standard_errors(np.asarray(best.jac, dtype=float), 2.0 * best.cost / dof)
    return CurveFit(
        dict(zip(names, (float(v) for v in values), strict=True)),
        dict(zip(names, (float(v) for v in se), strict=True)),
        float(2.0 * best.cost),
        dof,
    )


def _standard_errors(jacobian: Floats, variance: float) -> Floats:
    """Return the standard errors, infinite where the points do not determine a parameter."""
    try:
        covariance = np.linalg.inv(jacobian.T @ jacobian) * variance
    except np.linalg.LinAlgError:
        return np.full(jacobian.shape[1], np.inf)
    diagonal = np.diag(covariance)
    return np.where(diagonal >= 0, np.sqrt(np.abs(diagonal)), np.inf)
