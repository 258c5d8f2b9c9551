"""Events at the ends of a detector's range: what they are like is not known, only that it is more.

The upper end is the detector's own (saturation); the lower one the lowest value, where events pile
up since the instrument cuts there.
"""

import numpy as np

from gating.methods import METHODS, Method, Request, Selection
from gating.uncertainty import counted, share
from labproc.model import Boundary
from labproc.model.flag import Flag, review, warning

PILED = 0.001  # of the events at the lowest value: more than the one that has to be lowest
MANY, MOST = 0.05, 0.30  # left out: to be said, and to be looked at
FEW = 50


def place(request: Request) -> tuple[Selection, ...]:
    """Leave out the events at an end of any channel."""
    population = request.populations[0]
    mask = np.ones(request.n_events, dtype=np.bool_)
    parameters: dict[str, float | str] = {}
    tops = request.ranges or (None,) * len(request.channels)
    for name, values, top in zip(request.channels, request.linear, tops, strict=True):
        inside = np.ones(values.size, dtype=np.bool_) if top is None else values < top
        if request.word("ends", "both") == "both":
            inside &= _above_pile(values)
        parameters[f"at_limit, {name}"] = float(np.count_nonzero(~inside))
        mask &= inside
    held = share(mask)
    rng = np.random.default_rng(request.seed)
    draws = counted(np.full(request.draws, held or 0.0), request.n_events, rng)
    flags = _flags(population, held)
    return (Selection(population, mask, Boundary("none"), held, draws, parameters, flags),)


def _above_pile(values: np.ndarray) -> np.ndarray:
    """Leave out the lowest value where events pile up at it."""
    if values.size < FEW:
        return np.ones(values.size, dtype=np.bool_)
    lowest = values == values.min()
    if np.count_nonzero(lowest) <= max(PILED * values.size, 1) or lowest.all():
        return np.ones(values.size, dtype=np.bool_)
    return np.asarray(~lowest)


def _flags(population: str, held: float | None) -> tuple[Flag, ...]:
    lost = 1.0 - (1.0 if held is None else held)
    if lost <= MANY:
        return ()
    text = f"{population}: {lost:.0%} of events lie at an end of the range and were left out"
    return ((review if lost > MOST else warning)("margin_events", text),)


METHODS.register("margins")(
    Method(
        "leave out events at the ends of the range", place, options={"ends": "both"},
        n_channels=tuple(range(1, 100)),
    )
)  # fmt: skip
