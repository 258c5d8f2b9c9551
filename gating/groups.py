"""One gate for a group of tubes, and the tube whose own gate does not fit its group.

A CAR threshold is shared by a donor's tubes of one day, so that the gate cannot follow the
treatment; each tube's own threshold stays as a diagnostic.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from gating.transforms import parse_transform
from labproc.model import Flag, Populations
from labproc.model.flag import warning

ODD_DISTANCE = 3.5  # robust standard deviations from the group's median
LEAST_SPREAD = 0.02  # of the display scale: tubes closer than this are alike, however few
MIN_GROUP = 4


def shared_threshold(tubes: Sequence[Populations], population: str) -> float | None:
    """Return the median of the tubes' thresholds on the display scale, in linear fluorescence.

    None where no tube has a threshold for the population.
    """
    found = [g for g in (t.get(population) for t in tubes) if g is not None]
    placed = [g for g in found if g.boundary.kind == "threshold"]
    if not placed:
        return None
    scale = parse_transform(placed[0].boundary.scales[0])
    display = [float(scale.forward(g.boundary.points[:, 0])[0]) for g in placed]
    return float(scale.inverse(np.array([np.median(display)]))[0])


def odd_thresholds(tubes: Mapping[str, Populations], population: str) -> dict[str, Flag]:
    """Name the tubes whose threshold lies far from their group's, with the distance.

    Distances are in robust standard deviations (median absolute deviation) of the group on the
    display scale; fewer than four tubes are no group.
    """
    names, display = [], []
    for name, populations in tubes.items():
        gate = populations.get(population)
        if gate is None or gate.boundary.kind != "threshold":
            continue
        scale = parse_transform(gate.boundary.scales[0])
        names.append(name)
        display.append(float(scale.forward(gate.boundary.points[:, 0])[0]))
    if len(names) < MIN_GROUP:
        return {}
    middle = float(np.median(display))
    spread = 1.4826 * float(np.median(np.abs(np.array(display) - middle)))
    spread = max(spread, LEAST_SPREAD)
    odd = {}
    for name, position in zip(names, display, strict=True):
        distance = (position - middle) / spread
        if abs(distance) > ODD_DISTANCE:
            side = "above" if distance > 0 else "below"
            text = f"{population}: threshold {abs(distance):.1f} spreads {side} its group's"
            odd[name] = warning("gate_off_group", text)
    return odd
