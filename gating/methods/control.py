"""CAR+ against the untransduced control: a gate, and beside it the best estimate of the fraction.

The threshold is the controls' own quantile, so that every tube that leans on the same controls
has the same gate and no gate can follow the treatment. The estimate scales the control's shape.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._car import Estimate, estimate
from gating.methods._request import ControlValues
from gating.methods._split import split, stored, to_linear
from gating.transforms import Transform
from gating.uncertainty import counted, share
from labproc.model import Boundary, Flag
from labproc.model.flag import info, review, unique, warning

FEW = 100
QUANTILE = 0.99
LOW_SEPARATION = 3.2  # standard deviations; below 3, give or take .2, the shapes decide
MISFIT = 0.03  # distance of the fitted and the observed distribution that needs a look
FAR_SHIFT = 0.8  # spreads between the control's negatives and the sample's
NEARLY_ALL = 0.95
DISAGREE = 0.03
CAPTURE = 0.6  # spreads between untransduced CD4+ and CD8+ cells; biology alone gives less
SETS_NO_GATE = ("unstained", "isotype")
Floats = NDArray[np.float64]


def place(request: Request) -> tuple[Selection, ...]:
    """Cut at the controls' 99th percentile, and estimate what lies on either side of it."""
    population = request.populations[0]
    rng = np.random.default_rng(request.seed)
    usable = [c for c in request.controls if c.linear[0].size >= FEW and c.role not in SETS_NO_GATE]
    if not usable or request.n_events < FEW:
        return (_without_control(request, rng),)
    scale, best = request.scales[0], usable[0]
    sample = np.asarray(request.display(0), dtype=np.float64)
    shown = np.asarray(scale.forward(best.linear[0]), dtype=np.float64)
    found = estimate(sample, shown, draws=request.draws, rng=rng)
    threshold = _threshold(usable, request.number("quantile", QUANTILE))
    mask = request.linear[0] > threshold
    gated = share(mask) or 0.0
    flags = (
        *control_flags(population, best),
        *_capture_flags(population, scale, best),
        *_estimate_flags(population, found, gated, request.n_events),
    )
    parameters: dict[str, float | str] = {
        "threshold": threshold,
        "side": "above",
        "gated_fraction": gated,
        "shift": found.shift,
        "misfit": found.misfit,
        "detection_limit": found.detection_limit,
        "control": best.name,
        "control_role": best.role,
        "control_matched": best.matched,
        "control_fraction_above": float(np.mean(best.linear[0] > threshold)),
    }
    if found.separation is not None:
        parameters["separation"] = found.separation
    boundary = Boundary("threshold", request.channels, request.specs, np.array([[threshold]]))
    return (
        Selection(
            population, mask, boundary, found.fraction, found.draws, parameters, unique(flags)
        ),
    )


def _threshold(controls: Sequence[ControlValues], quantile: float) -> float:
    """Return the mean quantile of all the controls of that donor and day: one for both arms."""
    best = controls[0]
    alike = [c for c in controls if c.role == best.role]
    same_day = [c for c in alike if c.matched != "other" and not c.doubts]
    pool = same_day if best in same_day else [best]
    return stored(np.mean([np.quantile(c.linear[0], quantile) for c in pool]))


def control_flags(population: str, control: ControlValues) -> tuple[Flag, ...]:
    """Say what keeps the best control from being the right one."""
    flags = [
        review("control_differs", f"{population}: the control has {doubt}")
        for doubt in control.doubts
    ]
    if control.role != "untransduced":
        text = f"{population}: the control is {control.role}, not fully stained untransduced cells"
        flags.append(review("control_not_untransduced", text))
    if control.matched == "same_day":
        text = f"{population}: the control is of the same donor and day, but of another arm"
        flags.append(review("control_other_arm", text))
    if control.matched == "other":
        text = f"{population}: the control is of another donor or day"
        flags.append(review("control_other_day", text))
    return tuple(flags)


