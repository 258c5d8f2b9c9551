"""Gates as another program drew them, in labproc's terms: what both readers make."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.channel_names import FILE, NONE
from gating.transforms import Biex, Linear, Transform
from labproc.model import Spillover

Floats = NDArray[np.float64]
ULPS = 64  # doubles to either side of a limit among which it is looked for


@dataclass(frozen=True, slots=True)
class Scale:
    """A display scale of another program: ours, and how its positions become ours.

    ``position x gain + shift`` is the place on ``transform``; programs count the same scale from
    other ends (FlowJo in 256ths, GatingML's asinh in decades). ``defined_from`` is the least
    value that the scale shows: what lies below is in no gate. On a scale that ``piles`` what lies
    beyond an end is at that end. ``position`` is the program's own formula, if it is a short one.
    """

    transform: Transform = field(default_factory=Linear)
    gain: float = 1.0
    shift: float = 0.0
    defined_from: float = -np.inf
    piles: bool = False
    position: Callable[[Floats], Floats] | None = field(default=None, compare=False)

    def placed(self, positions: Any) -> Floats:
        """Return positions on our display scale."""
        return np.asarray(positions, dtype=np.float64) * self.gain + self.shift

    def linear(self, position: float | None) -> float | None:
        """Return a position in linear fluorescence: the least value that is shown at or above it.

        Values are often on the limit itself (integers, channels stored on a log scale), so that
        the last bit decides: it is tried out with the program's own formula.
        """
        if position is None:
            return None
        start = float(self.transform.inverse(self.placed([position]))[0])
        if self.position is None or not np.isfinite(start):
            return start
        near = np.sort(start + np.arange(-ULPS, ULPS + 1) * np.spacing(start))
        reached = near[self.position(near) >= position]
        return float(reached.min()) if 0 < reached.size < near.size else start


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a gate: the channel, how it is compensated, the scale it is drawn on."""

    channel: str
    compensation: str = NONE
    scale: Scale = field(default_factory=Scale)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One gate: its own id, what it is called, its parent's id ('' for all events).

    ``options`` are those of the gating method; those of a boolean name other gates by id.
    ``count`` is what the other program counted in it, ``note`` what to know about it.
    """

    id: str
    name: str
    parent: str
    method: str
    axes: tuple[Axis, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    count: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A gate that cannot be said in a strategy, and why."""

    id: str
    name: str
    parent: str
    reason: str


@dataclass(frozen=True, slots=True)
class Drawings:
    """Everything that was read of one gate tree.

    ``program`` wrote it; ``sample`` is the tube it was taken from and ``n_events`` its events;
    ``compensation`` is what most gates were drawn on.
    """

    program: str
    gates: tuple[Drawing | Refused, ...]
    compensation: str = FILE
    matrices: Mapping[str, Spillover] = field(default_factory=dict)
    sample: str = ""
    n_events: int | None = None
    notes: tuple[str, ...] = ()


def box_limits(
    axes: Sequence[Axis], limits: Sequence[tuple[float | None, float | None]]
) -> dict[str, Any]:
    """Return the options of a box from limits in linear fluorescence; None is no limit.

    On a scale that piles, a limit at the lower end holds all that lies below it, and none can lie
    beyond the upper end.
    """
    low, high = [], []
    for axis, (bottom, top) in zip(axes, limits, strict=True):
        first, last = _ends(axis.scale)
        start = -np.inf if bottom is None else min(bottom, last)
        low.append(-np.inf if start <= first else start)
        high.append(np.inf if top is None else min(top, last))
        if low[-1] == -np.inf and high[-1] < np.inf:
            low[-1] = axis.scale.defined_from
    return {"low": low, "high": high}


def _ends(scale: Scale) -> tuple[float, float]:
    """Return between which linear values events lie apart on a scale."""
    if not scale.piles:
        return -np.inf, np.inf
    first, last = (float(v) for v in scale.transform.inverse([0.0, 1.0]))
    return first, last if isinstance(scale.transform, Biex) else np.inf


def merged(
    axes: Sequence[Axis], limits: Sequence[tuple[float | None, float | None]]
) -> tuple[tuple[Axis, ...], list[tuple[float | None, float | None]]]:
    """Bring limits of one channel together, and leave out channels that are not limited."""
    found: dict[Axis, tuple[float, float]] = {}
    for axis, (low, high) in zip(axes, limits, strict=True):
        was = found.get(axis, (-np.inf, np.inf))
        start, end = -np.inf if low is None else low, np.inf if high is None else high
        found[axis] = (max(was[0], start), min(was[1], end))
    limited = {a: v for a, v in found.items() if v != (-np.inf, np.inf)} or found
    ends = [tuple(v if np.isfinite(v) else None for v in pair) for pair in limited.values()]
    return tuple(limited), [(low, high) for low, high in ends]


def unsayable(gate: Drawing) -> str:
    """Return why a gate's numbers make no gate; '' where they do."""
    low, high = gate.options.get("low"), gate.options.get("high")
    if low is not None and high is not None and not np.all(np.asarray(low) < np.asarray(high)):
        return f"its limits {low} to {high} hold nothing"
    for key in ("points", "centre", "covariance"):
        if key in gate.options and not np.isfinite(np.asarray(gate.options[key])).all():
            return f"{key} that are no finite numbers"
    if gate.method == "polygon" and len(gate.options["points"]) < 3:
        return "a polygon of less than three corners"
    if len({a.channel for a in gate.axes}) < len(gate.axes):
        return "two axes of one channel"
    return ""
