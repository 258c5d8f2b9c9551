"""A cut leans on unstained cells: what they reach without the dye is no stain.

Autofluorescence alone carries some cells past the valley of a viability dye, and the dying ones
fill it; the unstained tube says how far.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.controls import OTHER
from gating.methods._landscape import Landscape, Split
from gating.methods._request import ControlValues, Request
from labproc.model import Flag
from labproc.model.flag import info, review

FEW = 100
QUANTILE = 0.99  # of the unstained cells lie below the cut
FURTHEST = 0.3  # of the positives' peak: where it has risen so far the cut must not follow
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blank:
    """The unstained tube that a step leans on, and its cells on the step's display scale."""

    control: ControlValues
    display: Floats

    def reach(self) -> float:
        """Return the display position that 99 % of the unstained cells lie below."""
        return float(np.quantile(self.display, QUANTILE))

    def reaches(self, draws: int, rng: np.random.Generator) -> Floats:
        """Return the same of resampled cells: the order statistic moves as a binomial count."""
        n = self.display.size
        ranks = np.clip(rng.binomial(n, QUANTILE, draws), 0, n - 1)
        return np.asarray(np.sort(self.display)[ranks], dtype=np.float64)


def find_blank(request: Request) -> tuple[Blank | None, tuple[Flag, ...]]:
    """Return the first control alike to the sample's tube; else say why none of them serves."""
    doubts = []
    for control in request.controls:
        why = _doubt(control)
        if not why:
            shown = request.scales[0].forward(control.linear[0])
            return Blank(control, np.asarray(shown, dtype=np.float64)), ()
        doubts.append(f"{control.name} {why}")
    return None, _not_used(request.populations[0], doubts)


def _doubt(control: ControlValues) -> str:
    if control.doubts:
        return f"has {control.doubts[0]}"
    if control.matched == OTHER:
        return "is of another donor or day"
    n = control.linear[0].size
    return f"has {n} cells, expected at least {FEW}" if n < FEW else ""


def _not_used(population: str, doubts: Sequence[str]) -> tuple[Flag, ...]:
    if not doubts:
        return ()
    more = f", and {len(doubts) - 1} more are not alike either" if len(doubts) > 1 else ""
    text = f"{population}: cut without a control; {doubts[0]}{more}"
    return (info("control_not_used", text),)


def beyond(
    cut: Split,
    blank: Blank,
    values: NDArray[np.floating],
    population: str,
    rng: np.random.Generator,
) -> Split:
    """Return the cut, moved up to where the unstained cells end if they reach further.

    It never follows them into the positives: up to where the density has risen to 30 % of the
    positives' peak, and there someone has to look. Positives alone are cut as before.
    """
    reach = blank.reach()
    land = Landscape.of(values)
    limit = _limit(land, cut)
    if reach <= cut.display or limit <= cut.display:
        return cut
    flags = cut.flags
    if reach > limit:
        text = (
            f"{population}: 1 % of the {blank.control.role} cells are as bright as the stained "
            f"ones ({blank.control.name}); the cut does not follow them"
        )
        flags = (*flags, review("control_reaches_far", text))
    moved = np.maximum(cut.draws, blank.reaches(cut.draws.size, rng))
    moved = np.minimum(moved, limit + (cut.draws - cut.display))  # the limit moves as a valley does
    return replace(cut, display=min(reach, limit), how="control", draws=moved, flags=flags)


def _limit(land: Landscape, cut: Split) -> float:
    """Return how far up the display scale the cut may be moved."""
    if cut.peaks is not None:
        low, high = (float(land.counts.position(p)) - 0.5 for p in cut.peaks)
        return land.lowest(low, high, FURTHEST)
    top = float(land.counts.at(int(land.density.argmax()) + 0.5))
    return float(land.counts.high) if top < cut.display else cut.display
