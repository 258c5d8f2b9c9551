"""Gates of a group of tubes: the one they share, the tube that is off, and a drift over the group.

Tubes are compared on one display scale, whatever width each tube's own was fitted with. A CAR
threshold is shared by a donor's tubes of one day already, by its control.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from gating.transforms import Logicle, Transform, parse_transform
from labproc.model import Boundary, Flag, GateResult, SharedGate
from labproc.model.flag import warning

ODD_DISTANCE = 3.5  # robust standard deviations from the group's median
LEAST_SPREAD = 0.02  # of the display scale: tubes closer than this are alike, however few
MIN_GROUP = 4
MIN_SERIES = 8  # tubes in a row that can show a drift
DRIFT = 0.06  # of the display scale from the first tube to the last: three spreads
CHANCE = 0.01  # two-sided, that tubes without drift lie in such an order
WIDTH = 0.5  # decades: the one logicle width that all are compared on
LINES = ("threshold", "quadrant")
ON_DISPLAY = ("polygon", "ellipse")  # their points are stored on the display scale
Positions = Mapping[str, float]
Floats = NDArray[np.float64]


def shared_gate(
    own: Mapping[str, Boundary], group: str, *, exceptions: Collection[str] = ()
) -> SharedGate | None:
    """Return one gate for a group of tubes; None for fewer than two.

    Lines and crosses lie at the median of the tubes' own on the display scale. Of outlines with
    many corners no mean is an outline: the group gets the one nearest to the others, whole.

    Parameters
    ----------
    own : mapping
        Tube to the outline of its own gate. Those of another kind, or on other channels, than
        most of the group do not count.
    group : str
        Which tubes these are, in words.
    exceptions : collection of str
        Tubes gated by themselves: one that is not like the others must not move their gate.
    """
    alike = list(_alike({t: o for t, o in own.items() if t not in exceptions}).values())
    if len(alike) < 2:
        return None
    first = alike[0]
    if first.kind in ON_DISPLAY:
        return SharedGate(alike[_most_central(alike)], len(alike), group)
    scales = [_common(s) for s in first.scales]
    middle = np.median([_shown(o) for o in alike], axis=0)
    points = np.column_stack([s.inverse(middle[:, k]) for k, s in enumerate(scales)])
    outline = Boundary(first.kind, first.channels, first.scales, points)
    return SharedGate(outline, len(alike), group)


def _alike(own: Mapping[str, Boundary]) -> dict[str, Boundary]:
    """Return the outlines of the kind and channels that most of the group have."""
    drawn = {t: o for t, o in own.items() if o.kind != "none" and o.points.size}
    kinds = Counter(_kind(o) for o in drawn.values()).most_common(1)
    return {t: o for t, o in drawn.items() if _kind(o) == kinds[0][0]}


def _kind(outline: Boundary) -> tuple[str, tuple[str, ...], int]:
    n_points = 0 if outline.kind in ON_DISPLAY else len(outline.points)
    return outline.kind, outline.channels, n_points


def _common(spec: str) -> Transform:
    scale = parse_transform(spec)
    return replace(scale, width=WIDTH, negative=0.0) if isinstance(scale, Logicle) else scale


def _shown(outline: Boundary) -> Floats:
    """Return an outline's points on the scale that all tubes are compared on."""
    columns = []
    for k, spec in enumerate(outline.scales):
        points = outline.points[:, k]
        if outline.kind in ON_DISPLAY:
            points = np.asarray(parse_transform(spec).inverse(points))
        columns.append(_common(spec).forward(points))
    return np.column_stack(columns).astype(np.float64)


def _most_central(outlines: Sequence[Boundary]) -> int:
    """Return the outline whose place and size are nearest to the group's median."""
    what = np.array([_place(o) for o in outlines])
    spread = np.maximum(what.std(axis=0), 1e-12)
    away = np.abs(what - np.median(what, axis=0)) / spread
    return int(away.sum(axis=1).argmin())


