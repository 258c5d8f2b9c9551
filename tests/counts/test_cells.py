"""Counts against sums done by hand."""

from dataclasses import replace

import numpy as np
import pytest

from labproc.counts import CountRule, count_cells
from labproc.errors import CountError
from labproc.model import (
    Channel,
    Events,
    FlowTube,
    GateResult,
    Populations,
    SampleKey,
    SourceFile,
)

KEY = SampleKey("D1", "", "C", 7, "", "count")


def tube(n=1000, volume_ul=46.0, **changes):
    values = np.zeros((n, 1), dtype=np.float32)
    values[:, 0] = np.linspace(0, 13_800, n)  # ms
    events = Events(values, (Channel("Time"),), volume_ul=volume_ul)
    source = SourceFile("raw/a.fcs", "f" * 64, "fcs")
    flow = FlowTube(source, events, time_step_s=0.001, flow_rate_ul_min=200.0)
    return replace(flow, **changes)


def gated(counts, n=1000, kept_time=1.0, left_out=None, **changes):
    """Nest populations of these sizes, each within the one before."""
    gates, parent, size = [], "All events", n
    for name, inside in counts.items():
        mask = np.arange(n) < inside
        gates.append(GateResult(name, parent, mask, size, "by hand", **changes))
        parent, size = name, inside
    return Populations("live", n, tuple(gates), kept_time, left_out or {})


def count(populations, rule=None, of=None, key=KEY):
    measured = count_cells(key, populations, tube=of or tube(), rule=rule or CountRule())
    return next(m for m in measured if m.metric == "cells_per_ul")


def codes(measured):
    return {f.code for f in measured.flags}


def test_cells_per_ul_are_events_over_volume_times_dilution():
    # 460 events / 46 µL = 10 per µL of tube; 200 µL / 20 µL = 10 -> 100 cells per µL of culture
    found = count(gated({"Cells": 500, "Singlets": 480, "Live": 460}), CountRule("volume", 20, 200))
    assert found.value == pytest.approx(100.0)
    assert found.parent == "Live"
    assert found.n == 460
    assert found.interval_of == "counting error only"


def test_time_that_quality_control_dropped_takes_its_volume_with_it():
    # 414 events in 90 % of 46 µL: 414 / 41.4 = 10 per µL
    found = count(gated({"Live": 414}, kept_time=0.9))
    assert found.value == pytest.approx(10.0)


def test_counting_error_is_the_exact_poisson_interval():
    # Garwood's interval for 10 counted: 4.795389 to 18.390356 (chi-square tables)
    found = count(gated({"Live": 10}))
    assert found.ci_low * 46 == pytest.approx(4.795389, rel=1e-6)
    assert found.ci_high * 46 == pytest.approx(18.390356, rel=1e-6)


def test_pipetting_error_widens_the_interval_in_quadrature_and_is_named():
    plain = count(gated({"Live": 900}))
    rule = CountRule("volume", 20, 200, pipetting_cv=0.07)
    wide = count(gated({"Live": 900}), rule)
    up = np.log(plain.ci_high / plain.value)
    expected = np.hypot(up, 1.959964 * 0.07)
    assert np.log(wide.ci_high / wide.value) == pytest.approx(expected, rel=1e-6)
    assert wide.interval_of == "counting and pipetting"


def test_gate_placement_enters_through_draws():
    draws = np.exp(np.random.default_rng(1).normal(np.log(0.9), 0.05, 2000))
    found = count(gated({"Live": 900}, draws=draws))
    # 5 % from the gate and 1 / sqrt(1000) from the events, in quadrature
    sd = np.hypot(0.05, 1000**-0.5)
    assert np.log(found.ci_high / found.value) == pytest.approx(1.96 * sd, rel=0.05)
    assert found.interval_of == "counting and gate placement"
    assert found.draws.mean() == pytest.approx(found.value, rel=0.01)


def test_nothing_counted_is_zero_with_an_upper_limit():
    found = count(gated({"Cells": 5, "Live": 0}))
    assert (found.value, found.ci_low) == (0.0, 0.0)
    assert found.ci_high * 46 == pytest.approx(3.688879, rel=1e-6)  # -ln(.025)


def test_a_population_that_is_missing_is_never_zero():
    found = count(Populations("live", 1000))
    assert found.value is None
    assert found.status == "invalid"
    assert "no_population" in codes(found)


