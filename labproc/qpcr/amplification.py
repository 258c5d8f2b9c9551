"""Cq recomputed from the amplification curves, as a check of the file's own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labproc.model import Amplification, Flag, QpcrRun
from labproc.model.flag import review, warning
from labproc.qpcr.results import RecomputedCq

Floats = NDArray[np.float64]

FIRST_CYCLE = 3  # the first two cycles carry the light of bubbles and warming
MIN_CYCLES = 15
EARLIEST = 15.0  # cycles; earlier there is too little baseline
RISE_OVER_NOISE = 10.0  # baseline SD that a rise must exceed to be a reaction
DISAGREE = 0.5  # cycles
NOISE_FLOOR = 1e-9
BEFORE_BEND = 6  # cycles; the signal is then 1/64 of that at the bend


def baseline_corrected(curve: Amplification) -> tuple[Floats, float]:
    """Return fluorescence without its baseline, and the baseline's noise.

    The baseline is a line from cycle 3 to 6 cycles before the sharpest bend.
    """
    x, y = curve.cycles, curve.fluorescence
    end = _baseline_end(x, y)
    slope, intercept = _line(x[FIRST_CYCLE - 1 : end], y[FIRST_CYCLE - 1 : end])
    flat = np.asarray(y - (intercept + slope * x))
    own = flat[FIRST_CYCLE - 1 : end]
    noise = float(np.sqrt((own**2).sum() / max(1, own.size - 2)))
    return flat, max(noise, NOISE_FLOOR)


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Return slope and intercept; a plate has hundreds of lines, and ``polyfit`` is slow."""
    middle = x.sum() / x.size
    dx = x - middle
    slope = float(dx @ y / (dx @ dx))
    return slope, float(y.sum() / y.size - slope * middle)


def _baseline_end(x: Floats, y: Floats) -> int:
    """Return one past the last baseline cycle: 6 cycles before the sharpest bend, at least 8."""
    if y.size < MIN_CYCLES:
        return y.size
    bend = _bends(_smooth(y))
    top = int(bend[FIRST_CYCLE:].argmax()) + FIRST_CYCLE
    return min(max(top - BEFORE_BEND, FIRST_CYCLE + 5), y.size)


def _bends(y: Floats) -> Floats:
    return y[2:] - 2.0 * y[1:-1] + y[:-2]


def _smooth(y: Floats) -> Floats:
    # by hand: a plate has a thousand of these, and ``np.pad`` takes most of their time
    return np.convolve(np.concatenate((y[:1], y, y[-1:])), [0.25, 0.5, 0.25], mode="valid")


def recompute(run: QpcrRun) -> list[RecomputedCq]:
    """Recompute the Cq of every reaction whose amplification curve the file holds.

    The instrument's threshold is not in most exports. It is taken per target as the median of the
    fluorescence at the file's own Cq, so that a single reaction that disagrees stands out.
    """
    stated = {(w.position, w.target): w.cq for w in run.table.wells}
    found: list[RecomputedCq] = []
    targets = dict.fromkeys(a.target for a in run.amplification)
    for target in targets:
        own = [a for a in run.amplification if a.target == target and a.cycles.size >= MIN_CYCLES]
        curves = [(a, *baseline_corrected(a)) for a in own]
        threshold = _threshold(curves, stated)
        found += [
            _one(a, y, noise, threshold, stated.get((a.position, a.target)))
            for a, y, noise in curves
        ]
    return found


def _threshold(
    curves: Sequence[tuple[Amplification, Floats, float]],
    stated: dict[tuple[str, str], float | None],
) -> float | None:
    at = []
    for a, y, _ in curves:
        cq = stated.get((a.position, a.target))
        if cq is not None and a.cycles[0] <= cq <= a.cycles[-1]:
            at.append(float(np.interp(cq, a.cycles, y)))
    level = float(np.median(at)) if at else 0.0
    return level if level > 0 else None


