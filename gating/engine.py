"""Apply a strategy to one tube: each step's method on its parent's events, parents first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.boundary import QUADRANTS, inside, redraw
from gating.columns import Columns
from gating.compensation import check_spillover
from gating.controls import Control, best_first, differences
from gating.methods import METHODS
from gating.methods._request import ControlValues, Request, Selection
from gating.panel import find_channel
from gating.single_stains import spillover_from_stains
from gating.strategy import Step, Strategy
from gating.transforms import Transform, parse_transform
from gating.uncertainty import counted, interval, share
from labproc.errors import StrategyError
from labproc.model import ROOT, FlowTube, GateResult, Populations, Role, Spillover
from labproc.model.flag import Flag, info, unique

Moved = Mapping[str, Sequence[Sequence[float]]]
Rows = NDArray[Any]  # event numbers, or a mask where numbers would be too big
MANY = 1_000_000  # events; from here on memory counts for more than time
SUBSETS = ("CD4+", "CD8+")  # untransduced cells that must not differ in the CAR's stain


@dataclass(slots=True)
class _Run:
    """The state of one tube on its way through the steps."""

    columns: Columns
    markers: Mapping[str, str]
    controls: tuple[Control, ...] = ()
    moved: Moved = field(default_factory=dict)
    draws: int = 0
    seed: int = 0
    rows: dict[str, Rows | None] = field(default_factory=lambda: {ROOT: None})
    masks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=lambda: {ROOT: ROOT})
    gates: list[GateResult] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def n_events(self) -> int:
        return self.columns.events.n_events

    def parent(self, name: str) -> str:
        """Return the population, or the nearest ancestor that was gated."""
        while name != ROOT and name not in self.masks:
            name = self.parents[name]
        return name

    def where(self, population: str) -> Rows | None:
        """Return which events a population holds; None for all events."""
        if population not in self.rows:
            whole = self.sizes[population] == self.n_events
            mask = self.masks[population]
            few = self.n_events < MANY
            self.rows[population] = None if whole else np.flatnonzero(mask) if few else mask
        return self.rows[population]

    def take(self, channel: str, parent: str) -> NDArray[Any]:
        """Return one channel's values of a population's events."""
        values, rows = self.columns.values(channel), self.where(parent)
        return values if rows is None else values[rows]

    def size(self, population: str) -> int:
        """Return how many events a population holds."""
        return self.n_events if population == ROOT else self.sizes[population]


def gate_tube(
    tube: FlowTube,
    strategy: Strategy,
    *,
    markers: Mapping[str, str] | None = None,
    controls: Sequence[Control] = (),
    spillover: Spillover | None = None,
    moved: Moved | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Populations:
    """Gate one tube.

    Parameters
    ----------
    tube : FlowTube
    strategy : Strategy
    markers : mapping, optional
        Marker name to channel, where the labels in the file do not say it.
    controls : sequence of Control
        Tubes that gates may lean on; they are gated by the same steps.
    spillover : Spillover or None
        Used instead of the file's.
    moved : mapping, optional
        A reviewer's gates: population to points, on the scale that ``Boundary.points`` uses.
    draws : int
        Draws behind the intervals.
    seed : int
        Two runs with one seed are equal, whatever the order of the events.

    Returns
    -------
    Populations
        Every population that could be gated; ``left_out`` names the others with the reason.

    Raises
    ------
    StrategyError
        If a step that is not optional has no channel in this panel.
    """
    matrix, stain_flags = _from_stains(tube, spillover, controls)
    run = _Run(Columns(tube, matrix), markers or {}, tuple(controls), moved or {}, draws, seed)
    _apply(run, strategy, strategy.steps)
    gates = tuple(run.gates)
    return Populations(
        strategy=strategy.name,
        n_events=run.n_events,
        gates=gates,
        kept_time=_kept_time(gates),
        left_out=run.left_out,
        flags=unique(
            (*check_spillover(run.columns.spillover), *stain_flags, *_left_out_flags(run))
        ),
    )


def _from_stains(
    tube: FlowTube, spillover: Spillover | None, controls: Sequence[Control]
) -> tuple[Spillover | None, tuple[Flag, ...]]:
    """Return the given spillover; else what single stains among the controls say, if there are."""
    if spillover is not None or not any(c.role is Role.COMPENSATION for c in controls):
        return spillover, ()
    stated = tube.events.spillover
    found = spillover_from_stains(controls, detectors=stated.detectors if stated else ())
    said = info("spillover_from_stains", "compensated by the single stains, not by the file")
    return found.spillover, (said, *found.flags)


def _kept_time(gates: Sequence[GateResult]) -> float:
    kept = [g.parameters["kept_time"] for g in gates if "kept_time" in g.parameters]
    return float(kept[0]) if kept else 1.0


def _left_out_flags(run: _Run) -> list[Flag]:
    return [
        info("step_left_out", f"{population}: {reason}; the step was left out")
        for population, reason in run.left_out.items()
    ]


def _apply(run: _Run, strategy: Strategy, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps):
        for population in step.populations:
            run.parents[population] = step.parent
        channels = _channels(run, strategy, step)
        if channels is not None:
            _gate(run, strategy, number, step, channels)


def _channels(run: _Run, strategy: Strategy, step: Step) -> tuple[str, ...] | None:
    """Find the step's channels; None (and a note) where an optional step has none."""
    events = run.columns.events
    missing = ""
    for words in filter(None, (step.channels, step.or_channels)):
        found = [find_channel(w, events, run.markers) for w in words]
        if None not in found:
            return tuple(f for f in found if f)
        missing = missing or words[found.index(None)]
    missing = missing or _missing_population(run, step)
    if not missing:
        return ()
    if not step.optional:
        has = ", ".join(f"{c.name} {c.label}".strip() for c in events.channels)
        raise StrategyError(
            f"strategy {strategy.name}, step {step.populations[0]!r}: no channel {missing!r} "
            f"(has: {has}); name it with {missing}=CHANNEL"
        )
    run.left_out.update(dict.fromkeys(step.populations, f"no {missing} in the panel"))
    return None


