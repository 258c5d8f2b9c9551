"""Events of one tube: the matrix, its channels and what the cytometer said about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labproc.errors import UnknownName
from labproc.model._arrays import Floats, read_only
from labproc.model.flag import Flag
from labproc.model.sample import SourceFile
from labproc.registry import nearest

RAW = "raw"  # as the file stores it
LINEAR = "linear"  # time step, gain and log amplification applied
COMPENSATED = "compensated"  # linear, spillover taken out


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured parameter.

    ``name`` is the detector ($PnN, ``BL1-A``), ``label`` what the operator typed ($PnS),
    ``range`` the largest channel value plus one ($PnR), ``gain`` $PnG, ``decades`` and ``offset``
    $PnE (0, 0 for linear), ``voltage`` $PnV in volts.
    """

    name: str
    label: str = ""
    range: float | None = None
    gain: float = 1.0
    decades: float = 0.0
    offset: float = 0.0
    voltage: float | None = None
    bits: int = 32

    @property
    def is_log(self) -> bool:
        """Whether the instrument stored this channel on a log scale."""
        return self.decades > 0


@dataclass(frozen=True, slots=True)
class Spillover:
    """Fraction of each dye's signal in each detector; rows are dyes, columns detectors."""

    detectors: tuple[str, ...]
    matrix: Floats

    def __post_init__(self) -> None:
        n = len(self.detectors)
        object.__setattr__(self, "matrix", read_only(self.matrix, np.float64))
        if self.matrix.shape != (n, n):
            raise ValueError(f"spillover of {n} detectors has shape {self.matrix.shape}")

    @property
    def is_identity(self) -> bool:
        """Whether the matrix says nothing: no detector sees another's dye."""
        return bool(np.array_equal(self.matrix, np.eye(len(self.detectors))))


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one tube.

    Parameters
    ----------
    values : ndarray, shape (n_events, n_channels), float32 or float64
        On the scale that ``scale`` names.
    channels : tuple of Channel, length n_channels
    spillover : Spillover or None
        As the file states it; None where it states none.
    volume_ul : float or None
        Volume acquired, in µL.
    scale : str
        ``raw``, ``linear`` or ``compensated``.
    """

    values: NDArray[Any]
    channels: tuple[Channel, ...]
    spillover: Spillover | None = None
    volume_ul: float | None = None
    scale: str = RAW
    _places: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", _places(self.channels))
        kind = self.values.dtype
        wanted = kind if kind in (np.float32, np.float64) else np.dtype(np.float64)
        object.__setattr__(self, "values", read_only(self.values, wanted))
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise ValueError(
                f"{len(self.channels)} channels but a matrix of shape {self.values.shape}"
            )

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.values.shape[0])

    @property
    def names(self) -> tuple[str, ...]:
        """Detector names in file order."""
        return tuple(c.name for c in self.channels)

    def index(self, name: str) -> int:
        """Return the column of a detector or label (detector first; case does not matter).

        Raises
        ------
        UnknownName
            If no channel is called that; the message lists what there is.
        """
        place = self._places.get(name.casefold())
        if place is not None:
            return place
        raise UnknownName(f"no channel {name!r}; {nearest(name, list(self.names))}")

    def has(self, name: str) -> bool:
        """Whether a detector or label of that name is there."""
        return name.casefold() in self._places

    def column(self, name: str) -> NDArray[Any]:
        """Return one channel's values, shape (n_events,)."""
        column: NDArray[Any] = self.values[:, self.index(name)]
        return column

    def select(self, names: Sequence[str]) -> NDArray[Any]:
        """Return several channels' values, shape (n_events, len(names))."""
        matrix: NDArray[Any] = self.values[:, [self.index(n) for n in names]]
        return matrix


def _places(channels: Sequence[Channel]) -> dict[str, int]:
    """Return the first column of each detector, and of each label that no detector is called."""
    words = ([c.label for c in channels], [c.name for c in channels])
    return {w.casefold(): k for found in words for k, w in reversed(list(enumerate(found)))}


@dataclass(frozen=True, slots=True)
class FlowTube:
    """One data set of an FCS file: its events and what its TEXT says.

    ``time_step_s`` is $TIMESTEP in seconds per unit of the Time channel; ``flow_rate_ul_min``
    the sample flow where the instrument states it; ``keywords`` are upper case.
    """

    source: SourceFile
    events: Events
    keywords: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    dataset: int = 1
    n_datasets: int = 1
    cytometer: str = ""
    tube: str = ""
    well: str = ""
    plate: str = ""
    time_step_s: float | None = None
    flow_rate_ul_min: float | None = None
    flags: tuple[Flag, ...] = ()
