"""Spillover from single-stained controls: what each dye leaves in every other detector."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.columns import Columns
from gating.controls import Control
from gating.methods import METHODS, Request
from gating.methods._landscape import Landscape, half_width
from gating.methods._split import choose_pair
from gating.panel import find_channel
from labproc.errors import GatingError
from labproc.model import Flag, FlowTube, Role, Spillover
from labproc.model.flag import review, unique

Floats = NDArray[np.float64]
MIN_EVENTS = 100
SATURATED = 0.98  # of the range: beyond it the detector no longer follows the dye
ROUNDS = 3
# Width of the gate about a peak, and robust standard deviations to an outlier. The usual choice
# first, then what another analyst may choose: half or twice the width, outliers cut off nearer or
# further by a factor of 1.6.
CHOICES = ((1.0, 2.5), (0.5, 2.5), (2.0, 2.5), (1.0, 1.6), (1.0, 4.0))
SDS = CHOICES[0][1]
WAYS = 3  # in which each of width and limit is chosen
BENDS = 2.0  # standard errors: beyond it the slopes of one detector differ for a reason
DIM = 0.4  # of the events are taken for positives where no peak stands apart


@dataclass(frozen=True, slots=True)
class SpilloverEstimate:
    """A spillover matrix with the standard error of each coefficient, same shape."""

    spillover: Spillover
    error: Floats
    flags: tuple[Flag, ...] = ()


def spillover_from_stains(
    controls: Sequence[Control], *, detectors: Sequence[str] = ()
) -> SpilloverEstimate:
    """Estimate spillover from ``compensation`` tubes and, where there is one, an unstained tube.

    In each tube the positive and the negative peak are found among the cells, events that are
    unlike the others in any detector are left out, and the slope is taken between the medians.
    The error covers what another choice of events, and another autofluorescence, would give.

    Parameters
    ----------
    controls : sequence of Control
        ``compensation`` tubes name their dye's detector in ``channel``.
    detectors : sequence of str, optional
        Detectors of the matrix besides the stains' own; one without a stain spills nothing.

    Raises
    ------
    GatingError
        If there is no compensation tube, or one of them lacks a detector.
    """
    stains = [c for c in controls if c.role is Role.COMPENSATION]
    if not stains:
        raise GatingError("spillover: no compensation tube, expected one single stain for each dye")
    names = tuple(dict.fromkeys([*detectors, *(_detector(s) for s in stains)]))
    unstained = next((c.tube for c in controls if c.role is Role.UNSTAINED), None)
    blank = typical(_cells(unstained, names)) if unstained is not None else None
    matrix, error = np.eye(len(names)), np.zeros((len(names), len(names)))
    flags: list[Flag] = []
    for stain in stains:
        row = names.index(_detector(stain))
        found = _coefficients(stain.tube, names, row, blank)
        matrix[row], error[row] = found[0], found[1]
        flags.extend(found[2])
    return SpilloverEstimate(Spillover(names, matrix), error, unique(flags))


def _detector(stain: Control) -> str:
    events = stain.tube.events
    if not events.has(stain.channel):
        has = ", ".join(events.names)
        found = f"{stain.tube.source.path}: single stain of {stain.channel!r}"
        raise GatingError(f"{found}, no such channel (has: {has})")
    return events.names[events.index(stain.channel)]


def _cells(tube: FlowTube, names: Sequence[str]) -> Floats:
    """Return the detectors' linear values of a tube's cells, shape (n_cells, n_detectors)."""
    columns = Columns(tube, Spillover(tuple(names[:1]), np.eye(1)))
    values = np.column_stack([columns.values(n) for n in names]).astype(np.float64)
    scatter = [find_channel(role, tube.events, {}) for role in ("forward", "side")]
    if None in scatter:
        return values
    axes = tuple(s for s in scatter if s)
    tops = tuple(columns.channel(a).range for a in axes)
    request = Request(
        populations=("Cells",),
        channels=axes,
        linear=tuple(columns.values(a) for a in axes),
        scales=tuple(columns.scale(a) for a in axes),
        ranges=tops,
        draws=0,
    )
    return np.asarray(values[METHODS.get("cells").place(request)[0].mask])


def _coefficients(
    tube: FlowTube, names: Sequence[str], row: int, blank: Floats | None
) -> tuple[Floats, Floats, tuple[Flag, ...]]:
    """Return one row of the matrix, its standard errors, and what is doubtful about it."""
    cells = _cells(tube, names)
    limit = SATURATED * float(tube.events.channels[tube.events.index(names[row])].range or np.inf)
    cells = cells[cells.max(axis=1) < limit] if len(cells) else cells
    shown = np.asarray(Columns(tube).scale(names[row]).forward(cells[:, row]), dtype=np.float64)
    pair = _peaks(shown)
    flags = _dim(names[row]) if pair is None else ()
    positives, negatives = _choices(cells, shown, pair)
    if blank is not None:
        negatives.append(blank)
    held, left = _enough(positives), _enough(negatives)
    if not held or not left:
        flags = (*flags, _unusable(names[row], positives, negatives))
        return np.eye(len(names))[row], np.full(len(names), np.nan), flags
    slope, error = spread_of_slopes(held, left, row)
    return slope, error, flags


def _enough(choices: Sequence[Floats]) -> list[Floats]:
    return [events for events in choices if len(events) >= MIN_EVENTS]


def _dim(name: str) -> tuple[Flag, ...]:
    return (review("single_stain_dim", f"{name}: the stain shows no positives apart"),)


def _unusable(name: str, positives: Sequence[Floats], negatives: Sequence[Floats]) -> Flag:
    most = [max((len(e) for e in side), default=0) for side in (positives, negatives)]
    text = f"{name}: {most[0]} positive and {most[1]} negative events"
    return review("single_stain_unusable", f"{text}, expected at least {MIN_EVENTS} of each")


def _peaks(shown: Floats) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return place and half width of the negative and the positive peak; None without two."""
    land = Landscape.of(shown)
    pair = choose_pair(land, highest=True)
    if pair is None:
        return None
    low = max((p for p in land.peaks if p.position < pair[1].position), key=lambda p: p.mass)
    found = []
    for peak in (low, pair[1]):
        top = int(peak.position)
        width = min(half_width(land.density, top), half_width(land.density[::-1], -top - 1))
        found.append((land.counts.at(peak.position + 0.5), width * land.counts.width))
    return found[0], found[1]


