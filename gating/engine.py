"""Apply a strategy to one tube: each step's method on its parent's events, parents first."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gating._leaning import control_values
from gating._moved import Moved, Shared, as_moved, as_shared
from gating._run import Run, find_channels, spread
from gating.channel_names import FILE
from gating.columns import Columns
from gating.compensation import check_spillover, linear_column
from gating.controls import Control
from gating.methods import METHODS
from gating.methods._request import Request, Selection
from gating.single_stains import spillover_from_stains
from gating.strategy import Step, Strategy
from gating.transforms import Transform, parse_transform
from gating.uncertainty import interval
from labproc.model import FlowTube, GateResult, Populations, Role, Spillover
from labproc.model.flag import Flag, info, review, unique, warning

CAR = "CAR+"


def gate_tube(
    tube: FlowTube,
    strategy: Strategy,
    *,
    markers: Mapping[str, str] | None = None,
    controls: Sequence[Control] = (),
    spillover: Spillover | None = None,
    moved: Moved | None = None,
    shared: Shared | None = None,
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
    shared : mapping, optional
        A group's gates (``gating.groups.shared_gate``): population to outline. A reviewer's gate
        of this tube wins over it, and the controls that a gate leans on are cut by it too.
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
    given, stain_flags = _from_stains(tube, spillover, controls)
    matrices = {**strategy.matrices, **({FILE: given} if given else {})}
    columns = Columns(tube, strategy.spillover(given), matrices)
    run = Run(columns, markers or {}, tuple(controls), moved or {}, draws, seed)
    run.shared = shared or {}
    _apply(run, strategy, strategy.steps)
    gates = tuple(run.gates)
    return Populations(
        strategy=strategy.name,
        n_events=run.n_events,
        gates=gates,
        kept_time=_kept_time(gates),
        left_out=run.left_out,
        flags=unique(
            (
                *_transformed_flags(run.columns),
                *check_spillover(run.columns.spillover),
                *stain_flags,
                *_own_compensation(strategy),
                *_drawn_car(gates),
                *_left_out_flags(run),
            )
        ),
        spillover=strategy.spillover(given),
        matrices=matrices,
    )


def _own_compensation(strategy: Strategy) -> tuple[Flag, ...]:
    """Say that a strategy brings its compensation along: another asked for is not used."""
    if strategy.compensation == FILE:
        return ()
    text = f"compensated as the strategy says ({strategy.compensation}), not as file or study say"
    return (info("strategy_compensation", text),)


def _drawn_car(gates: Sequence[GateResult]) -> tuple[Flag, ...]:
    """Warn of a CAR+ gate that was drawn: it follows no control, and has no best estimate."""
    if not any(g.population == CAR and g.parameters.get("placed") == "drawn" for g in gates):
        return ()
    text = f"{CAR}: a drawn gate, not held against an untransduced control"
    return (warning("car_gate_drawn", text),)


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


def _transformed_flags(columns: Columns) -> tuple[Flag, ...]:
    """Say that a file was exported with its channels transformed, by software unknown."""
    if not columns.transformed:
        return ()
    names = ", ".join(columns.transformed[:3])
    text = f"{names}: values of a display scale; gated as they are, without the file's spillover"
    return (review("already_transformed", text),)


def _kept_time(gates: Sequence[GateResult]) -> float:
    kept = [g.parameters["kept_time"] for g in gates if "kept_time" in g.parameters]
    return float(kept[0]) if kept else 1.0


def _left_out_flags(run: Run) -> list[Flag]:
    """Say once for each reason which steps were left out."""
    by_reason: dict[str, list[str]] = {}
    for population, reason in run.left_out.items():
        by_reason.setdefault(reason, []).append(population)
    return [
        info("step_left_out", f"{', '.join(names)}: {reason}; left out")
        for reason, names in by_reason.items()
    ]


def _apply(run: Run, strategy: Strategy, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps):
        for population in step.populations:
            run.parents[population] = step.parent
        channels = find_channels(run, strategy, step)
        if channels is not None:
            _gate(run, strategy, number, step, channels)
        run.forget({run.parent(s.parent) for s in steps[number + 1 :] if s.parent in run.parents})


def _gate(run: Run, strategy: Strategy, number: int, step: Step, channels: tuple[str, ...]) -> None:
    parent = run.parent(step.parent)
    selections = _select(run, strategy, number, step, channels)
    masks = spread([s.mask for s in selections], run.where(parent), run.n_events)
    for selection, mask in zip(selections, masks, strict=True):
        _record(run, step, parent, selection, mask, channels)


def _select(
    run: Run, strategy: Strategy, number: int, step: Step, channels: tuple[str, ...]
) -> tuple[Selection, ...]:
    """Hand the parent's events to the step's method; a reviewer's gates take the place of its."""
    parent = run.parent(step.parent)
    request = Request(
        populations=step.populations,
        channels=channels,
        linear=run.take_all(channels, parent),
        scales=_scales(run.columns, step, channels),
        options=step.options,
        ranges=tuple(_range(run.columns, c) for c in channels),
        compensated=run.columns.compensated(channels),
        controls=control_values(run, strategy, step, channels, _apply),
        masks=_masks(run, parent) if not channels else {},
        outlines={g.population: g.boundary for g in run.gates},
        draws=run.draws,
        seed=run.seed * 1_000 + number,
    )
    selections = METHODS.get(step.method).place(request)
    selections = tuple(as_shared(run.shared, step, request, selections))
    return tuple(as_moved(run.moved, step, request, selections))


def _scales(columns: Columns, step: Step, channels: tuple[str, ...]) -> tuple[Transform, ...]:
    """Return the scales that the step names, else the ones that fit the channels."""
    if step.scales:
        return tuple(parse_transform(s) for s in step.scales)
    return tuple(columns.scale(c) for c in channels)


def _range(columns: Columns, channel: str) -> float | None:
    if not columns.events.has(channel):
        return None
    about = columns.channel(channel)
    if not about.range:
        return None
    top = np.array([about.range - 1.0])
    return float(linear_column(about, top, columns.tube.time_step_s)[0])


def _masks(run: Run, parent: str) -> dict[str, NDArray[np.bool_]]:
    rows = run.where(parent)
    return {g.population: g.mask if rows is None else g.mask[rows] for g in run.gates}


def _record(
    run: Run,
    step: Step,
    parent: str,
    selection: Selection,
    mask: NDArray[np.bool_],
    channels: tuple[str, ...],
) -> None:
    n_parent, n_events = run.size(parent), int(np.count_nonzero(selection.mask))
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
