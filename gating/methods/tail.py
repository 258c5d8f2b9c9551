"""One channel cut at the tail of its main peak: for positives too few to make a peak."""

import numpy as np

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._landscape import FEW, Landscape, half_width
from gating.methods._landscape import Split as Cut
from gating.methods._split import to_linear, too_few
from gating.uncertainty import counted, share
from labproc.model import Boundary
from labproc.model.flag import Flag

SDS = 3.0


def place(request: Request) -> tuple[Selection, ...]:
    """Cut ``sds`` standard deviations of the peak's lower side above its mode."""
    population, scale = request.populations[0], request.scales[0]
    rng = request.rng()
    land = Landscape.of(request.display(0))
    flags: tuple[Flag, ...] = ()
    if land.counts.total < FEW:
        cut = too_few(land.counts, population, request.n_events, request.draws)
        flags = cut.flags
    else:
        top = int(land.density.argmax())
        spread = half_width(land.density, top)
        at = float(land.counts.at(top + 0.5 + request.number("sds", SDS) * spread))
        cut = Cut(at, "tail", _moved(land, at, spread, request.draws, rng), 0.0)
    threshold = to_linear(cut, scale)
    mask = request.linear[0] > threshold
    fraction = share(mask)
    draws = counted(land.counts.fraction_above(cut.draws), request.n_events, rng)
    boundary = Boundary("threshold", request.channels, request.specs, np.array([[threshold]]))
    parameters: dict[str, float | str] = {"threshold": threshold, "side": "above"}
    return (Selection(population, mask, boundary, fraction, draws, parameters, flags),)


def _moved(
    land: Landscape, cut: float, spread: float, draws: int, rng: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Move the cut with the error of the mode and the width of a peak of so many events."""
    error = spread * land.counts.width / np.sqrt(max(land.counts.total, 1.0))
    return np.asarray(cut + rng.normal(0.0, 4.0 * error, draws))


METHODS.register("tail")(Method("cut at the tail of the main peak", place, options={"sds": SDS}))
