"""Two channels cut by a cross at a given point: a quadrant that was drawn or imported."""

import numpy as np

from gating.boundary import QUADRANTS, inside
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import corner_points
from gating.uncertainty import counted, share
from labproc.model import Boundary


def place(request: Request) -> tuple[Selection, ...]:
    """Cut both channels at ``at``, in linear fluorescence.

    Events on a line lie below it, or with ``line = "above"`` above it, as GatingML and FlowJo
    count them: a cut at the double just below is the same.
    """
    at = corner_points(request, ["at"])
    if request.word("line", "below") == "above":
        at = np.nextafter(at, -np.inf)
    boundary = Boundary("quadrant", request.channels, request.specs, at)
    rng = request.rng()
    made = []
    for population, sides in zip(request.populations, QUADRANTS, strict=True):
        mask = inside(boundary, request.linear, quadrant=sides)
        held = share(mask)
        draws = counted(np.full(request.draws, held or 0.0), request.n_events, rng)
        made.append(Selection(population, mask, boundary, held, draws, {"placed": "drawn"}))
    return tuple(made)


METHODS.register("cross")(
    Method(
        "two channels cut at a given point",
        place,
        n_channels=(2,),
        n_populations=4,
        options={"at": None, "line": "below"},
    )
)
