"""Any number of channels between given values, as GatingML and FlowJo draw: low in, high not."""

import numpy as np
from numpy.typing import NDArray

from gating.boundary import OPEN, OUTSIDE
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import select
from labproc.errors import StrategyError
from labproc.model import Boundary


def place(request: Request) -> tuple[Selection, ...]:
    """Take the events from ``low`` up to but without ``high`` on every channel; inf is no limit.

    The boundary holds the same limits with both ends included, one step of a double further in,
    so that whoever reads it selects the same events.
    """
    low, high = _limits(request, "low", -np.inf), _limits(request, "high", np.inf)
    population, side = request.populations[0], request.word("side", "inside")
    if not np.all(low < high):
        raise StrategyError(
            f"step {population!r}: low is not below high, expected a gate with room"
        )
    top = np.where(np.isfinite(high), np.nextafter(high, -np.inf), high)
    kind, points = "rectangle", np.clip(np.array([low, top]), -OPEN, OPEN)
    if len(low) == 1:
        kind, points, side = _on_one_channel(points, side)
    boundary = Boundary(kind, request.channels, request.specs, points)
    return (select(request, population, boundary, side=side),)


def _limits(request: Request, option: str, default: float) -> NDArray[np.float64]:
    n = len(request.channels)
    found = request.options.get(option, (default,) * n)
    given = found if isinstance(found, (list, tuple)) else (found,)
    numbers = [float(v) for v in given if isinstance(v, (int, float)) and not np.isnan(v)]
    if len(given) != n or len(numbers) != n or not n:
        raise StrategyError(
            f"step {request.populations[0]!r}: {option} is {found!r}, expected one number for each "
            "of its channels (inf for no limit)"
        )
    return np.asarray(numbers, dtype=np.float64)


def _on_one_channel(points: NDArray[np.float64], side: str) -> tuple[str, NDArray[np.float64], str]:
    """Return kind, points and side: a limit on one side only is a threshold.

    A threshold holds what is more than it; the double just below a limit makes that "from it on".
    """
    low, high = float(points[0, 0]), float(points[1, 0])
    within = side != OUTSIDE
    if low > -OPEN and high == OPEN:
        return "threshold", np.array([[np.nextafter(low, -np.inf)]]), "above" if within else "below"
    if low == -OPEN and high < OPEN:
        return "threshold", np.array([[high]]), "below" if within else "above"
    return "interval", points, side


METHODS.register("box")(
    Method(
        "between given values on any number of channels, low included and high not",
        place,
        n_channels=tuple(range(1, 100)),
        options={"low": None, "high": None, "side": "inside"},
    )
)
