"""The joint likelihood: limits by hand, coverage and bias by simulation with known truth."""

import numpy as np
import pytest

from labproc.qpcr.low_copy import estimate_low_copies, upper_limit
from labproc.qpcr.poisson_curve import PoissonCurve, fit_poisson_curve, log10_moments

EXACT = PoissonCurve(40.0, -3.38, 0.12, 16.0, np.zeros((2, 2)))
LEVELS = 10.0 ** np.arange(1, 7)


def simulate(copies: float, n_plates: int, *, wells: int = 3, per_plate: int = 1, seed: int = 0):
    """Return estimates (0 where none) and whether each interval covers the truth."""
    rng = np.random.default_rng(seed)
    nominal = np.repeat(LEVELS, 3)
    estimates, covered = [], []
    for _ in range(n_plates):
        molecules = rng.poisson(nominal)
        cq = 40 - 3.38 * np.log10(np.maximum(molecules, 1)) + rng.normal(0, 0.12, molecules.size)
        seen = molecules > 0
        curve = fit_poisson_curve(nominal[seen], cq=cq[seen])
        samples = [_wells(rng, copies, wells) for _ in range(per_plate)]
        for found in estimate_low_copies(samples, curve):
            estimates.append(found.copies or 0.0)
            covered.append(found.low <= copies <= found.high)
    return np.array(estimates), np.array(covered)


def _wells(rng, copies, n):
    molecules = rng.poisson(copies, n)
    cq = 40 - 3.38 * np.log10(np.maximum(molecules, 1)) + rng.normal(0, 0.12, n)
    return [float(c) if m else None for c, m in zip(cq, molecules, strict=True)]


@pytest.mark.parametrize("n", [1, 3, 8])
def test_all_negative_gives_three_over_n(n):
    (found,) = estimate_low_copies([[None] * n], EXACT)
    assert found.copies is None
    assert found.low == 0
    assert found.high == pytest.approx(2.995732 / n, rel=1e-6)
    assert upper_limit(n) == found.high


def test_a_lower_level_gives_a_narrower_interval():
    wells = [[38.0, None, 36.5]]
    wide, narrow = (estimate_low_copies(wells, EXACT, level=x)[0] for x in (0.95, 0.80))
    assert wide.low < narrow.low < narrow.copies < narrow.high < wide.high


def test_order_of_wells_does_not_matter():
    a, b = estimate_low_copies([[38.0, None, 36.5], [36.5, 38.0, None]], EXACT)
    assert a == b


def test_moments_of_log10_molecules_by_hand():
    # n = 1 or 2 matter at q = 0.01: P(2)/P(1) = q/2, so mean = (q/2) log10(2) to first order
    mean, variance = log10_moments([0.01])
    assert mean[0] == pytest.approx(0.005 * np.log10(2), rel=0.01)
    assert variance[0] == pytest.approx(0.005 * np.log10(2) ** 2, rel=0.01)


def test_moments_meet_where_the_series_takes_over():
    low, high = log10_moments([199.999, 200.001])
    assert low[1] - low[0] == pytest.approx(np.log10(200.001 / 199.999), abs=1e-6)
    assert high[0] == pytest.approx(high[1], rel=2e-4)


def test_estimate_is_smooth_where_the_gaussian_takes_over():
    cqs = [40 - 3.38 * np.log10(c) for c in (97.0, 98, 99, 100, 101, 102, 103)]
    found = [e.copies for e in estimate_low_copies([[c, c + 0.05, c - 0.05] for c in cqs], EXACT)]
    assert np.diff(np.log(found)) == pytest.approx(
        np.diff(np.log([97, 98, 99, 100, 101, 102, 103])), abs=2e-3
    )


# 3 samples of each of 300 plates: standard error of coverage 0.8 %, hence the margin of 2 SE
@pytest.mark.parametrize("copies", [0.5, 1, 2, 5, 10, 25, 100, 1000, 10000])
def test_intervals_cover_the_truth(copies):
    estimates, covered = simulate(copies, 300, per_plate=3, seed=11)
    assert 0.92 - 0.012 <= covered.mean() <= 0.985 + 0.008
    se = estimates.std() / copies / np.sqrt(estimates.size)
    assert abs(estimates.mean() / copies - 1) <= 0.03 + 2 * se


@pytest.mark.soak
@pytest.mark.parametrize("wells", [2, 3, 4])
@pytest.mark.parametrize("copies", [0.5, 1, 2, 5, 10, 25, 50, 90, 110, 200, 1000, 10000])
def test_intervals_cover_the_truth_in_many_plates(copies, wells):
    estimates, covered = simulate(copies, 1000, wells=wells, per_plate=10, seed=5)
    assert 0.92 <= covered.mean() <= 0.985
    assert abs(estimates.mean() / copies - 1) <= 0.03
