"""One curve over several plates: a common slope, and an intercept for each plate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from labproc.errors import StandardCurveError
from labproc.model import Flag, StandardCurve
from labproc.model.flag import info, review
from labproc.qpcr.poisson_curve import (
    PoissonCurve,
    fit_poisson_plates,
    line_covariance,
    log10_moments,
)
from labproc.qpcr.standard_curve import efficiency_interval, fit_standard_curve, t_quantile

Floats = NDArray[np.float64]
Standards = tuple[Sequence[float], Sequence[float]]

PARALLEL_P = 0.05


@dataclass(frozen=True, slots=True)
class SharedCurve:
    """One plate's part of a master curve: the line for Fieller, and the one of few copies."""

    curve: StandardCurve
    poisson: PoissonCurve


@dataclass(frozen=True, slots=True)
class Calibrator:
    """A sample of known copies on a plate without standards.

    ``copies`` per well; ``cq`` of its wells there; ``share`` is the variance of the copies' place
    on the line, in residual variances.
    """

    copies: float
    cq: Sequence[float]
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class MasterCurve:
    """Cq = intercept of the plate + slope x log10(copies).

    ``plates`` holds each plate's own curve, ``poisson`` the same with counting noise told apart;
    ``parallel_p`` tests that the plates share the slope (None with one plate); ``plate_sd`` is the
    SD of the plates' intercepts, in cycles.
    """

    target: str
    slope: float
    slope_ci: tuple[float, float]
    residual_sd: float
    dof: int
    sxx: float
    plates: Mapping[str, StandardCurve] = field(default_factory=dict)
    poisson: Mapping[str, PoissonCurve] = field(default_factory=dict)
    parallel_p: float | None = None
    plate_sd: float | None = None

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Whether the plates can share a slope."""
        if self.parallel_p is None or self.parallel_p >= PARALLEL_P:
            return ()
        text = (
            f"{self.target}: slopes of {len(self.plates)} plates differ (P = "
            f"{self.parallel_p:.3g}), expected one; read each plate from its own curve"
        )
        return (review("slopes_differ", text),)

    def curve_of(self, plate: str) -> StandardCurve:
        """Return the curve to read one plate from, with what is doubtful about sharing it."""
        spread = (
            f"; intercepts of {len(self.plates)} plates have SD {self.plate_sd or 0:.2f} cycles"
        )
        text = f"{self.target}: one slope for all plates, {self.slope:.4f}{spread}"
        return replace(self.plates[plate], flags=(info("master_curve", text), *self.flags))

    def of(self, plate: str) -> SharedCurve:
        """Return a plate's part of the curve."""
        return SharedCurve(self.curve_of(plate), self.poisson[plate])

    def calibrated(self, plate: str, known: Calibrator) -> SharedCurve:
        """Return the part of a plate without standards, from a calibrator of known copies.

        The line goes through the calibrator's mean Cq; its error is that of these wells, of the
        calibrator's own copies, and of the slope from the middle of the other plates' standards.
        """
        if not known.cq or not known.copies > 0:
            raise StandardCurveError(
                f"{self.target}, plate {plate}: {len(known.cq)} calibrator wells of "
                f"{known.copies:g} copies, expected at least one detected well and more than 0"
            )
        curve = self._through(plate, known)
        return SharedCurve(curve, self._poisson_through(curve, known))

    def _through(self, plate: str, known: Calibrator) -> StandardCurve:
        first = next(iter(self.plates.values()))
        text = f"{self.target}: plate {plate} is read from the calibrator and the other plates"
        return replace(
            first,
            intercept=float(np.mean(known.cq)) - self.slope * float(np.log10(known.copies)),
            n_points=len(known.cq),
            n_levels=1,
            mean_log10=float(np.mean([c.mean_log10 for c in self.plates.values()])),
            log10_range=self._range(),
            calibrator_share=known.share,
            r_squared=None,
            lack_of_fit_p=None,
            cq_range=None,
            flags=(info("calibrated_plate", text), *self.flags),
        )

    def _range(self) -> tuple[float, float]:
        """Return the range of standards that all plates hold."""
        ranges = [c.log10_range for c in self.plates.values() if c.log10_range]
        return max(r[0] for r in ranges), min(r[1] for r in ranges)

    def _poisson_through(self, curve: StandardCurve, known: Calibrator) -> PoissonCurve:
        one = next(iter(self.poisson.values()))
        mean, counting = log10_moments([known.copies])
        cq, m = float(np.mean(known.cq)), len(known.cq)
        own = (one.sd**2 + one.slope**2 * float(counting[0])) / m + one.sd**2 * known.share
        covariance = line_covariance(own, float(one.covariance[1, 1]), curve.mean_log10)
        return replace(one, intercept=cq - one.slope * float(mean[0]), covariance=covariance)


