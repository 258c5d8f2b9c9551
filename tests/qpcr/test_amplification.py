"""Cq recomputed from curves whose crossing is known by construction."""

from dataclasses import replace

import numpy as np
import pytest

from labproc.model import Amplification, Task, Well
from labproc.qpcr.amplification import disagreements, recompute

CYCLES = np.arange(1.0, 41.0)
THRESHOLD, PLATEAU = 0.2, 4.0


def curve(position, cq, *, gain=1.0, drift=0.002, noise=0.0, seed=0):
    """Return a logistic curve that crosses 0.2 at ``cq`` with this gain, on a drifting baseline."""
    rate = np.log(1 + gain)
    middle = cq + np.log(PLATEAU / THRESHOLD - 1) / rate
    y = PLATEAU / (1 + np.exp(-rate * (CYCLES - middle)))
    blur = np.random.default_rng(seed).normal(0, noise, CYCLES.size)
    return Amplification(position, "CAR", CYCLES, y + 1.0 + drift * CYCLES + blur)


def flat(position):
    rng = np.random.default_rng(3)
    return Amplification(position, "CAR", CYCLES, 1 + 0.002 * CYCLES + rng.normal(0, 0.005, 40))


def run_of(make_run, stated, curves):
    wells = [
        Well(a.position, "S", "CAR", Task.UNKNOWN, cq) for a, cq in zip(curves, stated, strict=True)
    ]
    return replace(make_run(wells), amplification=tuple(curves))


def test_crossing_is_found_on_a_drifting_baseline(make_run):
    true = [20.0, 23.3, 26.7, 30.1, 33.0]
    curves = [curve(f"A{i}", cq, noise=0.003, seed=i) for i, cq in enumerate(true)]
    found = recompute(run_of(make_run, true, curves))
    assert [r.threshold_cq for r in found] == pytest.approx(true, abs=0.15)
    assert not disagreements(found)


def test_gain_per_cycle_is_that_of_the_reaction(make_run):
    curves = [curve(f"A{i}", 25.0, gain=0.9) for i in range(3)]
    found = recompute(run_of(make_run, [25.0] * 3, curves))
    assert found[0].efficiency == pytest.approx(0.9, abs=0.06)  # the plateau bends it a little


def test_second_derivative_maximum_lies_where_calculus_puts_it(make_run):
    # of a logistic with rate r: middle - ln(2 + sqrt 3) / r
    rate = np.log(2)
    middle = 25 + np.log(PLATEAU / THRESHOLD - 1) / rate
    found = recompute(run_of(make_run, [25.0], [curve("A1", 25.0)]))
    assert found[0].maximum_cq == pytest.approx(middle - np.log(2 + np.sqrt(3)) / rate, abs=0.25)


def test_what_the_fluorescence_denies_is_flagged(make_run):
    curves = [*(curve(f"A{i}", 24.0 + i) for i in range(5)), flat("B1"), curve("B2", 27.0)]
    stated = [24.0, 25.0, 26.0, 27.0, 29.5, 36.0, None]
    flags = {f.code: f.message for f in disagreements(recompute(run_of(make_run, stated, curves)))}
    assert set(flags) == {"cq_differs", "cq_without_amplification", "amplification_without_cq"}
    assert "A4 (29.5 / 28." in flags["cq_differs"]
    assert "B1" in flags["cq_without_amplification"]
    assert "B2" in flags["amplification_without_cq"]


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "quantstudio_da2/appbio_quantstudio_designandanalysis_QS6_Standard_Curve_example04.xlsx",
        "quantstudio_da2/appbio_quantstudio_designandanalysis_QS7_Standard_Curve_example06.xlsx",
        "quantstudio_da2/appbio_quantstudio_design_and_analysis_example15_v1.5.2.xlsx",
    ],
)
def test_real_curves_give_the_instruments_cq(shared, name):
    from labproc.parsers import read_file

    found = recompute(read_file(shared / "data/qpcr" / name))
    away = [abs(r.threshold_cq - r.stated) for r in found if r.stated and r.threshold_cq]
    assert len(away) >= 90
    assert np.percentile(away, 95) < 0.1
