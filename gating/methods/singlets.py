"""Singlets: area against height (or width) as one cell gives it."""

import numpy as np

from gating.density import Peak, find_peaks, histogram, rough_bandwidth, smooth
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._landscape import half_width
from gating.uncertainty import counted, share
from labproc.model import Boundary
from labproc.model.flag import review

FEW = 50
ABOVE, BELOW = 8.0, 6.0  # spreads of the singlets' lower side, where no doublet peak shows
MIN_MASS = 0.005
MIN_RATIO, MAX_RATIO = 1.15, 2.5  # where two cells stand against one


def place(request: Request) -> tuple[Selection, ...]:
    """Hold the main peak of the ratio up to the valley before the doublets, or to its far tail."""
    population = request.populations[0]
    if request.n_events < FEW:
        flag = review("too_few_events", f"{population}: {request.n_events} events to gate on")
        return (Selection(population, np.ones(request.n_events, dtype=np.bool_), flags=(flag,)),)
    ratio = request.linear[0]
    counts = histogram(ratio)
    bandwidth = rough_bandwidth(counts.total)
    density = smooth(counts.counts, bandwidth)
    top = int(density.argmax())
    mode, spread = counts.at(top + 0.5), half_width(density, top) * counts.width
    low, high = mode - BELOW * spread, mode + ABOVE * spread
    doublets = _doublets(find_peaks(density, bandwidth, min_mass=MIN_MASS), top)
    if doublets is not None and MIN_RATIO < counts.at(doublets.position) / mode < MAX_RATIO:
        high = counts.at(top + float(density[top : int(doublets.position)].argmin()) + 0.5)
    mask = (ratio >= low) & (ratio <= high)
    fraction = share(mask) or 0.0
    rng = request.rng()
    draws = counted(np.full(request.draws, fraction), request.n_events, rng)
    boundary = Boundary("interval", request.channels, request.specs, np.array([[low], [high]]))
    parameters = {"mode": mode, "spread": spread}
    return (Selection(population, mask, boundary, fraction, draws, parameters),)


def _doublets(peaks: tuple[Peak, ...], top: int) -> Peak | None:
    """Return the first peak above the singlets'."""
    return next((p for p in peaks if p.position > top), None)


METHODS.register("singlets")(
    Method("single cells by area over height, or width", place)
)  # fmt: skip
