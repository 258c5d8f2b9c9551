"""What is made of one plate: curves, standards, quantities, samples, acceptance."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labproc.model import CopyNumber, Flag, ReportedCurve, StandardCurve, Well
from labproc.qpcr.poisson_curve import PoissonCurve
from labproc.qpcr.standard_curve import copies_at

Verdict = Literal["pass", "warn", "fail"]
SEVERAL_SERIES = "several_standard_series"


@dataclass(frozen=True, slots=True)
class AcceptanceRow:
    """One rule of a plate's acceptance: what was asked, what was found, pass, warn or fail."""

    rule: str
    target: str
    limit: str
    found: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Checked:
    """Rows of the acceptance table and the flags of those that did not pass."""

    rows: tuple[AcceptanceRow, ...] = ()
    flags: tuple[Flag, ...] = ()

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(self.rows + other.rows, self.flags + other.flags)


@dataclass(frozen=True, slots=True)
class StandardPoint:
    """One standard well: nominal copies and what the curve makes of its Cq.

    ``found`` is None where nothing was detected; ``residual`` is in cycles.
    """

    position: str
    sample: str
    target: str
    copies: float
    cq: float | None
    found: float | None = None
    residual: float | None = None
    is_outlier: bool = False
    omitted: bool = False

    @property
    def error(self) -> float | None:
        """Back-calculated error as a fraction of the nominal copies."""
        return None if self.found is None else self.found / self.copies - 1


@dataclass(frozen=True, slots=True)
class TargetFit:
    """One target of a plate: its wells, its curve where one can be fitted.

    ``factor`` turns the file's quantities into copies per well; ``poisson`` is the curve with
    counting noise told apart, None where the standards are not in copies.
    """

    target: str
    wells: tuple[Well, ...]
    standards: tuple[StandardPoint, ...] = ()
    curve: StandardCurve | None = None
    poisson: PoissonCurve | None = None
    reported: ReportedCurve | None = None
    factor: float | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def is_mixed(self) -> bool:
        """Whether the line runs between two series of standards: nothing can be read from it."""
        return any(f.code == SEVERAL_SERIES for f in self.flags)


@dataclass(frozen=True, slots=True)
class RecomputedCq:
    """What the fluorescence itself says of one reaction.

    ``threshold_cq`` is where the curve crosses the plate's threshold, ``maximum_cq`` where its
    second derivative is largest, ``efficiency`` the gain per cycle in the log-linear part; each
    None where there is no rise. ``stated`` is the file's own Cq.
    """

    position: str
    target: str
    stated: float | None
    threshold_cq: float | None
    maximum_cq: float | None
    efficiency: float | None


@dataclass(frozen=True, slots=True)
class RunAnalysis:
    """Everything that is made of one run.

    ``curves`` are those that could be fitted, one per target; ``quantities`` single wells that
    are not standards; ``samples`` the replicates of each sample together; ``flags`` those of the
    plate and of every curve; ``amplification`` the Cq recomputed where the file holds the curves.
    """

    curves: tuple[StandardCurve, ...]
    quantities: tuple[CopyNumber, ...]
    samples: tuple[CopyNumber, ...]
    standards: tuple[StandardPoint, ...]
    acceptance: tuple[AcceptanceRow, ...]
    flags: tuple[Flag, ...]
    targets: tuple[TargetFit, ...] = ()
    amplification: tuple[RecomputedCq, ...] = ()

    def fit_of(self, target: str) -> TargetFit | None:
        """Return one target's fit, by its name whatever the case."""
        wanted = target.casefold()
        return next((t for t in self.targets if t.target.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class CurveDraws:
    """Standard draws of one curve, shared by every sample that is read from it.

    ``unit`` has shape (n_draws, 2): Student t draws of intercept and slope before scaling.
    """

    unit: NDArray[np.float64] = field(compare=False)

    def copies(self, copies: float, curve: PoissonCurve) -> NDArray[np.float64]:
        """Return a sample's copies with the curve moved within its error, shape (n_draws,)."""
        moved = self.unit @ np.linalg.cholesky(curve.covariance + 1e-18 * np.eye(2)).T
        intercept, slope = curve.intercept + moved[:, 0], curve.slope + moved[:, 1]
        cq = curve.intercept + curve.slope * np.log10(copies)
        return copies_at((cq - intercept) / slope)
