"""Scatter and fluorescence of cells, pairs of cells and debris."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.simulate.panels import AUTOFLUORESCENCE, DYES, Dye
from labproc.simulate.spec import TubeSpec

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
DEAD_BINDING = 2.2  # dead cells hold dyes unspecifically


@dataclass(frozen=True, slots=True)
class Cells:
    """What flows by, in random order: per event whether it is debris or a pair, and its cells.

    ``first`` and ``second`` say what the one and the other cell of an event carry; the second
    counts in pairs only.
    """

    debris: Bools
    doublet: Bools
    first: Mapping[str, Bools]
    second: Mapping[str, Bools]

    @classmethod
    def of(
        cls,
        first: Mapping[str, Bools],
        second: Mapping[str, Bools],
        pairs: int,
        debris: int,
        rng: np.random.Generator,
    ) -> "Cells":
        """Mix intact events, the first ``pairs`` of them doublets, with debris."""
        intact = first["alive"].size
        order = rng.permutation(intact + debris)
        number = np.arange(intact + debris)[order]
        none = np.zeros(debris, np.bool_)
        firsts = {k: np.concatenate([v, none])[order] for k, v in first.items()}
        seconds = {k: np.concatenate([v, none])[order] for k, v in second.items()}
        return cls(number >= intact, number < pairs, firsts, seconds)

    @property
    def n(self) -> int:
        """Number of events."""
        return int(self.debris.size)

    def has(self, what: str) -> Bools:
        """Whether the event's first cell carries it."""
        return self.first[what]


def scatter(cells: Cells, rng: np.random.Generator) -> Floats:
    """Return FSC-A, SSC-A, FSC-H, SSC-H of every event, shape (n_events, 4).

    Living cells are blasts with log-normal size; dead ones smaller and grainier; debris has no
    lower end but the threshold. In a pair the areas add while the heights hardly do.
    """
    size, grain = _size(cells.has("alive"), rng)
    other_size, other_grain = _size(cells.second["alive"], rng)
    small = np.exp(rng.normal(np.log(42_000.0), 0.45, cells.n))
    fsc = np.where(cells.debris, small, size + np.where(cells.doublet, other_size, 0.0))
    dust = small * np.exp(rng.normal(np.log(0.55), 0.5, cells.n))
    ssc = np.where(cells.debris, dust, grain + np.where(cells.doublet, other_grain, 0.0))
    # two cells pass one after the other or side by side: 1.05 to 1.6 of one cell's height
    overlap = np.where(cells.doublet, rng.uniform(0.53, 0.8, cells.n), 1.0)
    fsc_h = 0.82 * fsc * overlap * np.exp(rng.normal(0.0, 0.022, cells.n))
    ssc_h = 0.80 * ssc * overlap * np.exp(rng.normal(0.0, 0.035, cells.n))
    return np.column_stack([fsc, ssc, fsc_h, ssc_h]).astype(np.float32)


def _size(alive: Bools, rng: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """Draw forward and side scatter, correlated within living and within dead cells."""
    shared, own = rng.standard_normal((2, alive.size))
    size = np.where(alive, 330_000.0, 190_000.0) * np.exp(np.where(alive, 0.17, 0.24) * shared)
    spread = np.where(alive, 0.22, 0.30) * (0.6 * shared + 0.8 * own)
    return size, np.where(alive, 150_000.0, 205_000.0) * np.exp(spread)


def stain(
    cells: Cells, dyes: Mapping[str, Dye], spec: TubeSpec, light: Floats, rng: np.random.Generator
) -> Floats:
    """Return the amount of each dye on every event, autofluorescence included.

    Background grows with the size of the cell, as surface does.
    """
    surface = (light[:, 0] / 330_000.0) ** 0.67
    total = AUTOFLUORESCENCE.astype(np.float32) * surface[:, None]
    total = total * np.exp(0.25 * rng.standard_normal(total.shape, np.float32))
    for column, name in enumerate(DYES):
        if name in dyes:
            total[:, column] += _dye(cells, name, dyes[name], spec, rng) * _reach(cells, surface)
    stained: Floats = total.astype(np.float32)
    return stained


def _reach(cells: Cells, surface: Floats) -> Floats:
    """Return how much of a dye an event can hold: debris little."""
    reach: Floats = np.where(cells.debris, 0.5 * surface, surface).astype(np.float32)
    return reach


def _dye(cells: Cells, name: str, dye: Dye, spec: TubeSpec, rng: np.random.Generator) -> Floats:
    """Draw one dye on every event, both cells of a pair added."""
    total = _one(cells.first, name, dye, spec, rng)
    partner = np.flatnonzero(cells.doublet)
    if partner.size:
        second = {k: v[partner] for k, v in cells.second.items()}
        total[partner] += _one(second, name, dye, spec, rng)
    return total


def _one(
    carried: Mapping[str, Bools], name: str, dye: Dye, spec: TubeSpec, rng: np.random.Generator
) -> Floats:
    """Draw one dye on single cells."""
    alive = carried["alive"]
    n = alive.size
    background = dye.background * (spec.control_shift if name == "CAR" else 1.0)
    total: Floats = rng.standard_gamma(dye.skew, n, np.float32) * np.float32(background / dye.skew)
    carriers = ~alive if name == "viability" else carried[name]
    if name != "viability":
        total *= np.where(alive, 1.0, DEAD_BINDING)
    total += np.where(carriers, _bright(n, dye, spec, name, rng), 0.0)
    return total


def _bright(n: int, dye: Dye, spec: TubeSpec, name: str, rng: np.random.Generator) -> Floats:
    """Draw what n positive cells carry, some of them dim."""
    median = spec.car_median if name == "CAR" and spec.car_median else dye.median
    drawn = median * np.exp(dye.sigma * rng.standard_normal(n, np.float32))
    if dye.dim:
        drawn *= np.where(rng.random(n) < dye.dim, dye.dim_factor, 1.0)
    bright: Floats = drawn.astype(np.float32)
    return bright
