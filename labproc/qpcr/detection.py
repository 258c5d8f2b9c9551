"""Detection curves of a dilution series, and the limit of detection that each gives.

The share of wells detected at each level is binomial; four curves are fitted by maximum
likelihood and the one with the lowest AIC comes first. The interval is a profile interval: a Wald
interval of the same data reaches below 0 copies.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.errors import NotEnoughData
from labproc.qpcr.low_copy import POISSON_ZERO

Floats = NDArray[np.float64]

CHI2_95 = 3.841458820694124  # 0.95 quantile, 1 degree of freedom
SLOPES = (0.05, 30.0)  # per decade; flatter or steeper than any assay
TINY = 1e-12
WIDEST = 4.0  # decades searched on either side of the estimate


@dataclass(frozen=True, slots=True)
class Model:
    """A detection curve p = link(a + b log10 copies)."""

    name: str
    link: Callable[[Floats], Floats]
    inverse: Callable[[float], float]


def _probit(z: Floats) -> Floats:
    from scipy import special

    return np.asarray(special.ndtr(z))


def _inverse_probit(p: float) -> float:
    from scipy import special

    return float(special.ndtri(p))


def _tame(z: Floats) -> Floats:
    """Hold the predictor where its exponential does not overflow."""
    return np.clip(z, -700.0, 700.0)


MODELS = (
    Model("probit", _probit, _inverse_probit),
    Model("logit", lambda z: 1 / (1 + np.exp(-_tame(z))), lambda p: float(np.log(p / (1 - p)))),
    Model(
        "cloglog", lambda z: -np.expm1(-np.exp(_tame(z))), lambda p: float(np.log(-np.log1p(-p)))
    ),
)
SINGLE_HIT = "single_hit_poisson"


@dataclass(frozen=True, slots=True)
class Series:
    """A dilution series: levels in copies per reaction, wells, wells detected."""

    copies: Floats
    n: Floats
    k: Floats

    def log_likelihood(self, p: Floats) -> float:
        """Return the binomial log-likelihood of detection probabilities, constants included."""
        from scipy import special

        inside = np.clip(p, TINY, 1 - TINY)
        ways = special.gammaln(self.n + 1) - special.gammaln(self.k + 1)
        ways = ways - special.gammaln(self.n - self.k + 1)
        own = self.k * np.log(inside) + (self.n - self.k) * np.log1p(-inside)
        return float((ways + own).sum())


@dataclass(frozen=True, slots=True)
class LodFit:
    """One model's limit of detection, copies per reaction, with its profile interval.

    ``parameters`` are a and b (per decade), or theta for the single-hit model; an end of the
    interval is None where the data do not bound it.
    """

    model: str
    parameters: tuple[float, ...]
    lod: float
    low: float | None
    high: float | None
    aic: float
    detected: float = 0.95

    def copies_at(self, probability: float) -> float:
        """Return the copies per reaction that are detected with this probability."""
        if self.model == SINGLE_HIT:
            return float(-np.log1p(-probability) / self.parameters[0])
        model = next(m for m in MODELS if m.name == self.model)
        a, b = self.parameters
        return float(10 ** ((model.inverse(probability) - a) / b))

    def k_of_n(self, k: int, n: int) -> float:
        """Return the LOD when a sample is positive if at least k of its n wells are.

        The well's own probability p solves P(Binomial(n, p) >= k) = 0.95.
        """
        from scipy import special

        return self.copies_at(float(special.betaincinv(k, n - k + 1, self.detected)))


def fit_detection(series: Series) -> tuple[LodFit, ...]:
    """Fit probit, logit, cloglog and single-hit Poisson; the lowest AIC first.

    Raises
    ------
    NotEnoughData
        If no level lies between none and all detected: the data then bound no curve.
    """
    share = series.k / series.n
    if not ((share > 0) & (share < 1)).any() or series.n.size < 2:
        raise NotEnoughData(
            f"dilution series: {series.n.size} levels, none of them with some wells detected and "
            "some not, expected at least one; add levels of 1 to 10 copies"
        )
    fits = [_fit_linked(model, series) for model in MODELS]
    return tuple(sorted([*fits, _fit_single_hit(series)], key=lambda f: f.aic))


def _fit_linked(model: Model, series: Series) -> LodFit:
    """Fit a + b log10(copies) in terms of the LOD itself, so that it can be profiled."""
    from scipy import optimize

    x = np.log10(series.copies)
    at = model.inverse(0.95)

    def best_slope(place: float) -> tuple[float, float]:
        def cost(b: float) -> float:
            return -series.log_likelihood(model.link(at + b * (x - place)))

        found = optimize.minimize_scalar(
            cost, bounds=SLOPES, method="bounded", options={"xatol": 1e-10}
        )
        return float(found.fun), float(found.x)

    inner = x[(series.k > 0) & (series.k < series.n)]
    span = (float(inner.min()) - 1.5, float(inner.max()) + 2.0)
    found = optimize.minimize_scalar(
        lambda v: best_slope(v)[0], bounds=span, method="bounded", options={"xatol": 1e-10}
    )
    place = float(found.x)
    least, b = best_slope(place)
    low, high = _profile(lambda v: best_slope(v)[0], place, least)
    ends = (None if low is None else 10**low, None if high is None else 10**high)
    return LodFit(model.name, (at - b * place, b), 10**place, *ends, 2 * least + 4)


def _fit_single_hit(series: Series) -> LodFit:
    """Fit p = 1 - exp(-theta copies): each molecule is found with chance theta."""
    from scipy import optimize

    def cost(log_theta: float) -> float:
        return -series.log_likelihood(-np.expm1(-np.exp(log_theta) * series.copies))

    start = float(np.log(1 / np.median(series.copies)))
    found = optimize.minimize_scalar(
        cost, bounds=(start - 12, start + 12), method="bounded", options={"xatol": 1e-10}
    )
    best, least = float(found.x), float(found.fun)
    low, high = _profile(cost, best, least)
    lod = POISSON_ZERO / np.exp(best)
    ends = (
        None if high is None else float(POISSON_ZERO / np.exp(high)),
        None if low is None else float(POISSON_ZERO / np.exp(low)),
    )
    return LodFit(SINGLE_HIT, (float(np.exp(best)),), float(lod), *ends, 2 * least + 2)


def _profile(
    cost: Callable[[float], float], best: float, least: float
) -> tuple[float | None, float | None]:
    """Return where the profile rises by half the chi-squared quantile, None where it does not."""
    from scipy import optimize

    limit = least + CHI2_95 / 2

    def end(side: float) -> float | None:
        for reach in np.geomspace(0.05, WIDEST, 12):
            if cost(best + side * reach) > limit:
                a, b = sorted((best, best + side * float(reach)))
                return float(optimize.brentq(lambda v: cost(v) - limit, a, b, xtol=1e-9))
        return None

    return end(-1.0), end(1.0)
