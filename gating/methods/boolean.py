"""Events that lie in several populations at once, in any of them, or outside one."""

import json

import numpy as np
from numpy.typing import NDArray

from gating.methods import METHODS, Method, Request, Selection
from gating.strategy import names_in
from gating.uncertainty import counted, share
from labproc.errors import StrategyError

OPTIONS = ("within", "without", "any_of", "any_not")


def place(request: Request) -> tuple[Selection, ...]:
    """Hold the parent's events that lie in all of ``within`` and none of ``without``.

    Where ``any_of`` or ``any_not`` is given they also lie in one of the former or outside one of
    the latter. The parameters say the populations, as lists in JSON, for drawing and export.
    """
    mask = np.ones(request.n_events, dtype=np.bool_)
    for option in ("within", "without"):
        for member in _members(request, option):
            mask &= member
    choices = [m for option in ("any_of", "any_not") for m in _members(request, option)]
    if choices:
        mask &= np.logical_or.reduce(choices)
    fraction = share(mask)
    rng = request.rng()
    draws = counted(np.full(request.draws, fraction or 0.0), request.n_events, rng)
    return (
        Selection(
            request.populations[0],
            mask,
            estimate=fraction,
            draws=draws,
            parameters={o: json.dumps(_names(request, o)) for o in OPTIONS if _names(request, o)},
        ),
    )


def _members(request: Request, option: str) -> list[NDArray[np.bool_]]:
    """Return the populations that an option names, or what lies outside them."""
    outside = option in ("without", "any_not")
    made = []
    for name in _names(request, option):
        if name not in request.masks:
            known = ", ".join(request.masks) or "none"
            where = f"step {request.populations[0]!r}"
            raise StrategyError(f"{where}: no population {name!r} (has: {known})")
        made.append(~request.masks[name] if outside else request.masks[name])
    return made


def _names(request: Request, option: str) -> tuple[str, ...]:
    return names_in(request.options.get(option, ()))


METHODS.register("boolean")(
    Method("within some populations, outside others", place, n_channels=(0,),
           options=dict.fromkeys(OPTIONS, ()))
)  # fmt: skip
