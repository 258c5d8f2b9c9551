"""The line through the standards: Cq = intercept + slope x log10(copies)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labproc.errors import StandardCurveError
from labproc.model import StandardCurve

Floats = NDArray[np.float64]

MIN_POINTS = 3  # two points leave nothing to judge the line by
QUANTITIES = (1e-12, 1e15)  # of one standard; 1e15 copies are more than a well can hold
SLOPES = (-20.0, -1.0)  # cycles per decade: efficiencies of 12 and 900 %, nothing amplifies so
DECADES = 100.0  # log10 of copies beyond which a number only says that there is none


@dataclass(frozen=True, slots=True)
class LackOfFit:
    """F test of the line against the replicates' own scatter."""

    statistic: float
    dof: tuple[int, int]
    p_value: float


def copies_at(log10_copies: ArrayLike) -> Floats:
    """Return copies from their log10, held within 100 decades so that nothing overflows."""
    return np.asarray(10.0 ** np.clip(log10_copies, -DECADES, DECADES))


def t_quantile(level: float, dof: float) -> float:
    """Return the two-sided Student t quantile, e.g. 2.101 for 0.95 and 18."""
    from scipy import special

    return float(special.stdtrit(dof, 0.5 + level / 2))


def fit_standard_curve(
    target: str, copies: ArrayLike, *, cq: ArrayLike, level: float = 0.95
) -> StandardCurve:
    """Fit Cq on log10(copies) by unweighted least squares, one point per well.

    This is what QuantStudio, ABI, CFX and MxPro fit, so that slopes can be compared.

    Parameters
    ----------
    target : str
        Whose standards they are.
    copies : array_like, shape (n_points,)
        Nominal copies per well, more than 0.
    cq : array_like, shape (n_points,)
        Quantification cycles of the same wells; undetermined wells are left out beforehand.
    level : float
        Level of the intervals.

    Returns
    -------
    StandardCurve

    Raises
    ------
    StandardCurveError
        If there are fewer than 3 points or 2 levels, a quantity is not more than 0, or Cq does
        not fall as copies rise.

    Examples
    --------
    >>> curve = fit_standard_curve("CAR", [10, 100, 1000, 10000], cq=[34.6, 31.4, 28.0, 24.6])
    >>> round(curve.slope, 2)
    -3.34
    """
    q, y = np.asarray(copies, dtype=np.float64), np.asarray(cq, dtype=np.float64)
    _check_points(target, q)
    x = np.log10(q)
    mean, sxx = float(x.mean()), float(((x - x.mean()) ** 2).sum())
    slope = float(((x - mean) * (y - y.mean())).sum() / sxx)
    intercept = float(y.mean() - slope * mean)
    if not SLOPES[0] <= slope <= SLOPES[1]:
        raise StandardCurveError(
            f"{target}: slope is {slope:+.3f} cycles per decade, expected about -3.3 (between "
            f"{SLOPES[0]:g} and {SLOPES[1]:g}); check the order of the standards"
        )
    dof = x.size - 2
    sse = float(((y - intercept - slope * x) ** 2).sum())
    sd = float(np.sqrt(sse / dof))
    total = float(((y - y.mean()) ** 2).sum())
    low, high = _slope_interval(slope, sd / np.sqrt(sxx), dof, level)
    test = lack_of_fit(x, y, slope=slope, intercept=intercept)
    return StandardCurve(
        target,
        slope,
        intercept,
        residual_sd=sd,
        dof=dof,
        n_points=x.size,
        n_levels=np.unique(x).size,
        mean_log10=mean,
        sxx=sxx,
        r_squared=1 - sse / total,
        slope_ci=(low, high),
        efficiency_ci=efficiency_interval(low, high),
        log10_range=(float(x.min()), float(x.max())),
        cq_range=(float(y.min()), float(y.max())),
        lack_of_fit_p=test.p_value if test else None,
    )


def _check_points(target: str, copies: Floats) -> None:
    low, high = QUANTITIES
    if (bad := copies[~((copies >= low) & (copies <= high))]).size:
        raise StandardCurveError(
            f"{target}: a standard has {bad[0]:g} copies, expected more than 0 and at most {high:g}"
        )
    levels = np.unique(copies).size
    if copies.size < MIN_POINTS or levels < 2:
        raise StandardCurveError(
            f"{target}: {copies.size} detected standards on {levels} levels, "
            f"expected at least {MIN_POINTS} wells on at least 2 levels"
        )


