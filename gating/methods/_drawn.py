"""Gates whose outline is given: drawn by a person, imported, or taken from another gate."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gating.boundary import inside, is_above
from gating.methods._request import Request, Selection
from gating.uncertainty import counted, share
from labproc.errors import StrategyError
from labproc.model import Boundary


def drawn(request: Request, kind: str, points: Any, *, side: str = "above") -> Selection:
    """Select the events within an outline; the interval carries counting error only."""
    population = request.populations[0]
    boundary = Boundary(kind, request.channels, request.specs, points)
    return select(request, population, boundary, side=side)


def select(request: Request, population: str, boundary: Boundary, *, side: str) -> Selection:
    """Apply a boundary to the parent's events."""
    mask = inside(boundary, request.linear, above=is_above(side))
    fraction = share(mask)
    rng = request.rng()
    draws = counted(np.full(request.draws, fraction or 0.0), request.n_events, rng)
    parameters: dict[str, float | str] = {"placed": "drawn", "side": side}
    return Selection(population, mask, boundary, fraction, draws, parameters)


def numbers(request: Request, option: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return an option that is a number or lists of numbers; -1 in ``shape`` is any length."""
    found = request.options.get(option)
    step = request.populations[0]
    try:
        array = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    fits = array.ndim == len(shape) and all(
        want in (-1, have) for want, have in zip(shape, array.shape, strict=False)
    )
    if found is None or not fits or not np.isfinite(array).all():
        wanted = " x ".join("n" if s < 0 else str(s) for s in shape) or "one number"
        raise StrategyError(f"step {step!r}: {option} is {found!r}, expected {wanted}")
    return array


def corner_points(request: Request, options: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return one point for each option, each with a coordinate for each channel."""
    n = len(request.channels)
    rows = [numbers(request, o, ()) if n == 1 else numbers(request, o, (n,)) for o in options]
    return np.array(rows, dtype=np.float64).reshape(len(options), n)
