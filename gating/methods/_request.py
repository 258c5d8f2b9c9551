"""What a gating method is handed, and what it gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.transforms import Transform
from labproc.model import Boundary, Flag

Columns1D = Sequence[NDArray[Any]]
NO_DRAWS = np.random.default_rng(0)  # to make one takes longer than a step's arithmetic


@dataclass(frozen=True, slots=True)
class ControlValues:
    """A control tube's events of the same parent, on the channels of the step.

    ``matched`` is ``same_arm``, ``same_day`` or ``other``; ``doubts`` say what differs from the
    sample's tube (voltages, date, cytometer). ``subsets`` are the
    first channel's values of its CD4+ and its CD8+ cells, where the panel tells them apart.
    """

    role: str
    matched: str
    linear: Columns1D
    name: str = ""
    doubts: tuple[str, ...] = ()
    subsets: Columns1D = ()


@dataclass(slots=True)
class Request:
    """A step and the events of its parent, one array for each channel.

    ``linear`` are compensated values, each of shape (n_parent,); ``display`` gives them on the
    step's display scales; ``compensated`` is False where no spillover was taken out of any of
    them. ``masks`` holds other populations within the parent and ``outlines``
    their boundaries, by name.
    """

    populations: tuple[str, ...]
    channels: tuple[str, ...]
    linear: Columns1D
    scales: tuple[Transform, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    ranges: tuple[float | None, ...] = ()
    controls: tuple[ControlValues, ...] = ()
    masks: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    outlines: Mapping[str, Boundary] = field(default_factory=dict)
    compensated: bool = True
    draws: int = 200
    seed: int = 0

    @property
    def n_events(self) -> int:
        """Events of the parent."""
        if self.linear:
            return int(self.linear[0].size)
        return next((int(m.size) for m in self.masks.values()), 0)

    def display(self, k: int) -> NDArray[Any]:
        """Return the k-th channel on its display scale; made anew each time it is asked for."""
        return self.scales[k].forward(self.linear[k])

    def rng(self) -> np.random.Generator:
        """Return the step's random numbers, the same ones each time; without draws none is used."""
        return np.random.default_rng(self.seed) if self.draws else NO_DRAWS

    def number(self, option: str, default: float) -> float:
        """Return a numeric option."""
        return float(self.options.get(option, default))

    def word(self, option: str, default: str) -> str:
        """Return an option that is a word."""
        return str(self.options.get(option, default))

    @property
    def specs(self) -> tuple[str, ...]:
        """The display scales as text."""
        return tuple(s.spec for s in self.scales)


@dataclass(frozen=True, slots=True)
class Selection:
    """The events of one population among the parent's, and how sure that is.

    ``mask`` has shape (n_parent,); ``draws`` (n_draws,) are fractions of the parent.
    """

    population: str
    mask: NDArray[np.bool_]
    boundary: Boundary = field(default_factory=lambda: Boundary("none"))
    estimate: float | None = None
    draws: NDArray[np.float64] | None = None
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
