"""Gates and the events they select."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from labproc.model._arrays import Bools, Floats, read_only
from labproc.model.events import Spillover
from labproc.model.flag import Flag, unique

ROOT = "All events"  # the parent of a gate that starts from every event


@dataclass(frozen=True, slots=True)
class Boundary:
    """A gate's outline, for drawing and moving it.

    Parameters
    ----------
    kind : str
        ``threshold`` (points: one value), ``interval`` (low, high), ``polygon`` (vertices),
        ``ellipse`` (centre; then the two half-axis end points), ``rectangle`` (low corner, high
        corner), ``quadrant`` (the crossing) or ``none``.
    channels : tuple of str
        One or two detectors, or ratios written ``A/H``.
    scales : tuple of str
        The display scale of each channel, as ``gating.transforms`` writes and reads it, e.g.
        ``linear`` or ``logicle:T=1048575,W=0.5,M=4.5,A=0``.
    points : ndarray, shape (n_points, n_channels)
        On the *linear* (compensated) scale for thresholds, intervals, rectangles and quadrants;
        on the display scale for polygons and ellipses, which are straight there.
    """

    kind: str
    channels: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    points: Floats = field(default_factory=lambda: np.empty((0, 0)), compare=False)

    def __post_init__(self) -> None:
        points = np.asarray(self.points, dtype=np.float64)
        n = len(self.channels)
        if points.size and (points.ndim != 2 or points.shape[1] != n):
            raise ValueError(f"a boundary on {n} channels has points of shape {points.shape}")
        object.__setattr__(self, "points", read_only(points, np.float64))


@dataclass(frozen=True, slots=True)
class SharedGate:
    """One outline for all tubes of a group; ``group`` says which in words."""

    boundary: Boundary
    n_tubes: int
    group: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate selected in one tube.

    ``estimate`` with its interval is the best estimate of the true fraction of the parent; where
    positives and negatives overlap it differs from the gate's own ``fraction_of_parent``.

    Parameters
    ----------
    mask : ndarray of bool, shape (n_events,)
        Over all events of the tube, in file order; within the parent.
    draws : ndarray, shape (n_draws,), or None
        Fractions with the gate moved within its own uncertainty (and events resampled).
    parameters : mapping
        What the gate was placed with (numbers, names); goes into tables and the audit.
    """

    population: str
    parent: str
    mask: Bools
    n_parent: int
    method: str
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    channels: tuple[str, ...] = ()
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    boundary: Boundary = field(default_factory=lambda: Boundary("none"))
    flags: tuple[Flag, ...] = ()
    draws: Floats | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", read_only(self.mask, np.bool_))
        if self.mask.ndim != 1:
            raise ValueError(f"{self.population}: mask has shape {self.mask.shape}")
        if self.n_events > self.n_parent:
            raise ValueError(
                f"{self.population}: {self.n_events} events in a parent of {self.n_parent}"
            )

    @property
    def n_events(self) -> int:
        """Events inside the gate."""
        return int(np.count_nonzero(self.mask))

    @property
    def fraction_of_parent(self) -> float | None:
        """The gate's own fraction, 0-1; None in an empty parent."""
        return self.n_events / self.n_parent if self.n_parent else None


@dataclass(frozen=True, slots=True)
class Populations:
    """All gates of one tube, parents before children.

    ``kept_time`` is the fraction of the acquisition time that quality control kept: the volume is
    scaled by it. ``left_out`` names the steps whose marker is not in the panel, with the reason.
    ``spillover`` is what was compensated with where that is not the file's own, ``matrices`` those
    of single channels, by name.
    """

    strategy: str
    n_events: int
    gates: tuple[GateResult, ...] = ()
    kept_time: float = 1.0
    left_out: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    spillover: Spillover | None = field(default=None, compare=False)
    matrices: Mapping[str, Spillover] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        masks = {ROOT: np.ones(self.n_events, dtype=np.bool_)}
        for gate in self.gates:
            if gate.mask.shape != (self.n_events,):
                raise ValueError(f"{gate.population}: mask of {gate.mask.size} events")
            if gate.parent not in masks:
                raise ValueError(f"{gate.population}: parent {gate.parent!r} is not gated before")
            if bool(np.any(gate.mask > masks[gate.parent])):
                raise ValueError(f"{gate.population} holds events outside {gate.parent}")
            masks[gate.population] = gate.mask

    def __iter__(self) -> Iterator[GateResult]:
        return iter(self.gates)

    def get(self, population: str) -> GateResult | None:
        """Return the gate of a population, or None where it was not gated."""
        return next((g for g in self.gates if g.population == population), None)

    @property
    def all_flags(self) -> tuple[Flag, ...]:
        """The tube's flags and every gate's, without repeats."""
        return unique((*self.flags, *(f for g in self.gates for f in g.flags)))
