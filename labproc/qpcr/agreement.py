"""Do two methods agree? VCN by qPCR against the CAR+ fraction by flow cytometry.

References
----------
Linnet K. Evaluation of regression procedures for methods comparison studies. Clin Chem 1993.
doi:10.1093/clinchem/39.3.424.
Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of clinical
measurement. Lancet 1986. doi:10.1016/S0140-6736(86)90837-8
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labproc.errors import NotEnoughData
from labproc.model import Measurement, SampleKey
from labproc.qpcr.standard_curve import t_quantile

Floats = NDArray[np.float64]
MIN_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Deming:
    """A line through points with error in both methods; intervals by jackknife."""

    slope: float
    intercept: float
    slope_ci: tuple[float, float]
    intercept_ci: tuple[float, float]
    n: int


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Mean difference (second minus first) with its limits of agreement and their intervals.

    Of logarithms it is a mean ratio: exponentiate.
    """

    bias: float
    bias_ci: tuple[float, float]
    low: float
    high: float
    low_ci: tuple[float, float]
    high_ci: tuple[float, float]
    n: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Samples that two metrics share."""

    keys: tuple[SampleKey, ...]
    first: Floats
    second: Floats


def pair(measurements: Iterable[Measurement], *, first: str, second: str) -> Pairs:
    """Return the samples that have both metrics, in the order of their keys."""
    found: dict[str, dict[SampleKey, float]] = {first: {}, second: {}}
    for m in measurements:
        if m.metric in found and m.value is not None:
            found[m.metric].setdefault(m.key.without_tube(), m.value)
    keys = sorted(found[first].keys() & found[second].keys(), key=lambda k: k.order)
    return Pairs(
        tuple(keys),
        np.array([found[first][k] for k in keys]),
        np.array([found[second][k] for k in keys]),
    )


def deming(
    x: ArrayLike, y: ArrayLike, *, variance_ratio: float = 1.0, level: float = 0.95
) -> Deming:
    """Fit a line by Deming regression.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        The two methods.
    variance_ratio : float
        Error variance of y over that of x.
    level : float
        Level of the jackknife intervals.

    Raises
    ------
    NotEnoughData
        If there are fewer than 3 pairs, or one method does not vary.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    _enough(a.size)
    line = _deming(a, b, variance_ratio)
    keep = ~np.eye(a.size, dtype=bool)
    left_out = np.array([_deming(a[k], b[k], variance_ratio) for k in keep])
    pseudo = a.size * line - (a.size - 1) * left_out
    half = t_quantile(level, a.size - 1) * pseudo.std(axis=0, ddof=1) / np.sqrt(a.size)
    (slope, intercept), (ds, di) = line, half
    return Deming(
        float(slope),
        float(intercept),
        (float(slope - ds), float(slope + ds)),
        (float(intercept - di), float(intercept + di)),
        a.size,
    )


def _deming(x: Floats, y: Floats, ratio: float) -> Floats:
    dx, dy = x - x.mean(), y - y.mean()
    sxx, syy, sxy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    if sxx == 0 or sxy == 0:
        raise NotEnoughData("agreement: a method does not vary, expected a range of values")
    gap = syy - ratio * sxx
    slope = (gap + np.sqrt(gap**2 + 4 * ratio * sxy**2)) / (2 * sxy)
    return np.array([slope, y.mean() - slope * x.mean()])


def bland_altman(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> BlandAltman:
    """Return the mean of y - x with its 95 % limits of agreement.

    Give logarithms where the methods differ by a factor.

    Raises
    ------
    NotEnoughData
        If there are fewer than 3 pairs.
    """
    difference = np.asarray(y, dtype=np.float64) - np.asarray(x, dtype=np.float64)
    n = difference.size
    _enough(n)
    bias, sd, t = float(difference.mean()), float(difference.std(ddof=1)), t_quantile(level, n - 1)
    half, wide = t * sd / np.sqrt(n), t * sd * np.sqrt(3 / n)
    low, high = bias - 1.96 * sd, bias + 1.96 * sd
    return BlandAltman(
        bias,
        (float(bias - half), float(bias + half)),
        low,
        high,
        (float(low - wide), float(low + wide)),
        (float(high - wide), float(high + wide)),
        n,
    )


def _enough(n: int) -> None:
    if n < MIN_PAIRS:
        raise NotEnoughData(
            f"agreement: {n} samples with both methods, expected at least {MIN_PAIRS}"
        )
