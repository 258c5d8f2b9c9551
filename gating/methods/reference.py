"""The outline of another gate, applied to this step's parent."""

from dataclasses import replace

import numpy as np

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import select
from labproc.errors import StrategyError


def place(request: Request) -> tuple[Selection, ...]:
    """Apply the boundary of the population that ``of`` names."""
    name, population = request.word("of", ""), request.populations[0]
    outline = request.outlines.get(name)
    if outline is None or outline.kind in ("none", "quadrant"):
        known = ", ".join(n for n, b in request.outlines.items() if b.kind != "none") or "none"
        raise StrategyError(
            f"step {population!r}: no gate {name!r} with an outline to refer to (has: {known})"
        )
    boundary = replace(outline, channels=request.channels)
    if not request.n_events:
        return (Selection(population, np.zeros(0, dtype=np.bool_), boundary),)
    return (select(request, population, boundary, side=request.word("side", "above")),)


METHODS.register("reference")(
    Method(
        "the outline of another gate",
        place,
        n_channels=(1, 2),
        options={"of": "", "side": "above"},
    )
)
