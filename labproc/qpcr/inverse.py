"""From Cq back to copies, with the interval that the curve and the replicates give (Fieller)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labproc.errors import StandardCurveError
from labproc.model import StandardCurve
from labproc.qpcr.standard_curve import copies_at, t_quantile


@dataclass(frozen=True, slots=True)
class Inverse:
    """A place on the curve's x axis, log10(copies), and its interval; None where none exists."""

    log10: float
    low: float | None
    high: float | None

    @property
    def copies(self) -> tuple[float, float | None, float | None]:
        """Copies per well, and the interval's ends."""
        if self.low is None or self.high is None:
            return float(copies_at(self.log10)), None, None
        found, low, high = copies_at([self.log10, self.low, self.high]).tolist()
        return found, low, high


def read_backwards(cq: Sequence[float], curve: StandardCurve, *, level: float = 0.95) -> Inverse:
    """Read one well, or the replicates of one sample, backwards from the curve.

    x0 = (mean Cq - intercept) / slope, with Fieller's interval. Replicates add their own scatter
    to the residual variance: s2 = (SSE + sum((Cq - mean Cq)^2)) / (n + m - 3), as in R's
    ``investr::calibrate``. The interval does not exist where the slope itself is in doubt, nor
    for a curve typed in by hand.

    Parameters
    ----------
    cq : sequence of float, length m
        Quantification cycles of wells of one sample, all detected.
    curve : StandardCurve
        Curve of the same target and plate.
    level : float
        Level of the interval.

    References
    ----------
    Fieller EC. Some problems in interval estimation. J R Stat Soc B 1954.
    doi:10.1111/j.2517-6161.1954.tb00159.x

    Examples
    --------
    >>> curve = StandardCurve("CAR", slope=-3.3219, intercept=38.0)
    >>> round(read_backwards([28.0343], curve).copies[0])
    1000
    """
    if not cq:
        raise StandardCurveError(f"{curve.target}: no Cq to read from the curve, expected one")
    y = np.asarray(cq, dtype=np.float64)
    mean = float(y.sum() / y.size)
    x0 = (mean - curve.intercept) / curve.slope
    dof = curve.dof + y.size - 1
    if curve.n_points == 0 or curve.dof < 1:
        return Inverse(x0, None, None)
    sse = curve.residual_sd**2 * curve.dof + float(((y - mean) ** 2).sum())
    return _fieller(x0, curve, variance=sse / dof, t=t_quantile(level, dof), m=y.size)


def _fieller(x0: float, curve: StandardCurve, *, variance: float, t: float, m: int) -> Inverse:
    """Return x0 with Fieller's interval, or without one where g >= 1."""
    g = t**2 * variance / (curve.slope**2 * curve.sxx)
    if g >= 1:
        return Inverse(x0, None, None)
    away = x0 - curve.mean_log10
    line = 1 / curve.n_points + curve.calibrator_share
    root = away**2 / curve.sxx + (1 - g) * (1 / m + line)
    half = t * float(np.sqrt(variance) / abs(curve.slope) * np.sqrt(root))
    centre = curve.mean_log10
    return Inverse(x0, centre + (away - half) / (1 - g), centre + (away + half) / (1 - g))
