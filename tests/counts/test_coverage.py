"""Intervals of counts cover the truth as often as they say."""

import numpy as np
import pytest

from labproc.counts import CountRule, count_cells
from labproc.model import GateResult, Populations, SampleKey
from labproc.simulate import TubeSpec, simulate_tube

KEY = SampleKey("D1", "", "C", 7, "", "count")
TRUE = 1000.0  # cells per µL of culture, 91 % of them alive


def populations_of(simulated):
    """Gate by the truth, so that only counting and pipetting err."""
    masks = {"Cells": simulated.masks["Cells"], "Live": simulated.masks["Live"]}
    n = simulated.tube.events.n_events
    gates = [
        GateResult("Cells", "All events", masks["Cells"], n, "truth"),
        GateResult("Live", "Cells", masks["Live"], int(masks["Cells"].sum()), "truth"),
    ]
    return Populations("live", n, tuple(gates))


@pytest.mark.parametrize("volume_ul", [2.0, 30.0])
def test_count_intervals_cover_92_to_98_percent(volume_ul):
    rng = np.random.default_rng(3)
    rule = CountRule("volume", 20, 200, pipetting_cv=0.05)
    inside = 0
    n = 400
    for _ in range(n):
        pipetted = TRUE / 10 * float(np.exp(rng.normal(0.0, 0.05)))
        spec = TubeSpec("count", pipetted, volume_ul, doublets=0.0, viability=0.91)
        simulated = simulate_tube(spec, seed=rng)
        (found,) = count_cells(KEY, populations_of(simulated), tube=simulated.tube, rule=rule)
        inside += found.ci_low <= 0.91 * TRUE <= found.ci_high
    assert 0.92 <= inside / n <= 0.98
