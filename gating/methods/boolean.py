"""Events that lie in several populations at once, or outside one."""

import numpy as np

from gating.methods import METHODS, Method, Request, Selection
from gating.uncertainty import counted, share
from labproc.errors import StrategyError


def place(request: Request) -> tuple[Selection, ...]:
    """Hold the parent's events that lie in all of ``within`` and none of ``without``."""
    population = request.populations[0]
    mask = np.ones(request.n_events, dtype=np.bool_)
    for option, wanted in (("within", True), ("without", False)):
        for name in _names(request, option):
            if name not in request.masks:
                known = ", ".join(request.masks) or "none"
                raise StrategyError(f"step {population!r}: no population {name!r} (has: {known})")
            mask &= request.masks[name] == wanted
    fraction = share(mask)
    rng = np.random.default_rng(request.seed)
    draws = counted(np.full(request.draws, fraction or 0.0), request.n_events, rng)
    return (Selection(population, mask, estimate=fraction, draws=draws),)


def _names(request: Request, option: str) -> tuple[str, ...]:
    found = request.options.get(option, ())
    return (found,) if isinstance(found, str) else tuple(str(f) for f in found)


METHODS.register("boolean")(
    Method("within some populations, outside others", place, n_channels=(0,),
           options={"within": (), "without": ()})
)  # fmt: skip
