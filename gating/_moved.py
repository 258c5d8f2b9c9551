"""A reviewer's gates, or a group's, in the place of a method's."""

from collections.abc import Mapping, Sequence

import numpy as np

from gating.boundary import QUADRANTS, inside, is_above, redraw
from gating.methods._request import Request, Selection
from gating.strategy import Step
from gating.uncertainty import counted, share
from labproc.model import SharedGate
from labproc.model.flag import info, unique

Moved = Mapping[str, Sequence[Sequence[float]]]


Shared = Mapping[str, SharedGate]
ESTIMATES = ("control",)  # methods whose best estimate does not rest on the line


def as_shared(
    shared: Shared, step: Step, request: Request, selections: Sequence[Selection]
) -> Sequence[Selection]:
    """Return the selections with the group's outline in the place of the tube's own.

    The interval keeps the width that the tube's own gate has: a group's line is not surer of the
    place of this tube's valley than the tube is.
    """
    named = next((p for p in step.populations if p in shared), None)
    if named is None or shared[named].boundary.kind != selections[0].boundary.kind:
        return selections
    cross = selections[0].boundary.kind == "quadrant"
    return [
        _as_shared(shared[named], step, request, one, QUADRANTS[k % len(QUADRANTS)])
        if cross or one.population == named
        else one
        for k, one in enumerate(selections)
    ]


def _as_shared(
    group: SharedGate, step: Step, request: Request, own: Selection, quadrant: tuple[bool, bool]
) -> Selection:
    above = is_above(own.parameters.get("side"))
    mask = inside(group.boundary, request.linear, quadrant=quadrant, above=above)
    held = share(mask)
    parameters = {**own.parameters, "placed": "shared", "group": group.group}
    if group.boundary.kind == "threshold":
        parameters["own_threshold"] = float(own.boundary.points[0, 0])
        parameters["threshold"] = float(group.boundary.points[0, 0])
    estimate, draws = own.estimate, own.draws
    if step.method not in ESTIMATES:
        estimate = held
        if draws is not None and draws.size and held is not None:
            draws = np.clip(draws - np.median(draws) + held, 0.0, 1.0)
    words = f"{own.population}: one gate for {group.n_tubes} tubes ({group.group})"
    flags = unique((info("gate_shared", words), *own.flags))
    return Selection(own.population, mask, group.boundary, estimate, draws, parameters, flags)


BY_HAND = ("by hand", "gate_moved", "placed by a reviewer")
SHARED = ("shared", "gate_shared", "one gate for its group")


def as_moved(
    moved: Moved,
    step: Step,
    request: Request,
    selections: Sequence[Selection],
    said: tuple[str, str, str] = BY_HAND,
) -> Sequence[Selection]:
    """Return the selections with a reviewer's (or a group's) points in the place of the method's.

    ``said`` is how it was placed, and the code and words of the flag.
    """
    named = [p for p in step.populations if p in moved]
    if not named:
        return selections
    cross = selections[0].boundary.kind == "quadrant"
    made = []
    for k, selection in enumerate(selections):
        name = named[0] if cross else selection.population
        if name not in moved:
            made.append(selection)
            continue
        boundary = redraw(selection.boundary, moved[name], name)
        above = is_above(selection.parameters.get("side"))
        quadrant = QUADRANTS[k % len(QUADRANTS)]
        mask = inside(boundary, request.linear, quadrant=quadrant, above=above)
        held = share(mask)
        rng = np.random.default_rng(request.seed)
        draws = counted(np.full(request.draws, held or 0.0), request.n_events, rng)
        parameters = {**selection.parameters, "placed": said[0]}
        if boundary.kind == "threshold":
            parameters["threshold"] = float(boundary.points[0, 0])
        flag = info(said[1], f"{selection.population}: {said[2]}")
        made.append(
            Selection(selection.population, mask, boundary, held, draws, parameters, (flag,))
        )
    return made
