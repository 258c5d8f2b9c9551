"""The best estimate of the positives' fraction from a sample and its control, with its interval."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.density import Histogram, histogram, smooth
from gating.methods._unmix import (
    Mixture,
    Shape,
    bin_centres,
    fit,
    moved,
    shape_of,
    skew_normal,
    starts,
    without_positives,
)

Floats = NDArray[np.float64]
N_BINS = 128
SMOOTHING = 1.2  # bins, for sample and control alike
ROUNDS = 60
PROMISING = 2  # starts that are run to the end
DETECTED = 12.0  # twice the gain in log likelihood that positives must bring
EXCESS_SIGMAS = 3.0  # and what lies beyond the control's tail, in its standard errors
SKEWS = (-0.4, -0.1, 0.2, 0.5, 0.8)  # how far positives may lean on a display scale
BELIEF = 0.2  # of a difference in log likelihood: no shape is quite what was assumed
STRETCH_SD = 0.05  # how much a tube's negatives differ in width from its control's
BACKGROUND = (2e-3, 1e-4)  # of the control: spread over its neighbourhood, and evenly
ALIKE = (0.6, 0.12)  # shift (spreads) and stretch beyond which a tube is not just its control
TAIL_SHARE = (0.12, 0.8)  # of dim positives, beyond the control's tail, when none were detected
HIDDEN = 0.5  # weight of what a fit to the shapes says where the tail shows nothing
LINEAR = 1.1  # the curvature at the best fit understates the error where peaks overlap
SHAPE_ERROR = 0.002  # of a half-positive tube: shapes are never quite what was assumed
LEAST_ERROR = 0.002  # of the fraction: below it no two tubes are alike


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the mixture says.

    ``shift`` of the sample's negatives from the control's, in control spreads. ``separation`` of
    positives and negatives in standard deviations of the negatives, None where no positives were
    found. ``misfit`` is the largest distance of the fitted and the observed cumulative
    distributions.
    """

    fraction: float
    draws: Floats
    shift: float
    separation: float | None
    misfit: float
    detected: bool
    detection_limit: float