def fit_master_curve(
    target: str, plates: Mapping[str, Standards], *, level: float = 0.95
) -> MasterCurve:
    """Fit a common slope with an effect of each plate (analysis of covariance).

    Parameters
    ----------
    target : str
        Whose standards they are.
    plates : mapping of plate name to (copies, cq)
        The detected standards of each plate.
    level : float
        Level of the slope's interval.

    Examples
    --------
    >>> copies, cq = [1e2, 1e3, 1e4], [31.4, 28.0, 24.7]
    >>> later = [c + 0.3 for c in cq]
    >>> master = fit_master_curve("CAR", {"P1": (copies, cq), "P2": (copies, later)})
    >>> round(master.curve_of("P2").intercept - master.curve_of("P1").intercept, 3)
    0.3
    """
    own = {name: fit_standard_curve(target, q, cq=cq) for name, (q, cq) in plates.items()}
    if not own:
        raise StandardCurveError(f"{target}: no plates, expected at least one with standards")
    sxx = sum(c.sxx for c in own.values())
    slope = sum(c.slope * c.sxx for c in own.values()) / sxx
    separate = sum(c.residual_sd**2 * c.dof for c in own.values())
    between = sum((c.slope - slope) ** 2 * c.sxx for c in own.values())
    dof = sum(c.n_points for c in own.values()) - len(own) - 1
    sd = float(np.sqrt((separate + between) / dof))
    half = t_quantile(level, dof) * sd / float(np.sqrt(sxx))
    interval = (slope - half, slope + half)
    shared = {
        name: _with_common_slope(c, plates[name], slope, interval, sd, dof, sxx)
        for name, c in own.items()
    }
    intercepts = [c.intercept for c in shared.values()]
    counted = fit_poisson_plates(list(plates.values()))
    return MasterCurve(
        target,
        slope,
        interval,
        sd,
        dof,
        sxx,
        shared,
        dict(zip(plates, counted, strict=True)),
        _parallel(between, separate, len(own), dof),
        float(np.std(intercepts, ddof=1)) if len(intercepts) > 1 else None,
    )


def _with_common_slope(
    curve: StandardCurve,
    standards: Standards,
    slope: float,
    interval: tuple[float, float],
    sd: float,
    dof: int,
    sxx: float,
) -> StandardCurve:
    intercept = float(np.mean(standards[1])) - slope * curve.mean_log10
    return replace(
        curve,
        slope=slope,
        intercept=intercept,
        residual_sd=sd,
        dof=dof,
        sxx=sxx,
        slope_ci=interval,
        efficiency_ci=efficiency_interval(*interval),
    )


def _parallel(between: float, separate: float, n_plates: int, dof: int) -> float | None:
    """Return the P of equal slopes, None where nothing can be tested."""
    from scipy import special

    spare = dof - (n_plates - 1)
    if n_plates < 2 or spare < 1 or separate <= 0:
        return None
    statistic = (between / (n_plates - 1)) / (separate / spare)
    return float(special.fdtrc(n_plates - 1, spare, statistic))
