"""How many events of a tube are not its control's: the control's shape scaled, the rest fitted.

sample = (1 - p) x control shifted + p x positives

The control's histogram is the shape of the negatives, whatever it is; only where the positives
reach under it is a shape assumed for them (a Gaussian on the display scale that may lean a little,
above the negatives). Fraction, shift and positives are found together by
expectation-maximisation, for many histograms at once: several starts, or the resampled histograms
of a bootstrap.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NEAREST = 2.0  # positives' mean lies at least this many control spreads above its median
NARROW, WIDE = 0.35, 3.0  # the positives' standard deviation, in control spreads
FURTHEST = 1.5  # largest shift of the control, in its spreads
SHIFT_PRIOR = 1.0  # a shift of one spread is as far as staining drifts between tubes
STRETCH_PRIOR, WIDEST, STRETCH_STEP = 0.05, 0.2, 0.05  # as a fraction of the control's width
STEP = 0.2  # largest change of the shift in one round, in spreads
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the control's events lie, in bins.

    ``spread`` is half the 16 to 84 % range; ``deviation`` the standard deviation of all but the
    outermost 1 %.
    """

    middle: float
    spread: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Mixture:
    """The fitted mixture of each row, arrays of shape (n_rows,).

    ``shift`` of the control in bins and ``stretch``, how much broader the negatives are than it (a
    brighter background is both, where the display scale is not logarithmic); ``fraction`` of
    positives, with the mean and standard deviation (bins) and the skewness of their shape.
    """

    shift: Floats
    stretch: Floats
    fraction: Floats
    mean: Floats
    deviation: Floats
    skew: Floats
    log_likelihood: Floats

    def rows(self, chosen: NDArray[np.int64]) -> "Mixture":
        """Return some rows, repeated as asked."""
        return Mixture(
            self.shift[chosen],
            self.stretch[chosen],
            self.fraction[chosen],
            self.mean[chosen],
            self.deviation[chosen],
            self.skew[chosen],
            self.log_likelihood[chosen],
        )

    def best(self) -> "Mixture":
        """Return the likeliest row."""
        return self.rows(np.array([int(np.argmax(self.log_likelihood))]))


def shape_of(control: Floats) -> Shape:
    """Measure one histogram."""
    total = max(float(control.sum()), TINY)
    edges = np.arange(control.size + 1, dtype=np.float64)
    below = np.concatenate([[0.0], np.cumsum(control)]) / total + TINY * edges
    low, middle, high = (float(np.interp(q, below, edges)) for q in (0.16, 0.5, 0.84))
    ends = [float(np.interp(q, below, edges)) for q in (0.005, 0.995)]
    held = np.clip(edges[:-1] + 0.5, ends[0], ends[1])
    mean = float((control * held).sum() / total)
    deviation = float(np.sqrt(max((control * (held - mean) ** 2).sum() / total, 1.0)))
    return Shape(middle, max((high - low) / 2.0, 1.0), deviation)


def starts(shape: Shape) -> Mixture:
    """Return the rows that a fit begins from: shifts and positives near and far, few and many."""
    rows = np.array(
        [
            (shift, share, far)
            for shift in (-0.7, 0.0, 0.7)
            for share in (0.05, 0.4)
            for far in (2.2, 3.5, 5.0)
        ]
    )
    n = len(rows)
    return Mixture(
        shift=rows[:, 0] * shape.spread,
        stretch=np.zeros(n),
        fraction=rows[:, 1],
        mean=shape.middle + rows[:, 2] * shape.spread,
        deviation=np.full(n, shape.spread),
        skew=np.zeros(n),
        log_likelihood=np.full(n, -np.inf),
    )


def without_positives(shape: Shape) -> Mixture:
    """Return the start of a fit that holds the shifted control only."""
    row = starts(shape).rows(np.array([0, 6, 12]))
    return replace(row, fraction=np.zeros(3))


def fit(
    sample: Floats,
    control: Floats,
    shape: Shape,
    start: Mixture,
    *,
    rounds: int,
) -> Mixture:
    """Run expectation-maximisation from each start.

    Parameters
    ----------
    sample, control : ndarray, shape (n_bins,) or (n_rows, n_bins)
        Smoothed counts in the same bins.
    shape : Shape
        Of the control.
    start : Mixture
        One row for each fit; a fraction of 0 stays 0, and the skewness stays what it is.
    """
    counts = np.broadcast_to(sample, (start.shift.size, sample.shape[-1]))
    template = np.broadcast_to(control, counts.shape)
    template = template / np.maximum(template.sum(axis=1, keepdims=True), TINY)
    now = start
    for _ in range(rounds):
        now = _improve(now, counts, template, shape)
    return now


