"""Everything the report, the dashboard and the exports show of one study."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labproc.model import (
    ROOT,
    Amplification,
    Boundary,
    Comparison,
    CopyNumber,
    CultureEvent,
    Flag,
    Measurement,
    PatientEvent,
    ReleaseRow,
    ReportedCurve,
    SampleKey,
    SourceFile,
    Spillover,
    StandardCurve,
    Trend,
    Well,
)
from labproc.pipeline.cohort_view import CohortView
from labproc.qpcr.lod_loq import Limits
from labproc.qpcr.miqe import ChecklistRow
from labproc.qpcr.results import RecomputedCq, StandardPoint
from labproc.qpcr.westgard import LeveyJennings
from labproc.store import Omission
from labproc.trends.dose_trend import DoseResponse


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of the study as it is shown: its short name, its label, whether it is the control.

    ``in_series_only`` is an arm that the plan compares over doses and not by itself.
    """

    name: str
    label: str
    is_control: bool = False
    in_series_only: bool = False


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What became of one file in ``raw/``.

    ``state`` is ``done``, ``waiting``, ``set_aside``, ``not_assigned``, ``duplicate``,
    ``replaced`` or ``gone``; ``reason`` says why in a sentence.
    """

    path: str
    sha256: str
    state: str
    kind: str = ""
    key: SampleKey | None = None
    reason: str = ""
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Density:
    """Counts on a grid, for drawing a gate without the events.

    ``counts`` has shape (n_bins,) for one channel and (n_bins_y, n_bins_x) for two; ``edges`` are
    the bin edges of each channel on its *display* scale (see ``Boundary.scales``).
    """

    channels: tuple[str, ...]
    labels: tuple[str, ...]
    scales: tuple[str, ...]
    counts: NDArray[np.uint32]
    edges: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True)
class GateView:
    """One gate of one tube as it is drawn: the parent's events, the boundary, the numbers."""

    population: str
    parent: str
    n_events: int
    n_parent: int
    fraction: float | None
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    method: str
    boundary: Boundary
    density: Density
    control: Density | None = None
    control_name: str = ""
    median_fluorescence: float | None = None
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeView:
    """An acquisition over time in equal stretches, as quality control saw it.

    ``edges`` (n_blocks + 1,) in seconds; ``counts`` and ``kept`` (n_blocks,); ``shares``
    (n_channels, n_blocks) of the events above the tube's own median.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.float64]
    kept: NDArray[np.bool_]
    channels: tuple[str, ...]
    shares: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TubeView:
    """One tube: its gates in order, and how much it needs a look (0 calm, 1 first in the list).

    ``spillover`` is the matrix it was compensated with where that is not the file's own,
    ``matrices`` those of single channels; ``undrawn`` are the gates that lie on no channel (steady
    time, booleans of other gates) or on more than two; ``features`` what the tube is held against
    its group by; ``own`` the tube's own outline of each gate that a group shares; ``course`` the
    acquisition over time.
    """

    source: SourceFile
    key: SampleKey
    strategy: str
    n_events: int
    gates: tuple[GateView, ...]
    oddness: float = 0.0
    reasons: tuple[str, ...] = ()
    version: str = "automatic"
    review: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    spillover: Spillover | None = None
    undrawn: tuple[GateView, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    matrices: Mapping[str, Spillover] = field(default_factory=dict)
    own: Mapping[str, Boundary] = field(default_factory=dict)
    course: TimeView | None = None

    @property
    def every_gate(self) -> tuple[GateView, ...]:
        """All gates, parents first: quality control, what is drawn, booleans of what is drawn."""
        first = [g for g in self.undrawn if g.parent == ROOT]
        waiting = [*first, *self.gates, *(g for g in self.undrawn if g.parent != ROOT)]
        ordered: list[GateView] = []
        known = {g.population for g in waiting}
        while waiting:
            ready = next((g for g in waiting if g.parent not in known), waiting[0])
            waiting.remove(ready)
            known.discard(ready.population)
            ordered.append(ready)
        return tuple(ordered)


@dataclass(frozen=True, slots=True)
class AcceptanceRow:
    """One rule of a plate's acceptance: what was asked, what was found, pass, warn or fail."""

    rule: str
    target: str
    limit: str
    found: str
    verdict: str


