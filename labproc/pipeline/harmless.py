"""A gate off its group's that could stand there and move hardly a cell asks nobody for a look.

In an empty valley a cut may lie anywhere; where it does says nothing of the sample.
"""

from collections.abc import Sequence

import numpy as np

from labproc.pipeline.results import Density, TubeView

HARDLY = 0.005  # of the parent
NEAR = 0.06  # of the display scale: nearer to the group's a threshold is not asked about


def settled(group: Sequence[TubeView]) -> dict[str, dict[str, float]]:
    """Return each tube's features by its hash, thresholds in empty valleys set to the group's.

    A threshold stays its own where ``HARDLY`` of the parent's events or more lie between it and
    the group's median, and where there is no drawing to count them in.
    """
    from gating.oddness import THRESHOLD, thresholds

    found = {t.source.sha256: dict(t.features) for t in group}
    placed = {name: thresholds(features) for name, features in found.items()}
    for population in sorted({p for own in placed.values() for p in own}):
        middle = float(np.median([own[population] for own in placed.values() if population in own]))
        for tube in group:
            name = tube.source.sha256
            at = placed[name].get(population, middle)
            if abs(at - middle) > NEAR and _between(tube, population, middle) < HARDLY:
                found[name][f"{population}{THRESHOLD}"] = middle
    return found


def _between(tube: TubeView, population: str, middle: float) -> float:
    """Return the share of a gate's parent between its threshold and the group's; 1 if unknown."""
    from gating.groups import lines, on_own_scale
    from gating.transforms import parse_transform

    for gate, axis in lines(tube.gates):
        if gate.population != population:
            continue
        own = parse_transform(gate.boundary.scales[axis]).forward(gate.boundary.points[0, axis])
        ends = sorted((float(own), on_own_scale(gate.boundary, axis, middle)))
        return _share(gate.density, axis, ends)
    return 1.0


def _share(density: Density, axis: int, ends: Sequence[float]) -> float:
    counts = np.asarray(density.counts, dtype=np.float64)
    if not counts.size or not counts.sum():
        return 1.0
    along = counts if counts.ndim == 1 else counts.sum(axis=axis)
    below = np.concatenate([[0.0], np.cumsum(along)]) / along.sum()
    low, high = np.interp(ends, density.edges[axis], below)
    return float(high - low)