def _capture_flags(population: str, scale: Transform, control: ControlValues) -> tuple[Flag, ...]:
    """Say whether untransduced CD4+ and CD8+ cells differ in the stain: something else binds it."""
    if len(control.subsets) != 2 or min(s.size for s in control.subsets) < FEW:
        return ()
    shown = [np.asarray(scale.forward(s)) for s in control.subsets]
    quarters = [np.quantile(s, [0.16, 0.5, 0.84]) for s in shown]
    spread = max(float(np.mean([(q[2] - q[0]) / 2.0 for q in quarters])), 1e-9)
    apart = float(quarters[0][1] - quarters[1][1]) / spread
    if abs(apart) <= CAPTURE:
        return ()
    text = (
        f"{population}: untransduced CD4+ and CD8+ cells differ by {apart:+.1f} spreads in this "
        "stain; antibodies with kappa chains or serum may catch protein L"
    )
    return (review("protein_l_capture", text),)


def _estimate_flags(
    population: str, found: Estimate, gated: float, n_events: int
) -> tuple[Flag, ...]:
    flags: list[Flag] = []
    if not found.detected:
        limit = f"below the detection limit ({found.detection_limit:.2%})"
        flags.append(
            info("below_detection_limit", f"{population}: {found.fraction:.2%} is {limit}")
        )
    elif found.separation is not None and found.separation < LOW_SEPARATION:
        text = (
            f"{population}: positives lie {found.separation:.1f} standard deviations above the "
            "negatives; the fraction depends on assumed shapes (a dim stain, or few CARs a cell)"
        )
        flags.append(review("low_separation", text))
    if found.fraction > NEARLY_ALL:
        text = f"{population}: {found.fraction:.1%} positive leaves no negatives to align with"
        flags.append(review("no_negatives", text))
    if found.misfit > MISFIT:
        text = f"{population}: control and positives do not add up to the sample's distribution"
        flags.append(review("control_does_not_fit", text))
    if abs(found.shift) > FAR_SHIFT:
        text = f"{population}: the negatives lie {found.shift:+.1f} spreads from the control's"
        flags.append(warning("control_shifted", text))
    if found.separation is not None and abs(gated - found.fraction) > DISAGREE:
        text = (
            f"{population}: the gate holds {gated:.1%}, the best estimate is {found.fraction:.1%}"
        )
        separated = found.separation >= LOW_SEPARATION and found.misfit <= MISFIT
        flags.append((info if separated else review)("estimate_and_gate_disagree", text))
    if n_events * found.fraction < 20 and found.detected:
        flags.append(warning("few_positives", f"{population}: fewer than 20 positive events"))
    return tuple(flags)


def _without_control(request: Request, rng: np.random.Generator) -> Selection:
    """Cut at the sample's own valley, for want of a control; always to be looked at."""
    population, scale = request.populations[0], request.scales[0]
    text = f"{population}: no untransduced control to set the gate by"
    if any(c.role in SETS_NO_GATE for c in request.controls):
        text = f"{population}: an {request.controls[0].role} tube cannot set this gate"
    if request.n_events < FEW:
        text = f"{population}: {request.n_events} events in the parent, expected at least {FEW}"
    sample = np.asarray(request.display(0), dtype=np.float64)
    cut = split(sample, population, draws=request.draws, rng=rng)
    threshold = to_linear(cut, scale)
    mask = request.linear[0] > threshold
    held = share(mask)
    moved = np.searchsorted(np.sort(sample), cut.draws, side="right") / max(sample.size, 1)
    draws = counted(1.0 - moved, request.n_events, rng)
    boundary = Boundary("threshold", request.channels, request.specs, np.array([[threshold]]))
    parameters: dict[str, float | str] = {
        "threshold": threshold,
        "side": "above",
        "placed": cut.how,
        "separation": cut.separation,
        "control": "none",
    }
    flags = unique((review("no_control", text), *cut.flags))
    return Selection(population, mask, boundary, held, draws, parameters, flags)


METHODS.register("control")(
    Method(
        "positives against an untransduced control, gated and estimated",
        place,
        options={"quantile": QUANTILE},
    )
)
