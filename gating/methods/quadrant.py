"""Two markers cut by a cross: CD4 against CD8."""

import numpy as np
from numpy.typing import NDArray

from gating.boundary import QUADRANTS
from gating.density import Peak
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._split import (
    Landscape,
    Split,
    at_valley,
    choose_pair,
    half_width,
    split,
    tail,
    to_linear,
    too_few,
)
from labproc.model import Boundary
from labproc.model.flag import unique

TIGHT_SDS = 1.0  # how far above the negative peak of the other marker a slice reaches
MIN_SLICE = 200
LEAST_NEGATIVES = 0.1  # height of the negative peak against the positive one
LEAN = 0.02  # cut where the density has begun to rise again towards the positives
Floats = NDArray[np.float64]


def place(request: Request) -> tuple[Selection, ...]:
    """Cut each marker where its positives part from the events that are negative for both.

    The two peaks are found in a slice that is tightly negative for the other marker, where
    autofluorescent cells (raised in both) are not; the valley between them is found among all
    events below the other marker's cut. A slice without two peaks falls back on all events.
    """
    rng = np.random.default_rng(request.seed)
    shown = [np.asarray(request.display(k), dtype=np.float64) for k in (0, 1)]
    rough = [_rough(v) for v in shown]
    cuts: list[Split] = []
    for k in (0, 1):
        cuts.append(_cut(shown[k], shown[1 - k], rough[1 - k], request, k, rng))
    cuts[0] = _cut(shown[0], shown[1], rough[1], request, 0, rng, ceiling=cuts[1].display)
    cuts[1] = _cut(shown[1], shown[0], rough[0], request, 1, rng, ceiling=cuts[0].display)
    return _selections(request, shown, (cuts[0], cuts[1]), rng)


def _rough(values: Floats) -> tuple[float, float]:
    """Return the position and spread of a marker's lowest peak, on the display scale."""
    land = Landscape.of(values)
    if not land.peaks:
        return float(np.median(values)) if values.size else 0.0, land.counts.width
    low = land.peaks[0]
    spread = half_width(land.density, int(low.position)) * land.counts.width
    return land.counts.at(low.position + 0.5), spread


def _cut(
    values: Floats,
    other: Floats,
    other_low: tuple[float, float],
    request: Request,
    k: int,
    rng: np.random.Generator,
    ceiling: float | None = None,
) -> Split:
    name, draws = request.channels[k], request.draws
    whole = Landscape.of(values)
    if whole.counts.total < MIN_SLICE:
        return split(values, name, draws=draws, rng=rng)
    limits = (whole.counts.low, whole.counts.high)
    tight = other <= other_low[0] + TIGHT_SDS * other_low[1]
    below = other <= ceiling if ceiling is not None else np.ones(other.size, dtype=np.bool_)
    pair = None
    for chosen in (tight, below, None):
        part = values if chosen is None else values[chosen]
        if part.size >= MIN_SLICE:
            pair = choose_pair(Landscape.of(part, limits), highest=True)
        if pair is not None and (chosen is None or _from_negatives(pair, whole)):
            break
    if pair is None:
        return tail(whole, name, draws=draws)
    part = values[below] if np.count_nonzero(below) >= MIN_SLICE else values
    land = Landscape.of(part, limits)
    if not _has_negatives(land, pair):
        land = whole
    if land.counts.total < MIN_SLICE:
        return too_few(land.counts, name, part.size, draws)
    return at_valley(
        land,
        pair[0].position,
        pair[1].position,
        draws=draws,
        rng=rng,
        lean=request.number("lean", LEAN),
    )


def _from_negatives(pair: tuple[Peak, Peak], whole: Landscape) -> bool:
    """Whether a slice's lower peak is the negatives: no slice of T cells may hold positives only.

    Among events negative for CD8 there may be no cell negative for CD4; two peaks found there
    would split the positives.
    """
    if not whole.peaks:
        return False
    lowest = whole.peaks[0]
    reach = lowest.position + 1.5 * half_width(whole.density, int(lowest.position))
    return pair[0].position <= (lowest.right if len(whole.peaks) > 1 else reach)


def _has_negatives(land: Landscape, pair: tuple[Peak, Peak]) -> bool:
    """Whether the events below the other marker's cut hold negatives for this one at all."""
    low, high = (float(land.density[int(p.position)]) for p in pair)
    return low >= LEAST_NEGATIVES * high


def _selections(
    request: Request, shown: list[Floats], cuts: tuple[Split, Split], rng: np.random.Generator
) -> tuple[Selection, ...]:
    point = np.array([[to_linear(c, s) for c, s in zip(cuts, request.scales, strict=True)]])
    boundary = Boundary("quadrant", request.channels, request.specs, point)
    high = [v > t for v, t in zip(request.linear, point[0], strict=True)]
    fractions = _fraction_draws(shown[0], shown[1], cuts, rng)
    flags = unique((*cuts[0].flags, *cuts[1].flags))
    parameters: dict[str, float | str] = {
        "threshold_1": float(point[0, 0]),
        "threshold_2": float(point[0, 1]),
        "separation_1": cuts[0].separation,
        "separation_2": cuts[1].separation,
    }
    made = []
    for k, (population, sides) in enumerate(zip(request.populations, QUADRANTS, strict=False)):
        mask = (high[0] == sides[0]) & (high[1] == sides[1])
        share = float(mask.mean()) if mask.size else None
        draws = fractions[:, k]
        made.append(Selection(population, mask, boundary, share, draws, parameters, flags))
    return tuple(made)


def _fraction_draws(
    x: Floats, y: Floats, cuts: tuple[Split, Split], rng: np.random.Generator
) -> Floats:
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
    Method(
        "two markers cut by a cross",
        place,
        n_channels=(2,),
        n_populations=4,
        options={"lean": LEAN},
    )
)