def _improve(now: Mixture, counts: Floats, template: Floats, shape: Shape) -> Mixture:
    x = bin_centres(counts.shape[1])
    prior = 1.0 / (SHIFT_PRIOR * shape.spread) ** 2
    negative, slope, widening = moved(template, shape, now.shift, now.stretch)
    positive = now.fraction[:, None] * skew_normal(x, now.mean, now.deviation, now.skew)
    remaining = (1.0 - now.fraction)[:, None]
    density = remaining * negative + positive + TINY
    ratio = counts / density
    likelihood = (counts * np.log(density)).sum(axis=1)
    likelihood -= 0.5 * (prior * now.shift**2 + (now.stretch / STRETCH_PRIOR) ** 2)
    held = positive * ratio
    mass = held.sum(axis=1)
    mean = np.maximum(
        (held @ x) / np.maximum(mass, TINY), shape.middle + now.shift + NEAREST * shape.spread
    )
    away = x[None, :] - mean[:, None]
    variance = (held * away**2).sum(axis=1) / np.maximum(mass, TINY)
    deviation = np.clip(np.sqrt(variance), NARROW * shape.spread, WIDE * shape.spread)
    parts = (-remaining * slope, remaining * widening)  # how the density follows shift and stretch
    weight = ratio / np.maximum(remaining * negative, 1e-9)
    step = _scoring(
        tuple((ratio * p).sum(axis=1) for p in parts),
        tuple(
            (weight * p * q).sum(axis=1)
            for p, q in ((parts[0], parts[0]), parts, (parts[1], parts[1]))
        ),
        (prior * now.shift, now.stretch / STRETCH_PRIOR**2),
        (prior, 1.0 / STRETCH_PRIOR**2),
    )
    far = STEP * shape.spread
    limit = FURTHEST * shape.spread
    shift = np.clip(now.shift + np.clip(step[0], -far, far), -limit, limit)
    stretch = np.clip(now.stretch + np.clip(step[1], -STRETCH_STEP, STRETCH_STEP), -WIDEST, WIDEST)
    total = np.maximum(counts.sum(axis=1), TINY)
    return Mixture(shift, stretch, mass / total, mean, deviation, now.skew, likelihood)


def _scoring(
    score: tuple[Floats, ...],
    information: tuple[Floats, ...],
    pull: tuple[Floats, Floats],
    priors: tuple[float, float],
) -> tuple[Floats, Floats]:
    """Return one scoring step of shift and stretch together."""
    first, second = score[0] - pull[0], score[1] - pull[1]
    a, b, c = information[0] + priors[0], information[1], information[2] + priors[1]
    determinant = np.maximum(a * c - b * b, TINY)
    return (c * first - b * second) / determinant, (a * second - b * first) / determinant


def bin_centres(n_bins: int) -> Floats:
    """Return the middle of each bin, counted in bins."""
    return np.arange(n_bins, dtype=np.float64) + 0.5


def moved(
    template: Floats, shape: Shape, shift: Floats, stretch: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return each row's control moved and stretched about its median, with its derivatives.

    The derivatives are the slope in x, and the change with the stretch.
    """
    n_bins = template.shape[1]
    x = bin_centres(n_bins)[None, :]
    wide = 1.0 + stretch[:, None]
    at = (x - shape.middle - shift[:, None]) / wide + shape.middle - 0.5
    whole = np.floor(at).astype(np.int64)
    part = at - whole
    padded = np.pad(template, ((0, 0), (2, 2)))
    flat = np.clip(whole + 2, 0, n_bins + 2)
    here = np.take_along_axis(padded, flat, axis=1)
    after = np.take_along_axis(padded, flat + 1, axis=1)
    density = ((1.0 - part) * here + part * after) / wide
    slope = (after - here) / wide**2
    away = x - shape.middle - shift[:, None]
    return density, slope, -(density + away * slope) / wide


def skew_normal(x: Floats, mean: Floats, deviation: Floats, skew: Floats) -> Floats:
    """Return skew-normal densities of these moments at x, shape (n_rows, n_bins)."""
    lean = np.abs(skew) ** (2.0 / 3.0)
    half = ((4.0 - np.pi) / 2.0) ** (2.0 / 3.0)
    delta = np.sign(skew) * np.sqrt(np.pi / 2.0 * lean / (lean + half))
    scale = deviation / np.sqrt(1.0 - 2.0 * delta**2 / np.pi)
    place = mean - scale * delta * np.sqrt(2.0 / np.pi)
    slant = (delta / np.sqrt(1.0 - delta**2))[:, None]
    z = (x[None, :] - place[:, None]) / scale[:, None]
    bell = np.exp(-0.5 * z * z) / (np.sqrt(2.0 * np.pi) * scale[:, None])
    if not np.any(skew):
        return np.asarray(bell)
    from scipy.special import ndtr  # a tenth of a second that most strategies do without

    return np.asarray(2.0 * bell * ndtr(slant * z))
