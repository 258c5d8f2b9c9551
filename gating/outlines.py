"""One outline for a group of tubes of a study, and the tube whose own does not fit.

Gates are compared where they are drawn: on the display scale of the group's first tube.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gating.transforms import Transform, parse_transform
from labproc.model import Boundary

Floats = NDArray[np.float64]
ODD_DISTANCE = 3.5  # robust standard deviations from the group's median
LEAST_SPREAD = 0.02  # of the display scale: tubes closer than this are alike, however few
MIN_GROUP = 4
ON_DISPLAY = ("polygon", "ellipse")  # their points are stored on the display scale


def shared_outline(outlines: Sequence[Boundary]) -> Boundary | None:
    """Return one outline for a group.

    Lines and crosses lie at the median of the tubes' own. Of outlines with many corners no mean
    is an outline: the group gets the one that lies nearest to the others, whole.
    """
    alike = _alike(outlines)
    if len(alike) < 2:
        return None
    first = alike[0]
    if first.kind in ON_DISPLAY:
        return alike[_most_central(alike)]
    scales = [parse_transform(s) for s in first.scales]
    shown = np.array([_shown(o.points, scales) for o in alike])
    points = _linear(np.median(shown, axis=0), scales)
    return Boundary(first.kind, first.channels, first.scales, points)


def _alike(outlines: Sequence[Boundary]) -> list[Boundary]:
    """Return the outlines of the kind and channels of the first one that is drawn."""
    drawn = [o for o in outlines if o.kind != "none" and o.points.size]
    return [o for o in drawn if (o.kind, o.channels) == (drawn[0].kind, drawn[0].channels)]


def _shown(points: Floats, scales: Sequence[Transform]) -> Floats:
    columns = [s.forward(points[:, k]) for k, s in enumerate(scales)]
    return np.column_stack(columns).astype(np.float64)


def _linear(points: Floats, scales: Sequence[Transform]) -> Floats:
    columns = [s.inverse(points[:, k]) for k, s in enumerate(scales)]
    return np.column_stack(columns).astype(np.float64)


def _most_central(outlines: Sequence[Boundary]) -> int:
    """Return the outline whose place and size are nearest to the group's median."""
    what = np.array([_place_and_size(o) for o in outlines])
    spread = np.maximum(what.std(axis=0), 1e-12)
    away = np.abs(what - np.median(what, axis=0)) / spread
    return int(away.sum(axis=1).argmin())


def _place_and_size(outline: Boundary) -> Floats:
    return np.concatenate([outline.points.mean(axis=0), np.ptp(outline.points, axis=0)])


def off_group(outlines: Mapping[str, Boundary]) -> dict[str, str]:
    """Say of the tubes whose own gate lies far from their group's how far it lies.

    Distances are in robust standard deviations (median absolute deviation) of the group; fewer
    than four tubes are no group.
    """
    alike = {id(o) for o in _alike(list(outlines.values()))}
    named = {name: o for name, o in outlines.items() if id(o) in alike}
    if len(named) < MIN_GROUP:
        return {}
    places = np.array([_coordinates(o, next(iter(named.values()))) for o in named.values()])
    middle = np.median(places, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(places - middle), axis=0), _least(named))
    away = (places - middle) / spread
    worst = np.abs(away).argmax(axis=1)
    return {
        name: _words(float(away[k, worst[k]]))
        for k, name in enumerate(named)
        if abs(away[k, worst[k]]) > ODD_DISTANCE
    }


def _words(away: float) -> str:
    return f"its own gate lies {abs(away):.1f} spreads {'above' if away > 0 else 'below'} the group"


def _coordinates(outline: Boundary, first: Boundary) -> Floats:
    """Return what an outline is compared by: its lines, or its place and size."""
    if outline.kind in ON_DISPLAY:
        return _place_and_size(outline)
    return _shown(outline.points, [parse_transform(s) for s in first.scales]).ravel()


def _least(named: Mapping[str, Boundary]) -> Floats:
    """Return the distance within which tubes are alike: a share of what is drawn."""
    first = next(iter(named.values()))
    n = first.points.size if first.kind not in ON_DISPLAY else 2 * first.points.shape[1]
    if first.kind in ON_DISPLAY or "linear" in first.scales:
        places = np.array([_coordinates(o, first) for o in named.values()])
        return np.asarray(np.maximum(LEAST_SPREAD * np.abs(places).max(axis=0), 1e-12))
    return np.full(n, LEAST_SPREAD)
