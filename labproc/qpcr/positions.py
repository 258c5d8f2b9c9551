"""Does the place on the plate show in the Cq? Rim, rows and columns, by the replicates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.model import Flag, Task, Well
from labproc.model.flag import warning

Floats = NDArray[np.float64]

PLATES = ((8, 12), (16, 24), (32, 48))
MIN_WELLS = 24  # residuals; fewer cannot tell a gradient from chance
FLAG_P = 0.01
FLAG_CYCLES = 0.1  # across the plate, or rim against inside; less changes no conclusion
LATEST_CQ = 33.0  # cycles; later, counting noise drowns the block's
MIN_CONTRAST = 0.02  # variance within replicates; neighbours in a row say nothing of columns
POSITION = re.compile(r"([A-Z]{1,2})(\d{1,2})")


@dataclass(frozen=True, slots=True)
class PlateEffect:
    """One pattern: how many cycles it makes across the plate, and the P of no effect.

    ``pattern`` is ``rim`` (rim minus inside), ``rows`` (last minus first) or ``columns``.
    """

    pattern: str
    cycles: float
    p_value: float

    @property
    def matters(self) -> bool:
        """Whether it is both real and large enough to see in copies."""
        return self.p_value < FLAG_P and abs(self.cycles) > FLAG_CYCLES


def plate_effects(wells: Sequence[Well]) -> list[PlateEffect]:
    """Regress each well's Cq, minus the mean of its replicates, on its place.

    Rim, rows and columns enter together; each P is that of its own t statistic with the
    replicates' degrees of freedom. Empty with fewer than 24 replicate wells, and where samples
    stand so that their means hide the place.
    """
    places, groups, cq = _replicates(wells)
    if cq.size < MIN_WELLS:
        return []
    shape = next(
        (s for s in PLATES if places[:, 0].max() < s[0] and places[:, 1].max() < s[1]), None
    )
    if shape is None:
        return []
    columns = _within(_patterns(places, shape), groups)
    residual = _within(cq[:, None], groups)[:, 0]
    usable = [i for i in range(3) if columns[:, i].var() > MIN_CONTRAST]
    return _regression(
        columns[:, usable],
        residual,
        [("rim", "rows", "columns")[i] for i in usable],
        n_groups=int(groups.max()) + 1,
    )


def _replicates(wells: Sequence[Well]) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return row and column, replicate group and Cq of the wells that have a sibling."""
    groups: dict[tuple[object, ...], list[tuple[int, int, float]]] = {}
    for w in wells:
        place = well_place(w.position)
        if place is None or w.cq is None or w.cq > LATEST_CQ or w.omitted or w.task is Task.NTC:
            continue
        level = w.quantity if w.task is Task.STANDARD else None
        if w.sample or level is not None:
            groups.setdefault((w.target, w.sample, level), []).append((*place, w.cq))
    several = [g for g in groups.values() if len(g) > 1]
    flat = [(i, *well) for i, g in enumerate(several) for well in g]
    table = np.array(flat, dtype=np.float64).reshape(-1, 4)
    return table[:, 1:3].astype(np.int64), table[:, 0].astype(np.int64), table[:, 3]


def well_place(position: str) -> tuple[int, int] | None:
    """Return row and column from 0, None where the position is no well name.

    Examples
    --------
    >>> well_place("A1"), well_place("P24"), well_place("17")
    ((0, 0), (15, 23), None)
    """
    found = POSITION.fullmatch(position)
    if found is None:
        return None
    row = 0
    for letter in found[1]:
        row = 26 * row + ord(letter) - ord("A") + 1
    return row - 1, int(found[2]) - 1


def _patterns(places: NDArray[np.int64], shape: tuple[int, int]) -> Floats:
    rows, columns = places[:, 0], places[:, 1]
    rim = (rows == 0) | (rows == shape[0] - 1) | (columns == 0) | (columns == shape[1] - 1)
    return np.column_stack([rim, rows / (shape[0] - 1), columns / (shape[1] - 1)]).astype(
        np.float64
    )


def _within(values: Floats, groups: NDArray[np.int64]) -> Floats:
    """Return the values minus the mean of their group."""
    count = np.bincount(groups)
    means = np.column_stack([np.bincount(groups, weights=v) / count for v in values.T])
    return np.asarray(values - means[groups])


def _regression(
    design: Floats, y: Floats, names: Sequence[str], *, n_groups: int
) -> list[PlateEffect]:
    from scipy import special

    dof = y.size - n_groups - len(names)
    if dof < 1 or not names or np.linalg.matrix_rank(design) < len(names):
        return []
    inverse = np.linalg.inv(design.T @ design)
    effect = inverse @ design.T @ y
    variance = float(((y - design @ effect) ** 2).sum()) / dof
    if variance <= 0:
        return []
    t = effect / np.sqrt(variance * np.diag(inverse))
    p = 2 * special.stdtr(dof, -np.abs(t))
    return [PlateEffect(n, float(e), float(v)) for n, e, v in zip(names, effect, p, strict=True)]


def position_flags(wells: Sequence[Well]) -> list[Flag]:
    """Return a flag for every pattern that matters."""
    return [
        warning(
            "plate_position",
            f"plate: Cq changes by {e.cycles:+.2f} cycles over {e.pattern} (P = {e.p_value:.2g}), "
            "expected none; check the sealing and the block",
        )
        for e in plate_effects(wells)
        if e.matters
    ]
