"""Simulated plates follow Poisson numbers of templates."""

from collections import Counter
from math import exp

import numpy as np
import pytest

from labproc.model import Task
from labproc.simulate.plates import Chemistry, DnaSample, position, simulate_plate


def plate(*samples, seed=0):
    return simulate_plate(samples, np.random.default_rng(seed))


def test_wells_by_task():
    wells = plate(DnaSample("a", 10_000.0), DnaSample("b", 5.0))
    tasks = Counter(w.task for w in wells if w.target == "CAR")
    assert tasks == {Task.STANDARD: 18, Task.UNKNOWN: 9, Task.POSITIVE: 3, Task.NTC: 3}
    assert all(w.cq is None for w in wells if w.task is Task.NTC)
    assert len({(w.position, w.target) for w in wells}) == len(wells)


def test_standards_carry_their_labels_only():
    wells = plate()
    assert {w.quantity for w in wells if w.task is Task.STANDARD} == {10.0**n for n in range(1, 7)}
    assert {w.quantity for w in wells if w.task is not Task.STANDARD} == {None}


def test_non_detects_come_as_often_as_poisson_says():
    # 5 copies per µg in 200 ng: 1 copy per well, so exp(-1) = 37 % of wells hold none
    samples = [DnaSample(f"s{n}", 5.0) for n in range(20)]
    empty = [
        w.cq is None
        for seed in range(10)
        for w in simulate_plate(samples[:18], np.random.default_rng(seed))
        if w.sample.startswith("s") and w.target == "CAR"
    ]
    assert np.mean(empty) == pytest.approx(exp(-1), abs=0.07)


def test_one_more_decade_costs_the_slope_in_cycles():
    rng = np.random.default_rng(1)
    curve = Chemistry(-3.4, 38.0)
    cq = [np.mean([curve.cq(n, rng) for _ in range(400)]) for n in (1000, 10_000)]
    assert cq[1] - cq[0] == pytest.approx(-3.4, abs=0.03)
    assert curve.cq(0, rng) is None


def test_well_names():
    assert [position(n) for n in (0, 11, 12, 95)] == ["A1", "A12", "B1", "H12"]
