"""One curve over several plates: a common slope, and an intercept for each plate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from labproc.errors import StandardCurveError
from labproc.model import Flag, StandardCurve
from labproc.model.flag import info, review
from labproc.qpcr.standard_curve import efficiency_interval, fit_standard_curve, t_quantile

Floats = NDArray[np.float64]
Standards = tuple[Sequence[float], Sequence[float]]

PARALLEL_P = 0.05


@dataclass(frozen=True, slots=True)
class MasterCurve:
    """Cq = intercept of the plate + slope x log10(copies).

    ``plates`` holds each plate's own curve; ``parallel_p`` tests that the plates share the slope
    (None with one plate); ``plate_sd`` is the SD of the plates' intercepts, in cycles.
    """

    target: str
    slope: float
    slope_ci: tuple[float, float]
    residual_sd: float
    dof: int
    sxx: float
    plates: Mapping[str, StandardCurve] = field(default_factory=dict)
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
        """Return the curve to read one plate from."""
        return self.plates[plate]

    def calibrated(self, plate: str, *, copies: float, cq: Sequence[float]) -> StandardCurve:
        """Return the curve of a plate without standards, from a calibrator of known copies.

        The line goes through the calibrator's mean Cq; its error there is that of these wells.
        """
        if not cq or not copies > 0:
            raise StandardCurveError(
                f"{self.target}, plate {plate}: {len(cq)} calibrator wells of {copies:g} copies, "
                "expected at least one detected well of more than 0 copies"
            )
        place, mean = float(np.log10(copies)), float(np.mean(cq))
        first = next(iter(self.plates.values()))
        text = f"{self.target}: plate {plate} is read from the calibrator and the other plates"
        return replace(
            first,
            intercept=mean - self.slope * place,
            n_points=len(cq),
            n_levels=1,
            mean_log10=place,
            r_squared=None,
            lack_of_fit_p=None,
            cq_range=None,
            flags=(info("calibrated_plate", text),),
        )


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
    return MasterCurve(
        target,
        slope,
        interval,
        sd,
        dof,
        sxx,
        shared,
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