def _choices(
    cells: Floats, shown: Floats, pair: tuple[tuple[float, float], tuple[float, float]] | None
) -> tuple[list[Floats], list[Floats]]:
    """Return the positives and the negatives as they may be chosen, the usual choice first."""
    if pair is None:
        rank = shown.argsort(kind="stable").argsort(kind="stable")
        bright = [rank >= len(shown) * (1.0 - DIM * width) for width, _ in CHOICES]
        return [typical(cells[b], s) for b, (_, s) in zip(bright, CHOICES, strict=True)], []
    negatives, positives = (
        [typical(cells[np.abs(shown - at) < width * half], sds) for width, sds in CHOICES]
        for at, half in pair
    )
    return positives, negatives


def typical(events: Floats, sds: float = SDS) -> Floats:
    """Leave out events that are unlike the others in any detector: dead cells, autofluorescence.

    Three rounds of 2.5 robust standard deviations about the median, unless said otherwise.
    """
    for _ in range(ROUNDS):
        middle = np.median(events, axis=0) if len(events) else events
        spread = 1.4826 * np.median(np.abs(events - middle), axis=0) if len(events) else middle
        kept = (np.abs(events - middle) <= sds * spread + 1e-9).all(axis=-1)
        if np.count_nonzero(kept) < MIN_EVENTS:
            break
        events = events[kept]
    return events


def spread_of_slopes(
    positives: Sequence[Floats], negatives: Sequence[Floats], row: int
) -> tuple[Floats, Floats]:
    """Return one row of the matrix from the first choice, and its standard errors from all.

    Three things add up: the number of events; by how much the slopes of the other choices differ
    from it, beyond what their events explain; and what the positives' own autofluorescence may be.
    """
    positive, negative = positives[0], negatives[0]
    slope = _slopes(positive, negative, row)
    events = _by_events(positive, negative, slope, row)
    choices = [*((p, negative) for p in positives), *((positive, n) for n in negatives)]
    beyond = [
        (_slopes(p, n, row) - slope) ** 2 - np.abs(_by_events(p, n, slope, row) - events)
        for p, n in choices
    ]
    placed = np.maximum(np.sum(beyond, axis=0) / WAYS, 0.0)
    widest = typical(max(positives, key=len))  # surer of their slope, the more their dye differs
    error = np.sqrt(events + placed + _autofluorescence(widest, negative, slope, row))
    error[row] = 0.0
    return slope, np.asarray(error)


def _autofluorescence(positive: Floats, negative: Floats, slope: Floats, row: int) -> Floats:
    """Return the variance of a slope that an autofluorescence of the positives' own leaves.

    The slope among the positives alone, from their dimmer to their brighter half, knows nothing of
    the negatives. It is too coarse to be the estimate; but by how much it differs over all
    detectors, beyond what events explain, says how far the positives lie from the negatives in
    units of the negatives' spread. A detector that differs by more (it bends) counts by itself.
    """
    bright = positive[:, row] > np.median(positive[:, row])
    halves = positive[bright], positive[~bright]
    chance = _by_events(*halves, slope, row) + _by_events(positive, negative, slope, row)
    beyond = (_slopes(*halves, row) - slope) ** 2 - chance
    gain = max(float(np.median(positive[:, row]) - np.median(negative[:, row])), 1e-12)
    unit = (1.4826 * np.median(np.abs(negative - np.median(negative, axis=0)), axis=0) / gain) ** 2
    others = (np.arange(len(slope)) != row) & (chance > 0.0)
    weight = np.where(others, unit / np.maximum(chance, 1e-30) ** 2, 0.0)
    shared = max(float(weight @ beyond) / max(float(weight @ unit), 1e-30), 0.0)
    bends = np.where(beyond > BENDS**2 * chance, beyond, 0.0)
    return np.maximum(shared * unit, bends)


def _by_events(positive: Floats, negative: Floats, slope: Floats, row: int) -> Floats:
    """Return the variance of a slope that the number of events leaves."""
    gain = float(np.median(positive[:, row]) - np.median(negative[:, row]))
    both = [_variance_of_median(e - e[:, row, None] * slope) for e in (positive, negative)]
    return np.asarray((both[0] + both[1]) / max(gain, 1e-12) ** 2)


def _variance_of_median(events: Floats) -> Floats:
    """Return it from the ranks one standard deviation beside the middle: for any distribution."""
    beside = 0.5 / np.sqrt(max(len(events), 1))
    low, high = np.quantile(events, [0.5 - beside, 0.5 + beside], axis=0)
    return np.asarray((0.5 * (high - low)) ** 2)


def _slopes(positive: Floats, negative: Floats, row: int) -> Floats:
    """Return each detector's gain over the dye's own, between the medians of the two peaks."""
    gain = np.median(positive, axis=0) - np.median(negative, axis=0)
    slope = gain / max(float(gain[row]), 1e-12)
    slope[row] = 1.0
    return np.asarray(slope)
