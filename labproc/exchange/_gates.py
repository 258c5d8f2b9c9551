"""The gates of one tube, as other programs need them: every side said, every parent there."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from labproc.errors import LabprocError
from labproc.model import ROOT, Boundary, FlowTube
from labproc.pipeline.results import Results, TubeView

NUDGE = 1e-9  # of a polygon's extent: events on the outline are inside, whoever reads it
SHARPEST = 0.05  # of 4: a corner sharper than 13 degrees is not moved out to its full length
STEADY = "Steady"  # left out of drawings: it is cut over time, not over a channel's values


class PlacedGate(Protocol):
    """What a gate is drawn from: ``GateResult`` and ``GateView`` both have it."""

    @property
    def population(self) -> str:
        """The population's name."""

    @property
    def parent(self) -> str:
        """The population it was gated from."""

    @property
    def boundary(self) -> Boundary:
        """The outline."""

    @property
    def parameters(self) -> Mapping[str, float | str]:
        """What the gate was placed with."""


@dataclass(frozen=True, slots=True)
class Side:
    """One channel of an axis-parallel gate: events from ``low`` up to and with ``high``.

    ``open_low`` leaves ``low`` itself out. None is no limit.
    """

    channel: str
    low: float | None = None
    high: float | None = None
    open_low: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A gate that is parallel to its axes, on the linear scale."""

    name: str
    parent: str
    sides: tuple[Side, ...]
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon, ellipse or ellipsoid on the display scales of its channels."""

    name: str
    parent: str
    boundary: Boundary
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Logic:
    """Events of other gates: in all of ``within`` and none of ``without``.

    Where there is any of ``any_of`` or ``any_not``, also in one of the former or outside one of
    the latter.
    """

    name: str
    parent: str
    within: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    any_not: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Every gate that it names."""
        return (*self.within, *self.without, *self.any_of, *self.any_not)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Events that lie in any of several boxes."""

    name: str
    parent: str
    boxes: tuple[Box, ...]


Gate = Box | Shape | AnyOf | Logic
LOGIC = ("within", "without", "any_of", "any_not")  # parameters that say a boolean, as JSON


def gates_of(placed: Iterable[PlacedGate], tube: FlowTube) -> list[Gate]:
    """Return the gates, parents first, with the steady stretches of time and booleans of gates."""
    from gating.boundary import QUADRANTS

    placed = list(placed)
    drawn = [g for g in placed if g.boundary.kind != "none"]
    logic = [g for g in placed if any(o in g.parameters for o in LOGIC)]
    steady = _steady(placed, [*drawn, *logic], tube)
    here = {g.population for g in (*drawn, *logic)} | {g.name for g in steady}
    crosses: dict[tuple[str, tuple[str, ...]], int] = {}
    gates: list[Gate] = list(steady)
    for gate in drawn:
        parent = gate.parent if gate.parent in here else ROOT
        place = (gate.parent, gate.boundary.channels)
        number = crosses.get(place, 0)
        if gate.boundary.kind == "quadrant":
            crosses[place] = number + 1
        gates.append(_gate(gate, parent, QUADRANTS[number % 4]))
    gates += [_logic(g, g.parent if g.parent in here else ROOT, here) for g in logic]
    return _in_order(gates)


def _logic(gate: PlacedGate, parent: str, here: set[str]) -> Logic:
    """Return a boolean; a gate that is not drawn (steady time) held every event."""
    named = {o: json.loads(str(gate.parameters.get(o, "[]"))) for o in LOGIC}
    lost = [n for o in ("without", "any_not") for n in named[o] if n not in here]
    if lost:
        raise LabprocError(f"{gate.population}: it lies outside {lost[0]}, which is not drawn")
    if any(n not in here for n in named["any_of"]):
        named["any_of"], named["any_not"] = [], []
    kept = {o: tuple(n for n in names if n in here) for o, names in named.items()}
    return Logic(gate.population, parent, **kept)


def _in_order(gates: Sequence[Gate]) -> list[Gate]:
    """Return the gates after those that they rest on."""
    waiting, ordered, done = list(gates), [], {ROOT}
    while waiting:
        ready = next((g for g in waiting if _rests_on(g) <= done), waiting[0])
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.name)
    return ordered


def _rests_on(gate: Gate) -> set[str]:
    return {gate.parent, *(gate.named if isinstance(gate, Logic) else ())}