def _place(outline: Boundary) -> Floats:
    """Return what an outline is compared by: its lines, or its place and size."""
    shown = _shown(outline)
    if outline.kind in ON_DISPLAY:
        return np.concatenate([shown.mean(axis=0), np.ptp(shown, axis=0)])
    return shown.ravel()


def off_group(own: Mapping[str, Boundary], population: str, group: str = "") -> dict[str, Flag]:
    """Flag the tubes whose own gate lies far from their group's, by tube.

    Distances are in robust standard deviations (median absolute deviation) of the group; fewer
    than four tubes are no group. A gate of another kind, or on other channels, is off as well.
    """
    alike = _alike(own)
    if len(alike) < MIN_GROUP:
        return {}
    places = np.array([_place(o) for o in alike.values()])
    first = next(iter(alike.values()))
    linear = np.resize([s == "linear" for s in first.scales], places.shape[1])
    least = LEAST_SPREAD * np.where(linear, np.abs(places).max(axis=0), 1.0)
    away = _distances(places, np.maximum(least, 1e-12))
    worst = away[np.arange(len(away)), np.abs(away).argmax(axis=1)]
    said = dict(zip(alike, worst.tolist(), strict=True))
    flags = {t: _off(population, d, group) for t, d in said.items() if abs(d) > ODD_DISTANCE}
    others = [t for t, o in own.items() if t not in alike and o.kind != "none"]
    return flags | {t: _unlike(population, group) for t in others}


def off_positions(tubes: Mapping[str, Positions]) -> dict[str, dict[str, Flag]]:
    """Hold each tube's thresholds against all others', as ``off_group`` does; by population.

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
        away = _distances(np.array(list(placed.values())), np.array(LEAST_SPREAD))
        for name, distance in zip(placed, away.tolist(), strict=True):
            if abs(distance) > ODD_DISTANCE:
                flags[name][population] = _off(population, distance)
    return flags


def _distances(places: Floats, least: Floats) -> Floats:
    middle = np.median(places, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(places - middle), axis=0), least)
    return np.asarray((places - middle) / spread)


def _off(population: str, distance: float, group: str = "") -> Flag:
    side = "above" if distance > 0 else "below"
    text = f"{population}: its own gate lies {abs(distance):.1f} spreads {side} its group's"
    return warning("gate_off_group", text + _named(group))


def _unlike(population: str, group: str) -> Flag:
    text = f"{population}: its own gate is of another kind, or on other channels, than its group's"
    return warning("gate_off_group", text + _named(group))


def _named(group: str) -> str:
    return f" ({group})" if group else ""


class _Placed(Protocol):
    """A gate, or its drawing."""

    @property
    def population(self) -> str: ...

    @property
    def boundary(self) -> Boundary: ...


G = TypeVar("G", bound=_Placed)


def lines(gates: Iterable[G]) -> Iterator[tuple[G, int]]:
    """Yield the gates that are lines, each with the channel of its line.

    A cross counts twice: its first threshold by its first population, its second by the second.
    """
    crosses: dict[tuple[str, ...], int] = {}
    for gate in gates:
        axis = 0
        if gate.boundary.kind == "quadrant":
            axis = crosses.get(gate.boundary.channels, 0)
            crosses[gate.boundary.channels] = axis + 1
        if gate.boundary.kind in LINES and axis < len(gate.boundary.channels):
            yield gate, axis


def positions(gates: Iterable[GateResult]) -> dict[str, float]:
    """Return where each threshold lies on the display scale, by population, as ``lines`` says."""
    return {g.population: float(_shown(g.boundary)[0, axis]) for g, axis in lines(gates)}


def on_own_scale(outline: Boundary, axis: int, position: float) -> float:
    """Return where one of ``positions`` lies on the outline's own display scale."""
    spec = outline.scales[axis]
    linear = _common(spec).inverse(np.array([position]))
    return float(np.asarray(parse_transform(spec).forward(linear))[0])


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
