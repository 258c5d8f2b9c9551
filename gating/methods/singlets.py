"""Singlets: area against height (or width) as one cell gives it."""

import numpy as np

from gating.density import histogram, rough_bandwidth, smooth
from gating.methods import METHODS, Method, Request, Selection
from gating.uncertainty import counted
from labproc.model import Boundary
from labproc.model.flag import review

FEW = 50


def place(request: Request) -> tuple[Selection, ...]:
    """Hold the main peak of the ratio, symmetric about its mode by its lower side's spread."""
    population = request.populations[0]
    if request.n_events < FEW:
        flag = review("too_few_events", f"{population}: {request.n_events} events to gate on")
        return (Selection(population, np.ones(request.n_events, dtype=np.bool_), flags=(flag,)),)
    ratio = request.linear[0]
    counts = histogram(ratio)
    density = smooth(counts.counts, rough_bandwidth(counts.total))
    mode = counts.at(float(density.argmax()) + 0.5)
    below = ratio[ratio < mode]
    spread = max(float(np.median(mode - below)) / 0.6745 if below.size else 0.0, counts.width)
    low, high = (
        mode - request.number("below", 5.0) * spread,
        mode + request.number("above", 4.0) * spread,
    )
    mask = (ratio >= low) & (ratio <= high)
    fraction = float(mask.mean())
    rng = np.random.default_rng(request.seed)
    draws = counted(np.full(request.draws, fraction), request.n_events, rng)
    boundary = Boundary("interval", request.channels, request.specs, np.array([[low], [high]]))
    parameters = {"mode": mode, "spread": spread}
    return (Selection(population, mask, boundary, fraction, draws, parameters),)


METHODS.register("singlets")(
    Method("single cells by area over height, or width", place,
           options={"above": 4.0, "below": 5.0})
)  # fmt: skip
