"""Limits of detection and quantification from the lab's own dilution series."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labproc.errors import NotEnoughData
from labproc.qpcr.detection import CHI2_95, LodFit, Series, fit_detection
from labproc.qpcr.low_copy import POISSON_ZERO
from labproc.qpcr.results import TargetFit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a dilution series: detected wells with Wilson's interval, and scatter.

    ``cv`` is the relative SD of back-calculated copies; None with fewer than 2 detected wells.
    """

    copies: float
    n: int
    k: int
    low: float
    high: float
    cv: float | None


@dataclass(frozen=True, slots=True)
class Limits:
    """LOD by every model, the best first; LOQ; and the levels that they come from."""

    fits: tuple[LodFit, ...]
    levels: tuple[Level, ...]
    loq: float | None
    loq_cv: float

    @property
    def lod(self) -> LodFit:
        """The fit with the lowest AIC."""
        return self.fits[0]

    @property
    def is_below_theory(self) -> bool:
        """Whether the LOD lies below 3.00 copies, less than counting allows: copies are wrong."""
        return self.lod.high is not None and self.lod.high < POISSON_ZERO


def limits(
    copies: ArrayLike, *, cq: Sequence[float | None], slope: float, loq_cv: float = 0.35
) -> Limits:
    """Return LOD and LOQ of a dilution series.

    LOQ is the lowest level from which on upwards the CV of copies is at most ``loq_cv``, with
    CV = sqrt((1 + E)^(SD^2 ln(1 + E)) - 1).

    Parameters
    ----------
    copies : array_like, shape (n_wells,)
        Nominal copies per reaction; wells at 0 are left out.
    cq : sequence of float or None, length n_wells
        None where nothing was detected.
    slope : float
        Of the standard curve.
    loq_cv : float
        Largest CV that counts as quantified.

    References
    ----------
    Forootan A et al. Methods to determine limit of detection and limit of quantification in
    quantitative real-time PCR. Biomol Detect Quantif 2017. doi:10.1016/j.bdq.2017.04.001
    """
    by_level = _by_level(np.asarray(copies, dtype=np.float64), cq)
    rows = tuple(_level(q, found, slope) for q, found in by_level)
    series = Series(
        np.array([r.copies for r in rows]),
        np.array([r.n for r in rows], dtype=np.float64),
        np.array([r.k for r in rows], dtype=np.float64),
    )
    return Limits(fit_detection(series), rows, _loq(rows, loq_cv), loq_cv)


def limits_of(fit: TargetFit, *, loq_cv: float = 0.35) -> Limits:
    """Return LOD and LOQ of a plate's own standards, undetermined ones included.

    Raises
    ------
    NotEnoughData
        If there is no curve, or no level with some wells detected and some not.
    """
    if fit.curve is None:
        raise NotEnoughData(f"{fit.target}: no standard curve, expected one to state limits by")
    used = [p for p in fit.standards if not p.omitted]
    return limits(
        [p.copies for p in used], cq=[p.cq for p in used], slope=fit.curve.slope, loq_cv=loq_cv
    )


def _by_level(copies: Floats, cq: Sequence[float | None]) -> list[tuple[float, list[float | None]]]:
    found: dict[float, list[float | None]] = {}
    for q, c in zip(copies, cq, strict=True):
        if q > 0:
            found.setdefault(float(q), []).append(c)
    return sorted(found.items())


def _level(copies: float, cq: list[float | None], slope: float) -> Level:
    seen = [c for c in cq if c is not None]
    low, high = wilson(len(seen), len(cq))
    cv = copies_cv(float(np.std(seen, ddof=1)), slope=slope) if len(seen) > 1 else None
    return Level(copies, len(cq), len(seen), low, high, cv)


def copies_cv(sd_cycles: float, *, slope: float) -> float:
    """Return the CV of copies from the SD of Cq, copies being log-normal.

    Examples
    --------
    >>> round(copies_cv(0.119231, slope=-3.39214854869315), 4)
    0.0811
    """
    gain = np.log(10) / abs(slope)  # ln(1 + E)
    return float(np.sqrt(np.expm1(min((sd_cycles * gain) ** 2, 700.0))))


def wilson(k: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a proportion."""
    z2 = CHI2_95
    centre, half = k + z2 / 2, np.sqrt(z2 * (k * (n - k) / n + z2 / 4))
    return float(max(0.0, centre - half) / (n + z2)), float((centre + half) / (n + z2))


def _loq(levels: Sequence[Level], cv: float) -> float | None:
    found = None
    for level in reversed(levels):
        if level.cv is None or level.cv > cv or level.k < level.n:
            break
        found = level.copies
    return found
