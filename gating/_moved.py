"""A reviewer's gates, or a group's, in the place of a method's."""

from collections.abc import Mapping, Sequence

import numpy as np

from gating.boundary import QUADRANTS, inside, is_above, redraw
from gating.methods._request import Request, Selection
from gating.strategy import Step
from gating.uncertainty import counted, share
from labproc.model.flag import info

Moved = Mapping[str, Sequence[Sequence[float]]]


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