@pytest.mark.parametrize("volume", [None, 0.0])
def test_a_missing_volume_gives_no_count_and_says_so(volume):
    found = count(gated({"Live": 5}), of=tube(volume_ul=volume))
    assert found.value is None
    assert "no_volume" in codes(found)


def test_no_count_when_quality_control_kept_nothing():
    assert count(gated({"Live": 0}, kept_time=0.0)).value is None


def test_without_viability_the_count_says_that_dead_cells_are_in_it():
    populations = gated({"Cells": 500, "Singlets": 460}, left_out={"Live": "no viability marker"})
    found = count(populations)
    assert found.value == pytest.approx(10.0)
    assert found.parent == "Singlets"
    flag = next(f for f in found.flags if f.code == "count_without_viability")
    assert "no viability marker" in flag.message


def test_volume_against_flow_rate_and_time():
    # 13.8 s at 200 µL/min are 46 µL
    assert "implausible_volume" not in codes(count(gated({"Live": 460})))
    wrong = count(gated({"Live": 460}), of=tube(volume_ul=60.0))
    assert "implausible_volume" in codes(wrong)


def test_a_small_volume_and_a_high_event_rate_are_flagged():
    short = tube(n=1000, volume_ul=10.0, flow_rate_ul_min=None, cytometer="Attune NxT")
    assert "small_volume" in codes(count(gated({"Live": 460}), of=short))
    fast = tube(time_step_s=1e-6)
    assert "high_event_rate" in codes(count(gated({"Live": 460}), of=fast))


@pytest.mark.parametrize(
    ("panel", "rule", "washed"),
    [
        ("count", CountRule(), False),
        ("car", CountRule(), True),
        ("car", CountRule(panel="car"), False),
        ("count", CountRule(washed=True), True),
        ("car", CountRule(washed=False), False),
    ],
)
def test_washed_tubes_are_flagged(panel, rule, washed):
    found = count(gated({"Live": 460}), rule, key=replace(KEY, panel=panel))
    assert ("washed_count" in codes(found)) is washed


def test_beads_stand_for_their_share_of_the_sample():
    # 2000 of 50,000 beads were seen: 1/25 of the tube; 400 cells x 25 / 20 µL = 500 per µL
    live = np.arange(5000) < 400
    beads = np.arange(5000) >= 3000
    gates = (
        GateResult("Live", "All events", live, 5000, "by hand"),
        GateResult("Beads", "All events", beads, 5000, "by hand"),
    )
    rule = CountRule("beads", sample_ul=20, bead_count=50_000)
    found = count(Populations("live", 5000, gates), rule, of=tube(n=5000))
    assert found.value == pytest.approx(500.0)
    assert "no_beads" in codes(count(gated({"Live": 400}), rule))


def test_counted_by_hand():
    found = count(Populations("live", 10), CountRule("manual", manual_per_ml=1.25e6))
    assert found.value == pytest.approx(1250.0)
    assert found.ci_low is None
    assert count(Populations("live", 10), CountRule("manual")).value is None


def test_the_best_estimate_is_counted_where_the_gate_gives_one():
    # half of 920 singlets by estimate, though the gate holds 400
    found = count(gated({"Singlets": 920}))
    assert found.value == pytest.approx(20.0)
    populations = gated({"Singlets": 920, "Live": 400}, estimate=0.5)
    found = count(populations)
    assert found.value == pytest.approx(10.0)
    assert found.parameters["fraction_used"] == "estimate"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"method": "guess"}, "expected one of volume, beads, manual"),
        ({"sample_ul": 20}, "final_ul is missing"),
        ({"sample_ul": 0, "final_ul": 200}, "sample_ul is 0, expected a number more than 0"),
        ({"pipetting_cv": -1}, "pipetting_cv is -1"),
    ],
)
def test_rules_that_make_no_sense(rule, message):
    with pytest.raises(CountError, match=message):
        CountRule(**rule)


@pytest.mark.parametrize("stained", ["T cells", "CAR+", "CD4+"])
def test_a_stained_tube_is_taken_as_washed_unless_the_study_says_it_was_not(stained):
    populations = gated({"Live": 460, stained: 200})
    assert "washed_count" in codes(count(populations))
    assert "washed_count" not in codes(count(populations, CountRule(washed=False)))
