"""Expansion, contraction and persistence of copies in one piecewise curve."""

import numpy as np

from labproc.model._arrays import Floats
from labproc.trends.nonlinear import CurveFit, fit_positive

NAMES = ("Cmax", "rho", "Tmax", "odds", "alpha", "beta")


def fit_expansion(days: Floats, copies: Floats) -> CurveFit:
    """Fit exponential growth to a peak and a biexponential fall, on the log scale.

    Before Tmax: Cmax exp(-rho (Tmax - t)); after it: Cmax (F exp(-beta (t - Tmax)) +
    (1 - F) exp(-alpha (t - Tmax))), with the persisting share F = odds / (1 + odds). Only
    quantified samples; at least seven.

    Parameters
    ----------
    days, copies : ndarray, shape (n_samples,)

    Raises
    ------
    NotEnoughData
        With fewer than seven samples.

    References
    ----------
    Stein et al., CPT Pharmacometrics Syst Pharmacol 2019;8:285-295. doi:10.1002/psp4.12388
    """

    def model(p: Floats, t: Floats) -> Floats:
        top, rho, peak, odds, alpha, beta = p
        after = np.maximum(t - peak, 0.0)
        share = odds / (1.0 + odds)
        fall = share * np.exp(-beta * after) + (1.0 - share) * np.exp(-alpha * after)
        before = np.minimum(t - peak, 0.0)
        return np.asarray(np.log(top) + rho * before + np.log(np.maximum(fall, 1e-300)))

    top = float(copies.max())
    seen = float(days[np.argmax(copies)])
    starts = [
        (top * k, rho, max(seen * shift, 0.5), odds, alpha, beta)
        for k in (1.0, 1.5)
        for rho in (0.4, 0.8)
        for shift in (0.75, 0.85, 1.0)
        for odds in (0.03, 0.15)
        for alpha, beta in ((0.1, 0.004), (0.25, 0.015))
    ]
    return fit_positive(NAMES, model, days, np.log(copies), starts=starts)


def persisting_share(fit: CurveFit) -> float:
    """Return the fraction of the peak that falls at the slow rate."""
    odds = fit.estimates["odds"]
    return odds / (1.0 + odds)
