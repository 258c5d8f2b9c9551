"""Draws of a cut between two peaks: moved by the rule that placed it."""

import numpy as np
import pytest

from gating.density import histogram
from gating.uncertainty import valley_draws, valley_floor, valley_rise


@pytest.mark.parametrize("lean", [0.0, 0.02])
def test_an_empty_valley_moves_no_events(lean: float) -> None:
    """Between peaks 20 standard deviations apart lies nothing: no cut there moves an event."""
    rng = np.random.default_rng(1)
    low, high = rng.normal(0.25, 0.02, 6000), rng.normal(0.65, 0.02, 7000)
    counts = histogram(np.concatenate([low, high]))
    between = (counts.position(0.25), counts.position(0.65))
    cuts = valley_draws(counts, between, 2.8, draws=200, rng=rng, lean=lean)
    lost = [(low > c).mean() + (high < c).mean() for c in cuts]
    assert max(lost) < 0.01


def test_the_floor_is_the_middle_of_what_is_low() -> None:
    # peaks of 100 and 50: the floor is what lies within 1 of the lowest bin; by hand bins 2 to 6
    density = np.array([[100.0, 20.0, 1.0, 0.5, 0.0, 0.5, 1.0, 20.0, 50.0]])
    assert valley_floor(density).tolist() == [4.0]


def test_the_rise_is_where_the_right_peak_begins() -> None:
    # 2 % of the lower peak is 1: bin 7 is the first after the lowest bin above it
    density = np.array([[100.0, 20.0, 1.0, 0.5, 0.0, 0.5, 1.0, 20.0, 50.0]])
    assert valley_rise(density, 0.02).tolist() == [7.0]
