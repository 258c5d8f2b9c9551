"""Events that pile up at the end of a scale, found and left out; counts made by hand."""

import numpy as np
import pytest

from gating.density import histogram
from gating.methods._landscape import Landscape, piled_ends, without_pile_up

N = 10_000  # of which 0.1 % to 40 % at one value are off the scale


def tube(n_low: int, n_high: int, seed: int = 0) -> np.ndarray:
    """Return one peak between 0 and 1 with so many events at 0 and at 1."""
    inner = np.random.default_rng(seed).normal(0.5, 0.08, N - n_low - n_high).clip(0.01, 0.99)
    return np.concatenate([np.zeros(n_low), inner, np.ones(n_high)]).astype(np.float32)


@pytest.mark.parametrize(("n_low", "n_high", "piled"), [
    (0, 0, (None, None)), (200, 0, (0.0, None)), (0, 200, (None, 1.0)), (200, 300, (0.0, 1.0)),
    (10, 11, (None, 1.0)),  # more than one in a thousand
    (4_001, 0, (None, None)), (3_999, 0, (0.0, None)),  # more than 40 % are a population
])  # fmt: skip
def test_a_pile_up_is_named_by_its_value(n_low, n_high, piled):
    values = tube(n_low, n_high)
    assert piled_ends(values) == piled
    assert piled_ends(values, histogram(values)) == piled


@pytest.mark.parametrize("seed", range(20))
def test_the_histogram_only_saves_the_look(seed):
    rng = np.random.default_rng(seed)
    values = tube(*rng.integers(0, 40, 2), seed=seed)
    values[rng.integers(0, N, 3)] = rng.choice([-5.0, 7.0], 3)  # single events far away
    assert piled_ends(values, histogram(values)) == piled_ends(values)


def test_a_pile_up_is_no_peak():
    values = tube(2_000, 500)
    land = Landscape.of(values)
    assert len(land.peaks) == 1
    assert land.counts.total == N - 2_500
    assert without_pile_up(values, histogram(values)).size == N - 2_500
