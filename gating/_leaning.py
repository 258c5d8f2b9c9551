"""What a step takes from its control tubes: their events of the same parent, gated alike.

The tubes of a day lean on the same controls. A control is therefore gated once for all the tubes
that ask the same of it, and not again for each of them.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from gating._moved import Shared
from gating._run import MANY, Run
from gating.columns import Columns
from gating.controls import OTHER, Control, best_first, differences
from gating.methods._request import ControlValues
from gating.strategy import Step, Strategy
from labproc.model import Spillover

SUBSETS = ("CD4+", "CD8+")  # untransduced cells that must not differ in the CAR's stain
SET_BY_CONTROL = "control"  # the method
REMEMBERED = 12  # controls of a step, by what is asked of them
Apply = Callable[[Run, Strategy, Sequence[Step]], None]


@dataclass(frozen=True, eq=False)
class Asked:
    """All that a control's values follow from; equal where it is.

    Events and shared gates count as the same only where they are the same object, which being
    held here keeps alive.
    """

    strategy: Strategy
    number: int
    channels: tuple[str, ...]
    control: Control
    controls: tuple[Control, ...]
    spillover: Spillover | None
    matrices: Mapping[str, Spillover]
    markers: Mapping[str, str]
    shared: Shared
    seed: int
    apply: Apply

    @property
    def key(self) -> Hashable:
        """What tells one question from another."""
        return (
            self.strategy.text_sha256 if self.strategy.text else id(self.strategy),
            self.number,
            self.channels,
            _tube(self.control),
            tuple(_tube(c) for c in self.controls),
            _matrix(self.spillover),
            tuple((name, _matrix(m)) for name, m in sorted(self.matrices.items())),
            tuple(sorted(self.markers.items())),
            id(self.shared) if self.shared else 0,
            self.seed,
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asked) and self.key == other.key


def _tube(control: Control) -> Hashable:
    return control.role, control.matched, control.channel, id(control.tube.events)


def _matrix(spillover: Spillover | None) -> Hashable:
    return spillover and (spillover.detectors, spillover.matrix.tobytes())


def control_values(
    run: Run, strategy: Strategy, step: Step, channels: tuple[str, ...], apply: Apply
) -> tuple[ControlValues, ...]:
    """Gate a step's controls by the steps before it, and take their events of the parent.

    A control that is not alike to the sample's tube is taken for CAR+ only; for other steps it is
    named without its events. ``apply`` runs steps on a tube: the engine, which calls this in turn
    for the controls' own.
    """
    made = []
    number = next(k for k, s in enumerate(strategy.steps) if s is step)
    for control in best_first(run.controls, step.control):
        there = all(control.tube.events.has(c) for c in channels)
        doubts = _doubts(run, control, channels)
        if step.method == SET_BY_CONTROL and not there:
            continue
        if step.method == SET_BY_CONTROL or not (doubts or control.matched == OTHER):
            values = _gated(run, strategy, number, channels, control, apply)
        else:
            values = ControlValues(control.role.value, control.matched, ())
        made.append(replace(values, name=control.tube.source.path, doubts=doubts))
    return tuple(made)


def _gated(
    run: Run,
    strategy: Strategy,
    number: int,
    channels: tuple[str, ...],
    control: Control,
    apply: Apply,
) -> ControlValues:
    asked = Asked(
        strategy=strategy,
        number=number,
        channels=channels,
        control=control,
        controls=run.controls,
        spillover=run.columns.spillover,
        matrices=run.columns.matrices,
        markers=run.markers,
        shared=run.shared,
        seed=run.seed,
        apply=apply,
    )
    return _values(asked) if control.tube.events.n_events < MANY else _work_out(asked)


def _doubts(run: Run, control: Control, channels: Sequence[str]) -> tuple[str, ...]:
    missing = [f"no channel {c}" for c in channels if not control.tube.events.has(c)]
    return (*missing, *differences(run.columns.tube, control.tube, channels))


def _work_out(asked: Asked) -> ControlValues:
    control, channels = asked.control, asked.channels
    columns = Columns(control.tube, asked.spillover, asked.matrices)
    run = Run(columns, asked.markers, asked.controls, shared=asked.shared, seed=asked.seed)
    asked.apply(run, asked.strategy, _steps(asked.strategy, asked.number))
    parent = run.parent(asked.strategy.steps[asked.number].parent)
    return ControlValues(
        role=control.role.value,
        matched=control.matched,
        linear=tuple(run.take(c, parent) for c in channels),
        subsets=tuple(run.take(channels[0], s) for s in SUBSETS if s in run.masks),
    )


_values = lru_cache(maxsize=REMEMBERED)(_work_out)


def _steps(strategy: Strategy, number: int) -> list[Step]:
    """Return what a control is gated by: the steps before, and for CAR+ the cross of CD4 and CD8.

    A gate that a control sets is left out: the control is what it is measured against.
    """
    before = [s for s in strategy.steps[:number] if s.method != SET_BY_CONTROL]
    if strategy.steps[number].method != SET_BY_CONTROL:
        return before
    cross = [s for s in strategy.steps[number:] if set(SUBSETS) <= set(s.populations)]
    return [*before, *(s for s in cross if s.optional)]