@dataclass(frozen=True, slots=True)
class PlateView:
    """One qPCR run: wells, curves, the quantities read from them, acceptance.

    ``standards`` are read back from their curve; ``recomputed`` holds the Cq of the fluorescence
    itself, where the export has it; ``checklist`` is MIQE's.
    """

    source: SourceFile
    name: str
    format: str
    wells: tuple[Well, ...]
    curves: tuple[StandardCurve, ...]
    samples: tuple[CopyNumber, ...]
    quantities: tuple[CopyNumber, ...] = ()
    reported: tuple[ReportedCurve, ...] = ()
    amplification: tuple[Amplification, ...] = ()
    acceptance: tuple[AcceptanceRow, ...] = ()
    flags: tuple[Flag, ...] = ()
    standards: tuple[StandardPoint, ...] = ()
    recomputed: tuple[RecomputedCq, ...] = ()
    checklist: tuple[ChecklistRow, ...] = ()
    review: str = ""


@dataclass(frozen=True, slots=True)
class SignatureView:
    """One signature as it is shown: who signed what, as what, when.

    ``meaning`` is ``performed``, ``reviewed``, ``approved`` or ``withdrawn``. ``state`` says what
    it is worth now: ``covers`` (the results are what was signed), ``changed`` (a newer version
    stands in their place), ``withdrawn`` (it was taken back), ``withdrawal`` (the row that did).
    """

    path: str
    sha256: str
    meaning: str
    who: str
    reason: str
    signed_at: str
    state: str


@dataclass(frozen=True, slots=True)
class StudyLimits:
    """LOD and LOQ of one target over a study's plates; ``reason`` says why there are none.

    ``n_wells`` of ``n_plates`` are the dilution series; ``sha256`` names their files.
    """

    target: str
    n_plates: int
    n_wells: int
    sha256: tuple[str, ...]
    limits: Limits | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """A study's results as they stand in its store.

    ``control_charts`` follow the positive control of a target over the plates; ``limits`` are the
    LOD and LOQ of each target; ``cohort`` are the patients, compared, where the study has a table
    of them; ``doses`` the outcomes over several concentrations; ``release`` holds the samples
    against the study's release table; ``omissions`` the last word about every well that a reviewer
    took out, by file and well.
    """

    title: str
    folder: Path
    arms: tuple[Arm, ...]
    files: tuple[FileStatus, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    trends: tuple[Trend, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    tubes: tuple[TubeView, ...] = ()
    plates: tuple[PlateView, ...] = ()
    culture_events: tuple[CultureEvent, ...] = ()
    patient_events: tuple[PatientEvent, ...] = ()
    patient_names: frozenset[str] = frozenset()
    lloq_copies_per_ug: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = ()
    audit_head: str = ""
    flags: tuple[Flag, ...] = ()
    control_charts: Mapping[str, LeveyJennings] = field(default_factory=dict)
    signatures: tuple[SignatureView, ...] = ()
    cohort: CohortView | None = None
    doses: tuple[DoseResponse, ...] = ()
    omissions: Mapping[str, Mapping[str, Omission]] = field(default_factory=dict)
    limits: Mapping[str, StudyLimits] = field(default_factory=dict)
    release: tuple[ReleaseRow, ...] = ()

    @property
    def patients(self) -> frozenset[str]:
        """Who is a patient and no culture: of the table, and of what happened to patients."""
        return self.patient_names | {e.patient for e in self.patient_events}

    @property
    def main_arms(self) -> tuple[Arm, ...]:
        """The arms that figures of courses show: not those of a dose series alone."""
        return tuple(arm for arm in self.arms if not arm.in_series_only)

    def courses_of(self, metric: str) -> tuple[Measurement, ...]:
        """Return the measurements of one metric, without arms of a dose series alone."""
        left_out = {arm.name for arm in self.arms if arm.in_series_only}
        return tuple(m for m in self.of(metric) if m.key.arm not in left_out)

    def of(self, metric: str) -> tuple[Measurement, ...]:
        """Return the measurements of one metric."""
        return tuple(m for m in self.measurements if m.metric == metric)
