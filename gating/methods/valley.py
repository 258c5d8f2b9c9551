"""One channel cut in two at the valley: viability (the low side) or a marker (the high side)."""

import numpy as np

from gating.density import histogram
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._blank import beyond, find_blank
from gating.methods._split import middle_of, split, to_linear
from gating.uncertainty import counted, share
from labproc.model import Boundary


def place(request: Request) -> tuple[Selection, ...]:
    """Cut at the valley and take the side that the strategy asks for.

    A step that names an ``unstained`` control cuts no lower than its cells reach.
    """
    population, side = request.populations[0], request.word("side", "above")
    rng = request.rng()
    display = request.display(0)
    bins = histogram(display)
    cut = split(
        display,
        population,
        draws=request.draws,
        rng=rng,
        highest=False,
        lean=request.number("lean", 0.0),
        middle=middle_of(request.scales[0], (request.ranges or (None,))[0]),
        side=side,
        counted=bins,
    )
    blank, unused = find_blank(request)
    if blank is not None:
        cut = beyond(cut, blank, display, population, rng)
    threshold = to_linear(cut, request.scales[0])
    high = request.linear[0] > threshold
    mask = high if side == "above" else ~high
    fraction = share(mask)
    above = bins.fraction_above(cut.draws) if cut.draws.size else cut.draws
    moved = above if side == "above" else 1.0 - above
    boundary = Boundary("threshold", request.channels, request.specs, np.array([[threshold]]))
    parameters: dict[str, float | str] = {
        "threshold": threshold, "side": side, "placed": cut.how, "separation": cut.separation,
    }  # fmt: skip
    if blank is not None:
        parameters |= {"control": blank.control.name, "control_role": blank.control.role}
        parameters["control_fraction_above"] = float(np.mean(blank.control.linear[0] > threshold))
    draws = counted(moved, request.n_events, rng)
    return (
        Selection(population, mask, boundary, fraction, draws, parameters, (*cut.flags, *unused)),
    )


METHODS.register("valley")(
    Method("cut at the valley between two peaks", place, options={"side": "above", "lean": 0.0})
)
