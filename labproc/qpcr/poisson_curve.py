"""The standard curve with counting noise told apart from the assay's own scatter.

A standard of 10 copies holds 7 or 13 as often as not. Least squares takes that for scatter of the
assay and lets it bend the line; here each level's variance is technical plus Poisson.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labproc.model import StandardCurve

Floats = NDArray[np.float64]

LN10 = float(np.log(10))
EXACT_BELOW = 200.0  # copies; above, the series is exact to 1e-6 decades
MIN_SD = 0.03  # cycles; no block holds its temperature better
ROUNDS = 12  # the variance settles to 1e-4 within 8


@dataclass(frozen=True, slots=True)
class PoissonCurve:
    """Cq = intercept + slope x log10(molecules), scatter ``sd`` in cycles with ``dof``."""

    intercept: float
    slope: float
    sd: float
    dof: float
    covariance: Floats = field(compare=False)

    def variance_at(self, log10_copies: ArrayLike) -> Floats:
        """Return the variance of the line at some places, in cycles squared."""
        x = np.asarray(log10_copies, dtype=np.float64)
        c = self.covariance
        return np.asarray(c[0, 0] + 2 * x * c[0, 1] + x**2 * c[1, 1])


def log10_moments(copies: ArrayLike) -> tuple[Floats, Floats]:
    """Return mean and variance of log10(n) for Poisson n of this mean, given n is at least 1.

    Exact sums below 200 copies; above, log10(q) - 1 / (2 q ln 10) and its variance.

    Examples
    --------
    >>> mean, variance = log10_moments([10.0])
    >>> round(float(mean[0]), 3), round(float(variance[0]), 4)
    (0.976, 0.0227)
    """
    q = np.asarray(copies, dtype=np.float64)
    mean = np.log10(q) - (1 / (2 * q) + 5 / (12 * q**2)) / LN10
    variance = (1 / q + 3 / (2 * q**2)) / LN10**2
    if (low := q < EXACT_BELOW).any():
        mean[low], variance[low] = _exact_moments(q[low])
    return mean, variance


def _exact_moments(q: Floats) -> tuple[Floats, Floats]:
    from scipy import special

    levels, index = np.unique(q, return_inverse=True)
    n = np.arange(1, int(EXACT_BELOW * 2) + 1, dtype=np.float64)
    weight = np.exp(n * np.log(levels[:, None]) - levels[:, None] - special.gammaln(n + 1))
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ np.log10(n)
    return mean[index], (weight @ np.log10(n) ** 2 - mean**2)[index]


def fit_poisson_curve(copies: ArrayLike, *, cq: ArrayLike) -> PoissonCurve:
    """Fit the line with variance sd^2 + slope^2 Var(log10 n) at each level.

    Weighted least squares on E[log10 n], the technical variance from the residuals' moments, in
    turn until it settles. ``dof`` counts the wells that speak of the technical variance.

    Parameters
    ----------
    copies, cq : array_like, shape (n_points,)
        Nominal copies per well and Cq of the detected standards.
    """
    return fit_poisson_plates([(copies, cq)])[0]


def fit_poisson_plates(plates: Sequence[tuple[ArrayLike, ArrayLike]]) -> list[PoissonCurve]:
    """Fit one slope and one technical scatter for several plates, an intercept for each.

    Parameters
    ----------
    plates : sequence of (copies, cq)
        The detected standards of each plate.

    Returns
    -------
    list of PoissonCurve
        One for each plate, each with the covariance of its own intercept and the slope.
    """
    moments = [log10_moments(copies) for copies, _ in plates]
    x, counting = (np.concatenate(parts) for parts in zip(*moments, strict=True))
    y = np.concatenate([np.asarray(cq, dtype=np.float64) for _, cq in plates])
    of_plate = np.repeat(np.arange(len(plates)), [m[0].size for m in moments])
    design = np.column_stack([of_plate[:, None] == np.arange(len(plates)), x]).astype(np.float64)
    line, covariance, sd2, dof = _settled(design, y, counting)
    rows = [[i, len(plates)] for i in range(len(plates))]
    return [
        PoissonCurve(
            float(line[i]), float(line[slope]), float(np.sqrt(sd2)), dof, covariance[np.ix_(r, r)]
        )
        for r in rows
        for i, slope in [r]
    ]


def _settled(design: Floats, y: Floats, counting: Floats) -> tuple[Floats, Floats, float, float]:
    """Return line, covariance, technical variance and its degrees of freedom."""
    n, n_parameters = design.shape
    weight, sd2 = np.ones(n), MIN_SD**2
    for _ in range(ROUNDS):
        line = _inverse(design, weight) @ (design.T @ (weight * y))
        noise = line[-1] ** 2 * counting
        spare = (y - design @ line) ** 2 * n / (n - n_parameters) - noise
        sd2 = max(MIN_SD**2, float((weight**2 * spare).sum() / (weight**2).sum()))
        weight = 1 / (sd2 + noise)
    dof = max(1.0, float((weight * sd2).sum()) - n_parameters)
    return np.asarray(line), _inverse(design, weight), sd2, dof


def _inverse(design: Floats, weight: Floats) -> Floats:
    information = design.T @ (weight[:, None] * design)
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def as_poisson_curve(curve: StandardCurve) -> PoissonCurve:
    """Return a fitted curve in this form, its scatter taken as technical."""
    if not curve.n_points:
        return PoissonCurve(curve.intercept, curve.slope, MIN_SD, np.inf, np.zeros((2, 2)))
    s2 = curve.residual_sd**2
    own = s2 * (1 / curve.n_points + curve.calibrator_share)
    covariance = line_covariance(own, s2 / curve.sxx, curve.mean_log10)
    sd = max(MIN_SD, curve.residual_sd)
    return PoissonCurve(curve.intercept, curve.slope, sd, float(curve.dof), covariance)


def line_covariance(at_place: float, slope: float, place: float) -> Floats:
    """Return the covariance of intercept and slope from the variances at a place and of the slope.

    The place is the one, in log10(copies), where the line's height and slope are independent.
    """
    cross = -place * slope
    return np.array([[at_place + place**2 * slope, cross], [cross, slope]])
