"""Spillover from single-stained controls: what each dye leaves in every other detector."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.columns import Columns
from gating.controls import Control
from gating.methods import METHODS, Request
from gating.methods._split import Landscape, choose_pair, half_width
from gating.panel import find_channel
from labproc.errors import GatingError
from labproc.model import Flag, FlowTube, Role, Spillover
from labproc.model.flag import review, unique

Floats = NDArray[np.float64]
MIN_EVENTS = 100
SATURATED = 0.98  # of the range: beyond it the detector no longer follows the dye
OUTLIER_SDS, ROUNDS = 2.5, 3
REFITS = 40


@dataclass(frozen=True, slots=True)
class SpilloverEstimate:
    """A spillover matrix with the standard error of each coefficient, same shape."""

    spillover: Spillover
    error: Floats
    flags: tuple[Flag, ...] = ()


def spillover_from_stains(
    controls: Sequence[Control], *, detectors: Sequence[str] = (), seed: int = 0
) -> SpilloverEstimate:
    """Estimate spillover from ``compensation`` tubes and, where there is one, an unstained tube.

    In each tube the positive and the negative peak are found among the cells, events that are
    unlike the others in any detector are left out, and the slope is taken between the medians.

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
    blank = _cells(unstained, names) if unstained is not None else None
    matrix, error = np.eye(len(names)), np.zeros((len(names), len(names)))
    flags: list[Flag] = []
    for stain in stains:
        row = names.index(_detector(stain))
        found = _coefficients(stain.tube, names, row, blank, np.random.default_rng(seed + row))
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
    tube: FlowTube,
    names: Sequence[str],
    row: int,
    blank: Floats | None,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, tuple[Flag, ...]]:
    """Return one row of the matrix, its standard errors, and what is doubtful about it."""
    cells = _cells(tube, names)
    limit = SATURATED * float(tube.events.channels[tube.events.index(names[row])].range or np.inf)
    cells = cells[cells.max(axis=1) < limit] if len(cells) else cells
    shown = np.asarray(Columns(tube).scale(names[row]).forward(cells[:, row]), dtype=np.float64)
    positive, negative, flags = _peaks(cells, shown, names[row])
    if len(negative) < MIN_EVENTS and blank is not None:
        negative = typical(blank)
    if min(len(positive), len(negative)) < MIN_EVENTS:
        text = f"{names[row]}: {len(positive)} positive and {len(negative)} negative events"
        flag = review("single_stain_unusable", f"{text}, expected at least {MIN_EVENTS} of each")
        return np.eye(len(names))[row], np.full(len(names), np.nan), (*flags, flag)
    slope = _slopes(positive, negative, row)
    again = [
        _slopes(
            positive[rng.integers(0, len(positive), len(positive))],
            negative[rng.integers(0, len(negative), len(negative))],
            row,
        )
        for _ in range(REFITS)
    ]
    error = np.hypot(np.std(again, axis=0), _bend(positive, negative, row))
    if blank is not None:
        error = np.hypot(error, 0.5 * (slope - _slopes(positive, typical(blank), row)))
    return slope, np.asarray(error), flags


def _peaks(cells: Floats, shown: Floats, name: str) -> tuple[Floats, Floats, tuple[Flag, ...]]:
    """Return the typical events of the stain's positive and negative peak."""
    land = Landscape.of(shown)
    pair = choose_pair(land, highest=True)
    if pair is None:
        flag = review("single_stain_dim", f"{name}: the stain shows no positives apart")
        bright = shown > np.quantile(shown, 0.6) if shown.size else np.zeros(0, dtype=np.bool_)
        return typical(cells[bright]), cells[:0], (flag,)
    high = pair[1]
    low = max((p for p in land.peaks if p.position < high.position), key=lambda p: p.mass)
    near = []
    for peak in (low, high):
        top = int(peak.position)
        width = min(half_width(land.density, top), half_width(land.density[::-1], -top - 1))
        away = np.abs(shown - land.counts.at(peak.position + 0.5))
        near.append(typical(cells[away < width * land.counts.width]))
    return near[1], near[0], ()


def typical(events: Floats) -> Floats:
    """Leave out events that are unlike the others in any detector: dead cells, autofluorescence.

    Three rounds of 2.5 robust standard deviations about the median.
    """
    for _ in range(ROUNDS):
        middle = np.median(events, axis=0) if len(events) else events
        spread = 1.4826 * np.median(np.abs(events - middle), axis=0) if len(events) else middle
        kept = (np.abs(events - middle) <= OUTLIER_SDS * spread + 1e-9).all(axis=-1)
        if np.count_nonzero(kept) < MIN_EVENTS:
            break
        events = events[kept]
    return events


def _bend(positive: Floats, negative: Floats, row: int) -> Floats:
    """Return by how much the dimmer and the brighter half of the positives disagree, halved.

    One dye has one slope; where its halves differ (autofluorescence, a detector that bends, cells
    of another kind) no number of events makes the estimate surer.
    """
    middle = np.median(positive[:, row])
    bright = positive[:, row] > middle
    halves = [_slopes(positive[side], negative, row) for side in (bright, ~bright)]
    return np.asarray(0.5 * np.abs(halves[0] - halves[1]))


def _slopes(positive: Floats, negative: Floats, row: int) -> Floats:
    """Return each detector's gain over the dye's own, between the medians of the two peaks."""
    gain = np.median(positive, axis=0) - np.median(negative, axis=0)
    slope = gain / max(float(gain[row]), 1e-12)
    slope[row] = 1.0
    return np.asarray(slope)
