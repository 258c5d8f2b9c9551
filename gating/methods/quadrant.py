"""Two markers cut by a cross: CD4 against CD8."""

import numpy as np
from numpy.typing import NDArray

from gating.boundary import QUADRANTS
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._split import Split, split, to_linear
from labproc.model import Boundary
from labproc.model.flag import unique

ROUNDS = 2  # the cut of one marker is found again among the events that are low in the other


def place(request: Request) -> tuple[Selection, ...]:
    """Cut each marker at its valley among the events that are negative for the other."""
    rng = np.random.default_rng(request.seed)
    x, y = request.display(0), request.display(1)
    names = request.channels
    first = split(x, names[0], draws=request.draws, rng=rng)
    second = split(y, names[1], draws=request.draws, rng=rng)
    for _ in range(ROUNDS):
        second = split(y[x <= first.display], names[1], draws=request.draws, rng=rng)
        first = split(x[y <= second.display], names[0], draws=request.draws, rng=rng)
    cuts = (first, second)
    point = np.array([[to_linear(c, s) for c, s in zip(cuts, request.scales, strict=True)]])
    boundary = Boundary("quadrant", request.channels, request.specs, point)
    high = [v > t for v, t in zip(request.linear, point[0], strict=True)]
    fractions = _fraction_draws(x, y, cuts, rng)
    flags = unique((*first.flags, *second.flags))
    parameters: dict[str, float | str] = {
        "threshold_1": point[0, 0], "threshold_2": point[0, 1],
        "separation_1": first.separation, "separation_2": second.separation,
    }  # fmt: skip
    made = []
    for k, (population, sides) in enumerate(zip(request.populations, QUADRANTS, strict=False)):
        mask = (high[0] == sides[0]) & (high[1] == sides[1])
        share = float(mask.mean()) if mask.size else None
        made.append(
            Selection(population, mask, boundary, share, fractions[:, k], parameters, flags)
        )
    return tuple(made)


def _fraction_draws(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    cuts: tuple[Split, Split],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return draws of the four fractions together, shape (n_draws, 4): cross moved, recounted."""
    n = x.size
    if not n:
        return np.full((cuts[0].draws.size, 4), np.nan)
    grid = [np.unique(c.draws) for c in cuts]
    rows = [np.searchsorted(g, v, side="left") for g, v in zip(grid, (x, y), strict=True)]
    shape = (grid[0].size + 1, grid[1].size + 1)
    counts = np.bincount(rows[0] * shape[1] + rows[1], minlength=shape[0] * shape[1])
    below = counts.reshape(shape).cumsum(axis=0).cumsum(axis=1) / n
    a = np.searchsorted(grid[0], cuts[0].draws)
    b = np.searchsorted(grid[1], cuts[1].draws)
    neither = below[a, b]
    only_second, only_first = below[a, -1] - neither, below[-1, b] - neither
    both = 1.0 - neither - only_first - only_second
    chances = np.clip(np.column_stack([only_first, only_second, both, neither]), 0.0, 1.0)
    chances /= chances.sum(axis=1, keepdims=True)
    return np.asarray(rng.multinomial(n, chances) / n)


METHODS.register("quadrant")(
    Method("two markers cut by a cross", place, n_channels=(2,), n_populations=4)
)
