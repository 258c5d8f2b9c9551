"""Counting against beads, from events to cells per µL: the truth is how many were put in."""

from dataclasses import replace

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.strategy import load_strategy
from labproc.counts import CountRule, count_cells
from labproc.model import FlowTube, SampleKey
from labproc.simulate import TubeSpec, simulate_tube

SAMPLE_UL, BEADS_ADDED = 50.0, 50_000.0
MARKERS = {"viability": "RL2-A", "beads": "VL1-A"}


def with_beads(tube: FlowTube, n: int, rng: np.random.Generator) -> FlowTube:
    """Put n counting beads among the events: small, granular, bright in every detector."""
    names = tube.events.names
    beads = np.zeros((n, len(names)), np.float32)
    times = tube.events.column("Time")
    for i, name in enumerate(names):
        middle, spread = (120_000.0, 0.05) if name.startswith("FSC") else (400_000.0, 0.08)
        beads[:, i] = middle * np.exp(rng.normal(0.0, spread, n))
    beads[:, names.index("Time")] = rng.uniform(times.min(), times.max(), n)
    values = np.vstack([tube.events.values, beads])
    order = np.argsort(values[:, names.index("Time")], kind="stable")
    return replace(tube, events=replace(tube.events, values=values[order], volume_ul=None))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cells_per_ul_by_beads_are_near_the_truth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = simulate_tube(TubeSpec(panel="count", viability=0.9), seed=seed)
    n_live = int(made.masks["Live"].sum())
    seen_ul = 20.0  # of the sample went past the laser, and so did that share of the beads
    n_beads = int(rng.poisson(BEADS_ADDED * seen_ul / SAMPLE_UL))
    tube = with_beads(made.tube, n_beads, rng)
    gated = gate_tube(tube, load_strategy("live_beads"), markers=MARKERS)
    rule = CountRule(method="beads", sample_ul=SAMPLE_UL, bead_count=BEADS_ADDED)
    found = count_cells(SampleKey("D1", panel="count"), gated, tube=tube, rule=rule)
    cells = next(m for m in found if m.metric == "cells_per_ul")
    # live cells in 20 µL, by the simulation's own masks
    assert cells.value == pytest.approx(n_live / seen_ul, rel=0.05)
    beads = gated.get("Beads")
    assert beads is not None
    assert beads.n_events == pytest.approx(n_beads, rel=0.01)