def _slope_interval(slope: float, se: float, dof: int, level: float) -> tuple[float, float]:
    half = t_quantile(level, dof) * float(se)
    return slope - half, slope + half


def efficiency_interval(slope_low: float, slope_high: float) -> tuple[float, float] | None:
    """Return the efficiencies at the ends of the slope's interval, None where it reaches 0.

    Examples
    --------
    >>> low, high = efficiency_interval(-3.4672589, -3.2993425)
    >>> round(low, 4), round(high, 4)
    (0.9427, 1.0095)
    """
    if slope_high >= 0:
        return None
    return float(10 ** (-1 / slope_low) - 1), float(10 ** (-1 / slope_high) - 1)


def intercept_interval(curve: StandardCurve, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of the Cq at one copy."""
    se = curve.residual_sd * np.sqrt(1 / curve.n_points + curve.mean_log10**2 / curve.sxx)
    half = t_quantile(level, curve.dof) * float(se)
    return curve.intercept - half, curve.intercept + half


def lack_of_fit(x: Floats, y: Floats, *, slope: float, intercept: float) -> LackOfFit | None:
    """Test the line against pure error; None without replicates or with only two levels.

    Parameters
    ----------
    x, y : ndarray, shape (n_points,)
        log10(copies) and Cq.
    slope, intercept : float
        Of the fitted line.
    """
    from scipy import special

    levels, index = np.unique(x, return_inverse=True)
    count = np.bincount(index)
    means = np.bincount(index, weights=y) / count
    pure, between = x.size - levels.size, levels.size - 2
    error = float(((y - means[index]) ** 2).sum())
    if pure < 1 or between < 1 or error <= 0:
        return None
    misfit = float((count * (means - intercept - slope * levels) ** 2).sum())
    statistic = (misfit / between) / (error / pure)
    return LackOfFit(statistic, (between, pure), float(special.fdtrc(between, pure, statistic)))


def curve_variance(curve: StandardCurve, log10_copies: float) -> float:
    """Return the variance of the line at one place, in cycles squared."""
    if not curve.n_points:
        return 0.0
    away = (log10_copies - curve.mean_log10) ** 2 / curve.sxx
    return curve.residual_sd**2 * (1 / curve.n_points + curve.calibrator_share + away)


def outlier_wells(
    x: Floats, y: Floats, *, variance: Floats | None = None, level: float = 0.05
) -> tuple[bool, ...]:
    """Say which standards lie off the line by their externally studentised residual.

    The limit is Bonferroni's for the number of wells, so that a clean curve shows an outlier in 1
    plate of 20. Found wells are shown, and stay in the curve.

    Parameters
    ----------
    x, y : ndarray, shape (n_points,)
        log10(copies) and Cq.
    variance : ndarray, shape (n_points,), or None
        Expected variance of each well, up to a factor: low standards scatter by counting alone.
    level : float
        Chance of a false outlier on a clean curve.
    """
    from scipy import special

    n = x.size
    if n < MIN_POINTS + 2:
        return (False,) * n
    scale = np.ones(n) if variance is None else 1 / np.sqrt(variance)
    design, scaled = np.column_stack([scale, scale * x]), scale * y
    hat = np.einsum("ij,jk,ik->i", design, np.linalg.inv(design.T @ design), design)
    hat = np.minimum(hat, 1 - 1e-9)  # a level of one well may carry the line alone
    residual = scaled - design @ np.linalg.lstsq(design, scaled, rcond=None)[0]
    sse = float((residual**2).sum())
    left = np.maximum((sse - residual**2 / (1 - hat)) / (n - 3), 1e-12)
    studentised = residual / np.sqrt(left * (1 - hat))
    limit = float(special.stdtrit(n - 3, 1 - level / (2 * n)))
    return tuple(bool(abs(r) > limit) for r in studentised)


def levels_out_of_order(copies: Floats, cq: Floats) -> Sequence[tuple[float, float]]:
    """Return neighbouring levels (lower, higher copies) whose mean Cq does not fall."""
    levels, index = np.unique(copies, return_inverse=True)
    means = np.bincount(index, weights=cq) / np.bincount(index)
    wrong = np.flatnonzero(np.diff(means) >= 0)
    return [(float(levels[i]), float(levels[i + 1])) for i in wrong]