def estimate(sample: Floats, control: Floats, *, draws: int, rng: np.random.Generator) -> Estimate:
    """Estimate the fraction of a sample's events that are not like its control's.

    Parameters
    ----------
    sample, control : ndarray, shape (n_events,)
        On one display scale.
    """
    raw, other = _binned(sample, control)
    counts, plain = smooth(raw.counts, SMOOTHING), smooth(other.counts, SMOOTHING)
    shape = shape_of(plain)
    template = _filled(plain, shape)
    leaning = _leaning(counts, template, shape)
    best = leaning.best()
    none = fit(counts, template, shape, without_positives(shape), rounds=ROUNDS // 3).best()
    tempered = 1.0 + raw.total / max(other.total, 1.0)  # the control's noise is in the fit too
    gain = 2.0 * float(best.log_likelihood[0] - none.log_likelihood[0]) / tempered
    excess, spread, broader, limit = _excess(raw, other, shape, none)
    beyond = (
        abs(float(none.shift[0])) > ALIKE[0] * shape.spread
        or abs(float(none.stretch[0])) > ALIKE[1]
    )
    detected = beyond or (gain > DETECTED and excess > EXCESS_SIGMAS * spread)
    chosen = best if detected else none
    weights = _weights(leaning, tempered)
    errors = np.array(
        [
            _error(template, shape, leaning.rows(np.array([k])), raw.total, other.total)
            for k in range(weights.size)
        ]
    )
    fitted = float(weights @ leaning.fraction)
    which = rng.choice(weights.size, draws, p=weights)
    centre, error = leaning.fraction[which], errors[which]
    if detected:
        fraction = fitted
        shapes = LEAST_ERROR + SHAPE_ERROR * 4.0 * fraction * (1.0 - fraction)
        drawn = rng.normal(centre, np.hypot(error, shapes))
    else:  # positives too dim for the tail may hide among the negatives
        doubt = min((1.5 * spread / max(excess, 1e-9)) ** 2, 1.0)
        fraction = max(excess, 0.0) * (1.0 - doubt)  # shrunk to nothing within its own error
        seen = rng.normal(max(excess, 0.0), np.hypot(np.hypot(spread, LEAST_ERROR), broader), draws)
        hidden = rng.normal(centre, error)
        shown = seen / rng.uniform(*TAIL_SHARE, draws)
        drawn = np.where(rng.random(draws) < HIDDEN, hidden, shown)
    drawn = np.clip(drawn, 0.0, 1.0)
    separation = (best.mean[0] - shape.middle - best.shift[0]) / shape.deviation
    return Estimate(
        fraction=fraction,
        draws=drawn,
        shift=float(chosen.shift[0]) / shape.spread,
        separation=float(separation) if detected else None,
        misfit=_misfit(counts, template, shape, chosen),
        detected=detected,
        detection_limit=limit,
    )


def _binned(sample: Floats, control: Floats) -> tuple[Histogram, Histogram]:
    ends = [histogram(v) for v in (sample, control)]
    limits = (min(h.low for h in ends), max(h.high for h in ends))
    return histogram(sample, N_BINS, limits=limits), histogram(control, N_BINS, limits=limits)


def _filled(template: Floats, shape: Shape) -> Floats:
    """Leave no bin of the control empty: one stray event must not weigh as much as a thousand."""
    near, even = BACKGROUND
    broad = smooth(template, round(shape.spread, 1))
    level = template.sum() / template.size
    return np.asarray((1.0 - near - even) * template + near * broad + even * level)


def _leaning(counts: Floats, template: Floats, shape: Shape) -> Mixture:
    """Run every start a little, and the most promising ones to the end, at each skewness.

    Returns the likeliest fit of each skewness, one row each.
    """
    first = fit(counts, template, shape, starts(shape), rounds=ROUNDS // 4)
    order = np.argsort(-first.log_likelihood, kind="stable")[:PROMISING]
    tried = first.rows(np.tile(order, len(SKEWS)))
    tried = replace(tried, skew=np.repeat(SKEWS, PROMISING))
    ended = fit(counts, template, shape, tried, rounds=ROUNDS)
    likeliest = ended.log_likelihood.reshape(len(SKEWS), PROMISING).argmax(axis=1)
    return ended.rows(np.arange(len(SKEWS)) * PROMISING + likeliest)


def _weights(leaning: Mixture, tempered: float) -> Floats:
    """Return how much each skewness is believed in: by the prior and by a share of the fit."""
    gain = (leaning.log_likelihood - leaning.log_likelihood.max()) * BELIEF / tempered
    weights = np.exp(gain)
    return np.asarray(weights / weights.sum())


def _density(template: Floats, shape: Shape, at: Floats, skew: float) -> Floats:
    """Return the model's density for shift, fraction, mean, log deviation, stretch; skewness."""
    shift, fraction, mean, log_deviation, stretch = at
    x = bin_centres(template.size)
    away = (x - shape.middle - shift) / (1.0 + stretch) + shape.middle
    negative = np.interp(away, x, template) / (1.0 + stretch)
    one = (np.array([v]) for v in (mean, np.exp(log_deviation), skew))
    return np.asarray((1.0 - fraction) * negative + fraction * skew_normal(x, *one)[0])


def _error(template: Floats, shape: Shape, best: Mixture, n: float, m: float) -> float:
    """Return the fraction's standard error, from the curvature of the likelihood.

    Carried are the counting errors of both tubes, and how much broader or narrower than the control
    the negatives may be.
    """
    template = template / template.sum()
    at = np.array(
        [
            best.shift[0],
            best.fraction[0],
            best.mean[0],
            np.log(best.deviation[0]),
            best.stretch[0],
        ]
    )
    skew = float(best.skew[0])
    steps = np.array([0.05 * shape.spread, 0.002, 0.05 * shape.spread, 0.02, 0.005])
    slopes = np.array(
        [
            (_density(template, shape, at + d, skew) - _density(template, shape, at - d, skew))
            / (2 * s)
            for d, s in zip(np.diag(steps), steps, strict=True)
        ]
    )
    density = np.maximum(_density(template, shape, at, skew), 0.1 / n)
    prior = np.diag([1.0 / shape.spread**2, 0, 0, 0, 1.0 / STRETCH_SD**2])
    information = n * (slopes / density) @ slopes.T
    remaining = (1.0 - at[1]) ** 2 * template / (m * density**2)
    noise = information + n * n * (slopes * remaining) @ slopes.T + prior
    inverse = np.linalg.pinv(information + prior)
    return LINEAR * float(np.sqrt(max((inverse @ noise @ inverse)[1, 1], 0.0)))


def _excess(
    raw: Histogram, other: Histogram, shape: Shape, none: Mixture
) -> tuple[float, float, float, float]:
    """Return the excess above the shifted control's tail, its error and the detection limit.

    The third number is what negatives a little broader than the control would add. Where hardly
    any positives are, counting what lies beyond the control's tail is more certain than fitting a
    shape to them. Limit after Currie: 2.71/n + 3.29 x the blank's error.
    """
    far = 2.5 * shape.deviation
    edge = shape.middle + far
    there = shape.middle + float(none.shift[0]) + far * (1.0 + float(none.stretch[0]))
    above = float(raw.fraction_above(raw.at(there)))
    blank = float(other.fraction_above(other.at(edge)))
    n, m = max(raw.total, 1.0), max(other.total, 1.0)
    blank_error = np.sqrt(max(blank, 1.0 / m) * (1.0 / n + 1.0 / m))
    error = float(np.sqrt(max(above, 1.0 / n) / n + max(blank, 1.0 / m) / m))
    broader = abs(above - float(raw.fraction_above(raw.at(there + STRETCH_SD * far))))
    return above - blank, error, broader, float(2.71 / n + 3.29 * blank_error)


def _misfit(counts: Floats, template: Floats, shape: Shape, chosen: Mixture) -> float:
    row = template[None, :] / template.sum()
    negative = moved(row, shape, chosen.shift, chosen.stretch)[0][0]
    x = bin_centres(counts.size)
    positive = skew_normal(x, chosen.mean, chosen.deviation, chosen.skew)[0]
    fraction = float(chosen.fraction[0])
    model = (1.0 - fraction) * negative + fraction * positive
    return float(np.abs(np.cumsum(counts / counts.sum() - model)).max())
