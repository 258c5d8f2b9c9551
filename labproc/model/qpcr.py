"""What a qPCR run holds, and what is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from labproc.model._arrays import Floats, read_only
from labproc.model.flag import Flag
from labproc.model.sample import SourceFile


class Task(StrEnum):
    """What a well is for, in one vocabulary for every instrument."""

    UNKNOWN = "unknown"
    STANDARD = "standard"
    NTC = "ntc"
    POSITIVE = "positive"
    NRT = "nrt"
    IPC = "ipc"


class Status(StrEnum):
    """What can be said of a quantity."""

    QUANTIFIED = "quantified"
    BELOW_LLOQ = "below_lloq"
    NOT_DETECTED = "not_detected"
    ABOVE_RANGE = "above_range"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Well:
    """One reaction: one target in one well.

    ``position`` is written without a leading zero (``A1``). ``cq`` is None where nothing was
    detected. ``quantity`` is the file's own number in the file's own unit: the nominal value of a
    standard, the instrument's result for an unknown.
    """

    position: str
    sample: str = ""
    target: str = ""
    task: Task = Task.UNKNOWN
    cq: float | None = None
    quantity: float | None = None
    omitted: bool = False
    dye: str = ""
    task_as_written: str = ""
    flags: tuple[Flag, ...] = ()

    def __post_init__(self) -> None:
        if self.cq is not None and not (np.isfinite(self.cq) and self.cq > 0):
            raise ValueError(f"well {self.position}: a Cq of {self.cq} is not a number of cycles")


@dataclass(frozen=True, slots=True)
class ReportedCurve:
    """The standard curve as the instrument's software states it; efficiency 1.0 is doubling."""

    target: str
    slope: float | None = None
    intercept: float | None = None
    r_squared: float | None = None
    efficiency: float | None = None


@dataclass(frozen=True, slots=True)
class Amplification:
    """Fluorescence of one reaction over its cycles, arrays of shape (n_cycles,)."""

    position: str
    target: str
    cycles: Floats = field(compare=False)
    fluorescence: Floats = field(compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cycles", read_only(self.cycles, np.float64))
        object.__setattr__(self, "fluorescence", read_only(self.fluorescence, np.float64))
        if self.cycles.shape != self.fluorescence.shape:
            raise ValueError(f"well {self.position}: cycles and fluorescence differ in length")


@dataclass(frozen=True, slots=True)
class CqTable:
    """The reactions of one run, in file order."""

    wells: tuple[Well, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """Target names in order of first appearance, without the empty one."""
        return tuple(dict.fromkeys(w.target for w in self.wells if w.target))

    def of(self, target: str) -> "CqTable":
        """Return the reactions of one target."""
        return CqTable(tuple(w for w in self.wells if w.target == target))

    def with_task(self, *tasks: Task) -> tuple[Well, ...]:
        """Return the wells of these tasks that are not omitted."""
        return tuple(w for w in self.wells if w.task in tasks and not w.omitted)


@dataclass(frozen=True, slots=True)
class QpcrRun:
    """One qPCR export: its reactions, and what the instrument made of them.

    ``format`` is the parser's name for the layout (``quantstudio_da2``); ``details`` holds what
    else the file says of itself (software, block, chemistry, experiment type).
    """

    source: SourceFile
    format: str
    table: CqTable
    plate: str = ""
    reported_curves: tuple[ReportedCurve, ...] = ()
    amplification: tuple[Amplification, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class StandardCurve:
    """Cq = intercept + slope x log10(copies), with what its intervals need.

    ``residual_sd`` in cycles with ``dof`` degrees of freedom; ``log10_range`` the lowest and
    highest standard. A curve that goes through a calibrator is as doubtful as the calibrator's own
    copies: ``calibrator_share`` is what they add to the variance of the line, in residual
    variances. A curve typed in by hand has only its slope and intercept.
    """

    target: str
    slope: float
    intercept: float
    residual_sd: float = 0.0
    dof: int = 0
    n_points: int = 0
    n_levels: int = 0
    mean_log10: float = 0.0
    sxx: float = 0.0
    r_squared: float | None = None
    slope_ci: tuple[float, float] | None = None
    efficiency_ci: tuple[float, float] | None = None
    log10_range: tuple[float, float] | None = None
    cq_range: tuple[float, float] | None = None
    lack_of_fit_p: float | None = None
    calibrator_share: float = 0.0
    source: SourceFile | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def efficiency(self) -> float:
        """Gain per cycle, ``10**(-1/slope) - 1``; 1.0 is doubling."""
        return float(10.0 ** (-1.0 / self.slope) - 1.0)


@dataclass(frozen=True, slots=True)
class CopyNumber:
    """Template copies in one well (or one sample's replicates), read backwards from a curve.

    ``copies`` is per well. It is None when nothing can be said but a limit; for
    ``not_detected`` ``ci_high`` is the upper limit. ``fieller_*`` stand beside whatever
    ``method`` was reported, None where Fieller's interval does not exist. ``draws`` (n_draws,)
    are copies per well with the curve moved within its interval.
    """

    sample: str
    target: str
    wells: tuple[str, ...]
    n_wells: int
    n_detected: int
    copies: float | None
    ci_low: float | None
    ci_high: float | None
    method: str
    status: Status
    cq: float | None = None
    task: Task = Task.UNKNOWN
    fieller_copies: float | None = None
    fieller_low: float | None = None
    fieller_high: float | None = None
    reported_copies: float | None = None
    flags: tuple[Flag, ...] = ()
    draws: Floats | None = field(default=None, compare=False)