def _gate(gate: PlacedGate, parent: str, quadrant: tuple[bool, bool]) -> Gate:
    boundary, name = gate.boundary, gate.population
    outside = gate.parameters.get("side") == "outside"
    if boundary.kind in ("polygon", "ellipse", "ellipsoid"):
        return Shape(name, parent, boundary, outside)
    points = boundary.points
    if boundary.kind == "threshold":
        from gating.boundary import is_above

        above = is_above(gate.parameters.get("side"))
        return Box(name, parent, (_cut(boundary.channels[0], float(points[0, 0]), above),))
    if boundary.kind == "quadrant":
        cuts = zip(boundary.channels, points[0], quadrant, strict=True)
        return Box(name, parent, tuple(_cut(c, float(v), up) for c, v, up in cuts))
    low, high = points.min(axis=0), points.max(axis=0)
    ends = zip(boundary.channels, low, high, strict=True)
    return Box(name, parent, tuple(_side(c, float(a), float(b)) for c, a, b in ends), outside)


def _side(channel: str, low: float, high: float) -> Side:
    from gating.boundary import OPEN

    return Side(channel, low if low > -OPEN else None, high if high < OPEN else None)


def _cut(channel: str, value: float, above: bool) -> Side:
    """Return one side of a cut: above it without the value itself, or up to and with it."""
    return Side(channel, low=value, open_low=True) if above else Side(channel, high=value)


def _steady(
    placed: Sequence[PlacedGate], drawn: Sequence[PlacedGate], tube: FlowTube
) -> list[Gate]:
    """Find the steady stretches again where a gate starts from them: the rule is deterministic."""
    gate = next((g for g in placed if g.population == STEADY), None)
    if gate is None or not any(g.parent == STEADY for g in drawn):
        return []
    runs = _kept_runs(tube, str(gate.parameters.get("watched", "")).split(","))
    boxes = tuple(Box(f"{STEADY} {n}", ROOT, (side,)) for n, side in enumerate(runs, start=1))
    if not boxes:
        return []
    return [Box(STEADY, ROOT, boxes[0].sides)] if len(boxes) == 1 else [AnyOf(STEADY, ROOT, boxes)]


def _kept_runs(tube: FlowTube, watched: Sequence[str]) -> list[Side]:
    """Return the stretches of time that quality control kept; none where it kept all.

    ``watched`` are the channels whose shifts quality control looked for.
    """
    from gating.columns import Columns
    from gating.panel import find_channel
    from gating.quality import check_flow

    columns = Columns(tube)
    clock = find_channel("time", tube.events, {})
    if clock is None:
        return []
    time = columns.values(clock)
    kept = check_flow(time, tuple(columns.values(n) for n in watched if n)).kept
    if bool(kept.all()) or not bool(kept.any()):
        return []
    return _runs(clock, np.asarray(time, dtype=np.float64), kept)


def _runs(name: str, time: NDArray[np.float64], kept: NDArray[np.bool_]) -> list[Side]:
    """Return the kept stretches, each from half-way to the event before up to half-way after."""
    order = np.argsort(time, kind="stable")
    ticks, inside = time[order], kept[order].astype(np.int8)
    steps = np.diff(np.concatenate([[0], inside, [0]]))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    halves = (ticks[1:] + ticks[:-1]) / 2.0
    last = ticks.size
    return [
        Side(name, float(halves[a - 1]) if a else None, float(halves[b - 1]) if b < last else None)
        for a, b in zip(starts, ends, strict=True)
    ]


def raw_file(results: Results, view: TubeView) -> Path:
    """Return where the tube's raw file lies.

    Raises
    ------
    LabprocError
        If it is not where it was; gates cannot be written without its channels.
    """
    places = [results.folder / "raw" / view.source.path, results.folder / view.source.path]
    found = next((p for p in places if p.is_file()), None)
    if found is None:
        raise LabprocError(
            f"{view.source.path}: not in raw/ any more, expected it for its channels and spillover"
        )
    return found


def outwards(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move the edges of an outline outwards by next to nothing, each along its own normal."""
    corners = np.asarray(points, dtype=np.float64)
    corners = corners[(corners != np.roll(corners, 1, axis=0)).any(axis=1)]
    extent = np.ptp(corners, axis=0) if len(corners) > 2 else np.zeros(2)
    if not extent.all():
        return np.asarray(points, dtype=np.float64)
    shape = corners / extent
    along = np.roll(shape, -1, axis=0) - shape
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    x, y = shape[:, 0], shape[:, 1]
    turn = np.sign(x @ np.roll(y, -1) - y @ np.roll(x, -1))  # 1: counter-clockwise
    normals = turn * np.column_stack([along[:, 1], -along[:, 0]])
    both = normals + np.roll(normals, 1, axis=0)
    size = np.maximum((both**2).sum(axis=1, keepdims=True), SHARPEST)
    return np.asarray((shape + NUDGE * 2.0 * both / size) * extent)
