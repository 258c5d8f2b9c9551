"""CAR+ against the untransduced control: a gate, and the best estimate of the fraction."""

import numpy as np
from numpy.typing import NDArray

from gating.density import histogram, rough_bandwidth, smooth
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._split import half_width, split, to_linear
from gating.uncertainty import counted
from labproc.model import Boundary, Flag
from labproc.model.flag import review, unique

FEW = 50
DISAGREE = 0.03  # gated fraction and best estimate further apart than this need a look
LOW_SEPARATION = 3.0


def place(request: Request) -> tuple[Selection, ...]:
    """Cut at the aligned control's 99th percentile; estimate by its lower half."""
    population, scale = request.populations[0], request.scales[0]
    rng = np.random.default_rng(request.seed)
    sample = request.display(0)
    usable = [c for c in request.controls if c.linear[0].size >= FEW and c.role != "unstained"]
    flags = _control_flags(request, population)
    if not usable or sample.size < FEW:
        return (_without(request, sample, rng, flags),)
    control = np.asarray(scale.forward(usable[0].linear[0]), dtype=np.float64)
    shift = _shift(sample, control)
    aligned = control + shift
    cut = float(np.quantile(aligned, request.number("quantile", 0.99)))
    threshold = float(scale.inverse(np.array([cut]))[0])
    mask = request.linear[0] > threshold
    gated = float(mask.mean())
    estimate = _estimate(sample, aligned)
    separation = _separation(sample, aligned, cut)
    if abs(estimate - gated) > DISAGREE:
        text = f"{population}: gate says {gated:.1%}, the control's shape {estimate:.1%}"
        flags = (*flags, review("estimate_and_gate_disagree", text))
    if separation < LOW_SEPARATION:
        text = f"{population}: positives lie {separation:.1f} spreads above the negatives"
        flags = (*flags, review("low_separation", text))
    draws = _draws(sample, aligned, request.draws, rng)
    boundary = Boundary("threshold", request.channels, request.specs, np.array([[threshold]]))
    parameters: dict[str, float | str] = {
        "threshold": threshold, "side": "above", "shift": shift, "separation": separation,
        "gated_fraction": gated, "control": usable[0].name, "control_role": usable[0].role,
    }  # fmt: skip
    return (Selection(population, mask, boundary, estimate, draws, parameters, unique(flags)),)


def _control_flags(request: Request, population: str) -> tuple[Flag, ...]:
    if not request.controls:
        return (review("no_control", f"{population}: no untransduced control to set the gate by"),)
    best = request.controls[0]
    flags = [review("control_differs", f"{population}: control has {d}") for d in best.doubts]
    if best.role != "untransduced":
        text = f"{population}: the control is {best.role}, not untransduced cells"
        flags.append(review("control_not_untransduced", text))
    if best.matched != "same_arm":
        text = f"{population}: the control is of {best.matched.replace('_', ' ')}, not of this arm"
        flags.append(review("control_not_matched", text))
    return tuple(flags)


def _without(
    request: Request,
    sample: NDArray[np.float64],
    rng: np.random.Generator,
    flags: tuple[Flag, ...],
) -> Selection:
    """Cut at the sample's own valley, for want of a control; always to be looked at."""
    population, scale = request.populations[0], request.scales[0]
    cut = split(sample, population, draws=request.draws, rng=rng)
    threshold = to_linear(cut, scale)
    mask = request.linear[0] > threshold
    fraction = float(mask.mean()) if mask.size else None
    draws = counted(histogram(sample).fraction_above(cut.draws), request.n_events, rng)
    boundary = Boundary("threshold", request.channels, request.specs, np.array([[threshold]]))
    parameters: dict[str, float | str] = {
        "threshold": threshold, "side": "above", "separation": cut.separation, "control": "none",
    }  # fmt: skip
    if not any(f.code == "no_control" for f in flags):
        text = f"{population}: no usable control to set the gate by"
        flags = (*flags, review("no_control", text))
    every = unique((*flags, *cut.flags))
    return Selection(population, mask, boundary, fraction, draws, parameters, every)


def _shift(sample: NDArray[np.float64], control: NDArray[np.float64]) -> float:
    """Return how far the sample's negatives lie above the control's; none where that is unclear."""
    both = np.concatenate([sample, control])
    limits = (float(both.min()), float(both.max()) + 1e-9)
    modes = []
    for values in (sample, control):
        counts = histogram(values, limits=limits)
        density = smooth(counts.counts, rough_bandwidth(counts.total))
        modes.append((counts, density, int(density.argmax())))
    counts, density, mode = modes[1]
    reach = int(2.0 * half_width(density, mode)) + 1
    low, high = max(mode - reach, 0), mode + reach + 1
    near = modes[0][1][low:high]
    found = low + int(near.argmax())
    return 0.0 if found in (low, high - 1) else (found - mode) * counts.width


def _estimate(sample: NDArray[np.float64], control: NDArray[np.float64]) -> float:
    """Return 1 - the scale at which the control's lower half fits the sample's."""
    negative = float(np.mean(sample <= np.median(control))) / 0.5
    return float(np.clip(1.0 - negative, 0.0, 1.0))


def _separation(sample: NDArray[np.float64], control: NDArray[np.float64], cut: float) -> float:
    positive = sample[sample > cut]
    if positive.size < 10:
        return 0.0
    spread = 1.4826 * float(np.median(np.abs(control - np.median(control))))
    return float((np.median(positive) - np.median(control)) / max(spread, 1e-9))


def _draws(
    sample: NDArray[np.float64],
    control: NDArray[np.float64],
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    middle = np.median(control)
    below = rng.binomial(sample.size, float(np.mean(sample <= middle)), draws) / sample.size
    half = rng.binomial(control.size, 0.5, draws) / control.size
    return np.asarray(np.clip(1.0 - below / np.maximum(half, 1e-9), 0.0, 1.0))


METHODS.register("control")(
    Method("positives against an untransduced control", place, options={"quantile": 0.99})
)