def _missing_population(run: _Run, step: Step) -> str:
    for option in ("within", "without"):
        named = step.options.get(option, ())
        for name in (named,) if isinstance(named, str) else tuple(named):  # type: ignore[arg-type]
            if name in run.left_out:
                return str(name)
    return ""


def _gate(
    run: _Run, strategy: Strategy, number: int, step: Step, channels: tuple[str, ...]
) -> None:
    parent = run.parent(step.parent)
    request = Request(
        populations=step.populations,
        channels=channels,
        linear=tuple(run.take(c, parent) for c in channels),
        scales=_scales(run.columns, step, channels),
        options=step.options,
        ranges=tuple(_range(run.columns, c) for c in channels),
        controls=_control_values(run, strategy, number, step, channels),
        masks=_masks(run, parent) if not channels else {},
        outlines={g.population: g.boundary for g in run.gates},
        draws=run.draws,
        seed=run.seed * 1_000 + number,
    )
    selections = METHODS.get(step.method).place(request)
    for selection in _as_moved(run, step, request, selections):
        _record(run, step, parent, selection, channels)


def _scales(columns: Columns, step: Step, channels: tuple[str, ...]) -> tuple[Transform, ...]:
    """Return the scales that the step names, else the ones that fit the channels."""
    if step.scales:
        return tuple(parse_transform(s) for s in step.scales)
    return tuple(columns.scale(c) for c in channels)


def _range(columns: Columns, channel: str) -> float | None:
    if not columns.events.has(channel):
        return None
    top = columns.channel(channel).range
    return top - 1.0 if top else None


def _masks(run: _Run, parent: str) -> dict[str, NDArray[np.bool_]]:
    rows = run.where(parent)
    return {g.population: g.mask if rows is None else g.mask[rows] for g in run.gates}


def _control_values(
    run: _Run, strategy: Strategy, number: int, step: Step, channels: tuple[str, ...]
) -> tuple[ControlValues, ...]:
    """Gate the step's controls by the steps before it, and take their events of the parent."""
    made = []
    for control in best_first(run.controls, step.control):
        if not all(control.tube.events.has(c) for c in channels):
            continue
        columns = Columns(control.tube, run.columns.spillover)
        other = _Run(columns, run.markers, seed=run.seed)
        _apply(other, strategy, _steps_of_control(strategy, number))
        parent = other.parent(step.parent)
        made.append(
            ControlValues(
                role=control.role.value,
                matched=control.matched,
                linear=tuple(other.take(c, parent) for c in channels),
                name=control.tube.source.path,
                doubts=differences(run.columns.tube, control.tube, channels),
                subsets=tuple(other.take(channels[0], s) for s in SUBSETS if s in other.masks),
            )
        )
    return tuple(made)


def _steps_of_control(strategy: Strategy, number: int) -> list[Step]:
    """Return what a control is gated by: the steps before, and the cross of CD4 and CD8."""
    before = [s for s in strategy.steps[:number] if not s.control]
    cross = [s for s in strategy.steps[number:] if set(SUBSETS) <= set(s.populations)]
    return [*before, *(s for s in cross if s.optional)]


def _as_moved(
    run: _Run, step: Step, request: Request, selections: Sequence[Selection]
) -> Sequence[Selection]:
    """Return the selections with a reviewer's points in the place of the method's."""
    named = [p for p in step.populations if p in run.moved]
    if not named:
        return selections
    cross = selections[0].boundary.kind == "quadrant"
    made = []
    for k, selection in enumerate(selections):
        name = named[0] if cross else selection.population
        if name not in run.moved:
            made.append(selection)
            continue
        boundary = redraw(selection.boundary, run.moved[name], name)
        above = selection.parameters.get("side", "above") == "above"
        quadrant = QUADRANTS[k % len(QUADRANTS)]
        mask = inside(boundary, request.linear, quadrant=quadrant, above=above)
        held = share(mask)
        rng = np.random.default_rng(request.seed)
        draws = counted(np.full(request.draws, held or 0.0), request.n_events, rng)
        parameters = {**selection.parameters, "placed": "by hand"}
        if boundary.kind == "threshold":
            parameters["threshold"] = float(boundary.points[0, 0])
        flag = info("gate_moved", f"{selection.population}: placed by a reviewer")
        made.append(
            Selection(selection.population, mask, boundary, held, draws, parameters, (flag,))
        )
    return made


def _record(
    run: _Run, step: Step, parent: str, selection: Selection, channels: tuple[str, ...]
) -> None:
    rows, n_parent = run.where(parent), run.size(parent)
    mask = np.asarray(selection.mask, dtype=np.bool_)
    n_events = int(np.count_nonzero(mask))
    if rows is not None:
        mask = np.zeros(run.n_events, dtype=np.bool_)
        mask[rows] = selection.mask
    run.masks[selection.population] = mask
    run.sizes[selection.population] = n_events
    estimate = selection.estimate
    if estimate is None and n_parent:
        estimate = n_events / n_parent
    draws = selection.draws if run.draws and n_parent else None
    low, high = interval(draws, estimate, n_parent)
    run.gates.append(
        GateResult(
            population=selection.population,
            parent=parent,
            mask=mask,
            n_parent=n_parent,
            method=step.method,
            estimate=estimate,
            ci_low=low,
            ci_high=high,
            channels=channels,
            parameters=selection.parameters,
            boundary=selection.boundary,
            flags=selection.flags,
            draws=draws,
        )
    )
