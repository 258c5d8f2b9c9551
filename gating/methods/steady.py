"""Steady flow: clogs, gaps and shifts over time are left out before anything else is gated."""

import numpy as np

from gating.methods import METHODS, Method, Request, Selection
from gating.quality import check_flow
from gating.uncertainty import share
from labproc.model import Boundary


def place(request: Request) -> tuple[Selection, ...]:
    """Hold the events of steady stretches; the first channel is time, the others are watched."""
    steady = check_flow(request.linear[0], request.linear[1:])
    parameters: dict[str, float | str] = {
        "kept_time": steady.kept_time,
        "n_removed_spans": float(len(steady.removed_spans)),
        "watched": ",".join(request.channels[1:]),
        "time": request.channels[0] if request.channels else "",
    }
    mask = np.asarray(steady.kept, dtype=np.bool_)
    fraction = share(mask)
    return (
        Selection(
            request.populations[0],
            mask,
            Boundary("none"),
            fraction,
            parameters=parameters,
            flags=steady.flags,
        ),
    )


METHODS.register("steady")(
    Method("leave out clogs, gaps and shifts over time", place, n_channels=tuple(range(1, 100)))
)
