"""Response to several lenalidomide concentrations: curve, trend and each dose against control."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model._arrays import Floats
from labproc.trends.lines import t_quantile, t_two_sided
from labproc.trends.nonlinear import CurveFit, fit_positive

FEWEST_DOSES = 5
"""Doses, the control among them, below which four parameters cannot be told apart."""


@dataclass(frozen=True, slots=True)
class TrendTest:
    """A test of an ordered effect: statistic, P, and what it estimates where it estimates."""

    test: str
    statistic: float
    p_value: float
    estimate: float | None = None
    ci: tuple[float, float] | None = None


def fit_four_parameters(dose_um: Floats, response: Floats) -> CurveFit:
    """Fit A + (D - A) / (1 + (EC50 / dose)^h): A at no drug, D at much, both positive.

    Parameters
    ----------
    dose_um : ndarray, shape (n,), µmol/L
        0 for the control.
    response : ndarray, shape (n,)
        Positive values, such as a fold.

    Raises
    ------
    NotEnoughData
        With fewer than five doses, negative doses, or responses at or below zero.
    """
    _check_doses(dose_um, response, FEWEST_DOSES)
    if (response <= 0).any():
        raise NotEnoughData("a response at or below zero, expected positive ones for this curve")

    def model(p: Floats, dose: Floats) -> Floats:
        bottom, top, ec50, hill = p
        power = hill * (np.log(ec50) - np.log(np.maximum(dose, 1e-12)))
        share = np.where(dose > 0, 1.0 / (1.0 + np.exp(np.clip(power, -500, 500))), 0.0)
        return np.asarray(bottom + (top - bottom) * share)

    given = np.unique(dose_um[dose_um > 0])
    ends = [float(np.mean(response[dose_um == d])) for d in (dose_um.min(), dose_um.max())]
    starts = [(*ends, float(d), h) for d in given for h in (0.7, 1.5)]
    return fit_positive(("A", "D", "EC50", "h"), model, dose_um, response, starts=starts)


def jonckheere(dose: Floats, response: Floats) -> TrendTest:
    """Test whether responses rise (or fall) with the order of the doses.

    J counts pairs in order over all pairs of doses, ties as half; P by the normal approximation
    without a correction for ties. Several cultures of one donor are not independent: give one
    value per donor and dose.
    """
    from scipy.special import ndtr

    _check_doses(dose, response, 3)
    groups = [response[dose == d] for d in np.unique(dose)]
    j = 0.0
    for i, low in enumerate(groups):
        for high in groups[i + 1 :]:
            apart = high[None, :] - low[:, None]
            j += float((apart > 0).sum() + 0.5 * (apart == 0).sum())
    sizes = np.array([g.size for g in groups], dtype=float)
    n = sizes.sum()
    mean = (n**2 - (sizes**2).sum()) / 4
    variance = (n**2 * (2 * n + 3) - (sizes**2 * (2 * sizes + 3)).sum()) / 72
    z = float((j - mean) / np.sqrt(variance))
    return TrendTest("Jonckheere-Terpstra", z, float(2 * ndtr(-abs(z))), j)


def linear_contrast(table: Floats, *, level: float = 0.05) -> TrendTest:
    """Test a steady step from dose to dose within donors.

    Each donor's responses are reduced to the slope over the ranks of the doses; the slopes are
    tested against 0 by Student's t, so that donors are the n.

    Parameters
    ----------
    table : ndarray, shape (n_donors, n_doses)
        Responses in the order of the doses, on the scale of the analysis.

    Raises
    ------
    NotEnoughData
        With fewer than two donors or three doses.
    """
    n, k = table.shape
    if n < 2 or k < 3:
        raise NotEnoughData(f"{n} donors and {k} doses, expected at least 2 and 3 for a trend")
    ranks = np.arange(k) - (k - 1) / 2.0
    slopes = table @ ranks / (ranks @ ranks)
    mean, se = float(slopes.mean()), float(slopes.std(ddof=1) / np.sqrt(n))
    if se == 0:
        raise NotEnoughData("the donors' slopes do not differ, so no P")
    half = t_quantile(1.0 - level, n - 1) * se
    t = mean / se
    p = t_two_sided(t, n - 1)
    return TrendTest("linear contrast", t, p, mean, (mean - half, mean + half))


def linear_contrast_apart(columns: Sequence[Floats], *, level: float = 0.05) -> TrendTest:
    """Test a steady step from dose to dose between cultures that share no donor.

    The contrast of the doses' means over their ranks, with the pooled error of all doses.

    Parameters
    ----------
    columns : sequence of ndarray
        Responses of each dose, in the order of the doses.

    Raises
    ------
    NotEnoughData
        With fewer than three doses, or none that has repeats that differ.
    """
    k, n = len(columns), sum(c.size for c in columns)
    if k < 3 or n <= k:
        raise NotEnoughData(f"{k} doses in {n} values, expected 3 with repeats for a trend")
    weights = (np.arange(k) - (k - 1) / 2.0) / ((k**3 - k) / 12.0)
    error = sum(float(((c - c.mean()) ** 2).sum()) for c in columns) / (n - k)
    if error <= 0:
        raise NotEnoughData("the repeats of each dose do not differ, so no P")
    estimate = float(sum(w * c.mean() for w, c in zip(weights, columns, strict=True)))
    se = float(np.sqrt(error * sum(w**2 / c.size for w, c in zip(weights, columns, strict=True))))
    half = t_quantile(1.0 - level, n - k) * se
    p = t_two_sided(estimate / se, n - k)
    ends = (estimate - half, estimate + half)
    return TrendTest("linear contrast", estimate / se, p, estimate, ends)


def dunnett(control: Floats, treated: Sequence[Floats]) -> list[TrendTest]:
    """Compare each dose with the control, P adjusted jointly (Dunnett), arms as independent.

    Raises
    ------
    NotEnoughData
        With fewer than two values in an arm, or an arm in which all are equal.
    """
    from scipy.stats import dunnett as scipy_dunnett

    if min(control.size, *(t.size for t in treated)) < 2:
        raise NotEnoughData("fewer than 2 values in an arm, expected at least 2 in each")
    if any(np.ptp(one) <= 1e-12 * np.abs(one).max() for one in (control, *treated)):
        raise NotEnoughData("an arm without any spread, expected values that differ")
    found = scipy_dunnett(*treated, control=control, rng=np.random.default_rng(0))
    band = found.confidence_interval(0.95)
    lows, highs = np.atleast_1d(band.low), np.atleast_1d(band.high)
    return [
        TrendTest(
            "Dunnett",
            float(found.statistic[i]),
            float(found.pvalue[i]),
            float(arm.mean() - control.mean()),
            (float(lows[i]), float(highs[i])),
        )
        for i, arm in enumerate(treated)
    ]


def kruskal_wallis(dose: Floats, response: Floats) -> TrendTest:
    """Test whether any dose differs, without an order."""
    from scipy.stats import kruskal

    _check_doses(dose, response, 2)
    found = kruskal(*(response[dose == d] for d in np.unique(dose)))
    return TrendTest("Kruskal-Wallis", float(found.statistic), float(found.pvalue))


def _check_doses(dose: Floats, response: Floats, fewest: int) -> None:
    if (dose < 0).any():
        raise NotEnoughData(f"a dose of {dose.min():g} µmol/L, expected 0 or more")
    n = np.unique(dose).size
    if n < fewest or response.size <= n:
        raise NotEnoughData(f"{n} doses in {response.size} values, expected {fewest} with repeats")
