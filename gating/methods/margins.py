"""Margin events: what lies at either end of a channel's scale has no place on it."""

import numpy as np
from numpy.typing import NDArray

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._landscape import piled_ends
from gating.uncertainty import counted, share
from labproc.model import Boundary, Flag
from labproc.model.flag import warning

MANY = 0.05  # of the parent at the ends of one channel: its voltage is wrong


def place(request: Request) -> tuple[Selection, ...]:
    """Leave out events at the top of a channel's range, and piled up at its lowest value."""
    population = request.populations[0]
    kept = np.ones(request.n_events, dtype=np.bool_)
    parameters: dict[str, float | str] = {}
    flags: list[Flag] = []
    for k, channel in enumerate(request.channels):
        there = _at_ends(request, k)
        lost = share(there) or 0.0
        parameters[f"lost_{channel}"] = lost
        if lost > MANY:
            text = f"{population}: {lost:.0%} of events lie at an end of {channel}'s scale"
            flags.append(warning("margin_events", text))
        kept &= ~there
    fraction = share(kept)
    rng = request.rng()
    draws = counted(np.full(request.draws, fraction or 0.0), request.n_events, rng)
    boundary = Boundary("none")
    return (Selection(population, kept, boundary, fraction, draws, parameters, tuple(flags)),)


def _at_ends(request: Request, k: int) -> NDArray[np.bool_]:
    """Say which events lie at an end of the k-th channel."""
    values = request.linear[k]
    there = np.zeros(values.size, dtype=np.bool_)
    top = request.ranges[k] if request.ranges else None
    if top is not None:
        there |= values >= top
    low = piled_ends(values)[0]
    if low is not None:
        there |= values == low
    return there


METHODS.register("margins")(
    Method("leave out events at the ends of a scale", place, n_channels=tuple(range(1, 100)))
)
