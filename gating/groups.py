"""Gates of a group of tubes: one shared by all, the tube that is off, and a drift over the group.

Tubes are compared on one display scale, whatever width each tube's own was fitted with. A CAR
threshold is shared by a donor's tubes of one day already, by its control.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gating.transforms import Logicle, Transform, parse_transform
from labproc.model import Boundary, Flag, GateResult, Populations
from labproc.model.flag import warning

ODD_DISTANCE = 3.5  # robust standard deviations from the group's median
LEAST_SPREAD = 0.02  # of the display scale: tubes closer than this are alike, however few
MIN_GROUP = 4
MIN_SERIES = 8  # tubes in a row that can show a drift
DRIFT = 0.06  # of the display scale from the first tube to the last: three spreads
CHANCE = 0.01  # two-sided, that tubes without drift lie in such an order
WIDTH = 0.5  # decades: the one logicle width that all are compared on
Positions = Mapping[str, float]


def positions(gates: Iterable[GateResult]) -> dict[str, float]:
    """Return where each threshold lies on the display scale, by population.

    A cross counts twice: its first threshold by its first population, its second by the second.
    """
    found: dict[str, float] = {}
    crosses: dict[tuple[str, ...], int] = {}
    for gate in gates:
        axis = 0
        if gate.boundary.kind == "quadrant":
            axis = crosses.get(gate.boundary.channels, 0)
            crosses[gate.boundary.channels] = axis + 1
        if gate.boundary.kind in ("threshold", "quadrant") and axis < len(gate.boundary.channels):
            found[gate.population] = float(_shown(gate.boundary, axis)[0])
    return found


def _shown(boundary: Boundary, axis: int) -> NDArray[np.float64]:
    points = np.asarray(boundary.points[:, axis], dtype=np.float64)
    return np.asarray(_common(boundary.scales[axis]).forward(points), dtype=np.float64)


def _common(spec: str) -> Transform:
    scale = parse_transform(spec)
    return replace(scale, width=WIDTH, negative=0.0) if isinstance(scale, Logicle) else scale


def shared_gates(
    tubes: Sequence[Populations], populations: Sequence[str]
) -> dict[str, list[list[float]]]:
    """Return one gate for all tubes: the median of their own on the display scale.

    Parameters
    ----------
    tubes : sequence of Populations
        Gated one by one.
    populations : sequence of str
        Cut by a threshold or a cross; others are left alone.

    Returns
    -------
    dict
        Population to the points of its gate, linear fluorescence, as ``gate_tube`` takes them.
    """
    made: dict[str, list[list[float]]] = {}
    for name in populations:
        found = [g.boundary for g in (t.get(name) for t in tubes) if g is not None]
        placed = [b for b in found if b.kind in ("threshold", "quadrant")]
        if placed:
            made[name] = [[_median(placed, k) for k in range(placed[0].points.shape[1])]]
    return made


def _median(boundaries: Sequence[Boundary], axis: int) -> float:
    middle = np.median([_shown(b, axis)[0] for b in boundaries])
    return float(_common(boundaries[0].scales[axis]).inverse(np.array([middle]))[0])


def off_group(tubes: Mapping[str, Positions]) -> dict[str, dict[str, Flag]]:
    """Return for each tube the populations whose threshold lies far from its group's, flagged.

    Distances are in robust standard deviations (median absolute deviation) of the group; fewer
    than four tubes are no group.

    Parameters
    ----------
    tubes : mapping
        Tube to its ``positions``.
    """
    flags: dict[str, dict[str, Flag]] = {name: {} for name in tubes}
    for population in sorted({p for t in tubes.values() for p in t}):
        placed = {name: t[population] for name, t in tubes.items() if population in t}
        if len(placed) < MIN_GROUP:
            continue
        at = np.array(list(placed.values()))
        middle = float(np.median(at))
        spread = max(1.4826 * float(np.median(np.abs(at - middle))), LEAST_SPREAD)
        for name, position in placed.items():
            distance = (position - middle) / spread
            if abs(distance) > ODD_DISTANCE:
                flags[name][population] = _off(population, distance)
    return flags


def _off(population: str, distance: float) -> Flag:
    side = "above" if distance > 0 else "below"
    text = f"{population}: threshold {abs(distance):.1f} spreads {side} its group's"
    return warning("gate_off_group", text)


def drifts(tubes: Sequence[Positions]) -> tuple[Flag, ...]:
    """Say which thresholds wander over a series of tubes, in the order of their acquisition.

    The drift is the median slope between all pairs of tubes (Theil and Sen), so that one odd tube
    makes none; Kendall's test says whether the order may be chance.
    """
    from scipy.stats import kendalltau, theilslopes

    flags = []
    for population in sorted({p for t in tubes for p in t}):
        at = np.array([t.get(population, np.nan) for t in tubes])
        when = np.flatnonzero(np.isfinite(at))
        if when.size < MIN_SERIES or not np.ptp(at[when]):
            continue
        drift = float(theilslopes(at[when], when).slope) * float(np.ptp(when))
        if abs(drift) > DRIFT and kendalltau(when, at[when]).pvalue < CHANCE:
            text = (
                f"{population}: thresholds drift by {drift:+.0%} of the scale over "
                f"{when.size} tubes in the order of their acquisition"
            )
            flags.append(warning("gate_drift", text))
    return tuple(flags)
