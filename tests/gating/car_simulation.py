"""Protein L-like fluorescence with known truth, made on log10 scale and not by our own model."""

from dataclasses import dataclass

import numpy as np

SHAPES = (
    "gamma",
    "two_lognormals",
    "heavy",
    "exponential",
    "lognormal",
    "skew_normal",
    "heavy_right",
)


@dataclass(frozen=True)
class Case:
    """One sample with its control, linear fluorescence, and the true number of positives."""

    sample: np.ndarray
    control: np.ndarray
    truth: float


def negatives(n, shape, rng):
    """Skewed negatives in log10 units with mean near 0 and a standard deviation of 1."""
    return NEGATIVES[shape](n, rng)


def _two_lognormals(n, rng):
    bright = rng.random(n) < 0.25
    return (rng.normal(0, 0.8, n) + bright * 1.2 - 0.3) / 0.95


def _lognormal(n, rng):
    """A lognormal on the display scale, skewness 1.6."""
    variance = 0.45**2
    spread = np.sqrt((np.exp(variance) - 1.0) * np.exp(variance))
    return (rng.lognormal(0, 0.45, n) - np.exp(variance / 2)) / spread


def _skew_normal(n, rng):
    slant = 5 / np.sqrt(26)
    z = slant * np.abs(rng.normal(size=n)) + np.sqrt(1 - slant**2) * rng.normal(size=n)
    return (z - slant * np.sqrt(2 / np.pi)) / np.sqrt(1 - 2 * slant**2 / np.pi)


def _heavy_right(n, rng):
    """A bell of which 8 % stick to the stain: a long tail on the right only."""
    tail = rng.random(n) < 0.08
    return np.where(
        tail, 1.2 * np.minimum(np.abs(rng.standard_t(3, n)), 6), rng.normal(0, 0.9, n)
    )  # fmt: skip


NEGATIVES = {
    "gamma": lambda n, rng: (rng.gamma(4.0, 1.0, n) - 4.0) / 2.0,
    "two_lognormals": _two_lognormals,
    "heavy": lambda n, rng: np.clip(rng.standard_t(5, n) / np.sqrt(5 / 3), -6, 6),
    "exponential": lambda n, rng: rng.normal(0, 0.6, n) + rng.exponential(0.8, n) - 0.8,
    "lognormal": _lognormal,
    "skew_normal": _skew_normal,
    "heavy_right": _heavy_right,
}
LEANING = ("two_lognormals", "exponential", "lognormal")  # whose positives lean right as well


def positives(n, shape, separation, rng):
    """Positives ``separation`` negative standard deviations above, each shape with its own."""
    if shape == "gamma":
        return separation + rng.normal(0, 1.1, n)
    if shape in LEANING:
        return separation + (rng.gamma(9.0, 1.0, n) - 9.0) / 3.0
    return separation + rng.normal(0, 0.9, n) + 0.4 * rng.standard_t(6, n)


def simulate(*, fraction, separation, shape, shift=0.0, n=8_000, n_control=8_000, seed=0):
    """Draw a sample and its control; the control lies ``shift`` spreads off the sample."""
    rng = np.random.default_rng(seed)
    n_positive = int(rng.binomial(n, fraction))
    spread, middle = 0.22, 2.9  # decades; a background of about 800 units
    low = negatives(n - n_positive, shape, rng)
    high = positives(n_positive, shape, separation, rng)
    other = negatives(n_control, shape, rng) + shift

    def linear(z):
        return 10 ** (middle + spread * z) + rng.normal(0, 60, z.size)

    return Case(linear(np.concatenate([low, high])), linear(other), n_positive / n)