def _one(
    curve: Amplification, y: Floats, noise: float, threshold: float | None, stated: float | None
) -> RecomputedCq:
    rises = float(y[-3:].sum() / 3.0) > RISE_OVER_NOISE * noise
    crossing = _crossing(curve.cycles, y, threshold) if rises and threshold else None
    steepest = _second_derivative_maximum(curve.cycles, y) if rises else None
    gain = _gain(curve.cycles, y, threshold) if rises and threshold else None
    return RecomputedCq(curve.position, curve.target, stated, crossing, steepest, gain)


def _crossing(x: Floats, y: Floats, threshold: float) -> float | None:
    """Return the last crossing of the threshold from below, on the log scale between cycles."""
    below = np.flatnonzero(y <= threshold)
    if not below.size or below[-1] + 1 >= y.size:
        return None
    i = int(below[-1])
    low, high = max(float(y[i]), threshold * 1e-3), float(y[i + 1])
    return float(x[i] + np.log(threshold / low) / np.log(high / low) * (x[i + 1] - x[i]))


def _second_derivative_maximum(x: Floats, y: Floats) -> float:
    """Return the cycle of the largest second derivative, by a parabola through its neighbours."""
    bend = _bends(_smooth(y))
    i = int(bend[FIRST_CYCLE:-1].argmax()) + FIRST_CYCLE
    left, mid, right = _bends(y[i - 1 : i + 4])
    curvature = left - 2 * mid + right
    shift = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
    return float(x[i + 1] + shift)


def _gain(x: Floats, y: Floats, threshold: float) -> float | None:
    """Return the gain per cycle from a tenth of the threshold to three times it."""
    part = (y > threshold / 10) & (y < threshold * 3) & (np.arange(y.size) > FIRST_CYCLE)
    rising = np.flatnonzero(part)
    if rising.size < 3 or rising[-1] - rising[0] >= rising.size:
        return None
    slope, _ = _line(x[rising], np.log(y[rising]))
    return float(np.exp(slope) - 1)


def disagreements(found: Sequence[RecomputedCq]) -> list[Flag]:
    """Flag reactions whose fluorescence says something else than the file's Cq.

    One flag for each target and kind, with the wells. Before cycle 15 there is too little baseline
    to judge by.
    """
    return [
        flag
        for target in dict.fromkeys(r.target for r in found)
        for flag in _of_target(target, [r for r in found if r.target == target])
    ]


def _of_target(target: str, own: Sequence[RecomputedCq]) -> list[Flag]:
    silent = [r for r in own if r.stated is not None and r.maximum_cq is None]
    hidden = [r for r in own if r.stated is None and _late(r.threshold_cq)]
    differs = [r for r in own if _late(r.stated) and abs(_away(r)) > DISAGREE]
    flags = []
    if silent:
        what = "have a Cq in the file and fluorescence that does not rise"
        flags.append(review("cq_without_amplification", _text(target, silent, what)))
    if hidden:
        what = "are undetermined in the file and their fluorescence rises"
        flags.append(review("amplification_without_cq", _text(target, hidden, what)))
    if differs:
        what = f"cross the threshold more than {DISAGREE:g} cycles from the file's Cq"
        flags.append(warning("cq_differs", _text(target, differs, what)))
    return flags


def _late(cq: float | None) -> bool:
    return cq is not None and cq >= EARLIEST


def _away(found: RecomputedCq) -> float:
    if found.stated is None or found.threshold_cq is None:
        return 0.0
    return found.threshold_cq - found.stated


def _text(target: str, wells: Sequence[RecomputedCq], what: str) -> str:
    """Name the first wells, each with the file's Cq and the recomputed one."""
    named = ", ".join(f"{r.position} ({_told(r)})" for r in wells[:5])
    more = "" if len(wells) <= 5 else f" and {len(wells) - 5} more"
    return f"{target}: wells {named}{more} {what}; look at their curves"


def _told(found: RecomputedCq) -> str:
    stated = "-" if found.stated is None else f"{found.stated:.1f}"
    own = "-" if found.threshold_cq is None else f"{found.threshold_cq:.1f}"
    return f"{stated} / {own}"
