"""Fractions and ratios of one tube, against sums done by hand."""

import numpy as np
import pytest

from labproc.counts import flow_fractions
from labproc.model import GateResult, Populations, SampleKey, SourceFile
from labproc.model.flag import info, review

KEY = SampleKey("D1", "", "C", 7, "", "subset")
SOURCE = SourceFile("raw/a.fcs", "f" * 64, "fcs")
N = 1000


def gate(name, parent, begin, end, n_parent, **changes):
    """Select the events from ``begin`` up to ``end``."""
    number = np.arange(N)
    return GateResult(name, parent, (number >= begin) & (number < end), n_parent, "hand", **changes)


def tube(*gates, left_out=None, flags=()):
    return Populations("s", N, tuple(gates), 1.0, left_out or {}, flags)


def subset_tube(cd4=600, cd8=300, **changes):
    return tube(
        gate("T cells", "All events", 0, 950, N),
        gate("CD4+", "T cells", 0, cd4, 950, **changes),
        gate("CD8+", "T cells", 600, 600 + cd8, 950, **changes),
    )


def measured(populations, metric, **options):
    found = flow_fractions(KEY, populations, source=SOURCE, **options)
    return next((m for m in found if m.metric == metric), None)


def codes(found):
    return {f.code for f in found.flags}


def test_ratio_with_its_interval_on_the_logarithmic_scale():
    found = measured(subset_tube(), "cd4_cd8_ratio")
    assert found.value == pytest.approx(2.0)  # 600 / 300
    half = 1.959964 * np.sqrt(1 / 600 + 1 / 300)
    assert found.ci_low == pytest.approx(2 * np.exp(-half), rel=1e-6)
    assert found.ci_high == pytest.approx(2 * np.exp(half), rel=1e-6)
    assert (found.n, found.parent) == (900, "T cells")
    assert found.source is SOURCE


def test_ratio_without_cd8_is_corrected_and_flagged():
    found = measured(subset_tube(cd8=0), "cd4_cd8_ratio")
    assert found.value == pytest.approx(600.5 / 0.5)
    assert "ratio_corrected" in codes(found)


def test_ratio_of_few_events_is_flagged():
    found = measured(subset_tube(cd4=60, cd8=30), "cd4_cd8_ratio")
    assert found.value == pytest.approx(2.0)
    assert "few_events" in codes(found)
    assert "few_events" not in codes(measured(subset_tube(), "cd4_cd8_ratio"))


def test_no_ratio_of_nothing():
    found = measured(subset_tube(cd4=0, cd8=0), "cd4_cd8_ratio")
    assert found.value is None
    assert "no_population" in codes(found)


def test_draws_of_both_gates_move_together_in_the_ratio():
    together = np.linspace(0.5, 0.7, 200)
    found = measured(subset_tube(draws=together), "cd4_cd8_ratio")
    assert found.draws == pytest.approx(np.ones(200))
    half = 1.959964 * np.sqrt(1 / 600 + 1 / 300)  # what moves together leaves the ratio alone
    assert np.log(found.ci_high / found.value) == pytest.approx(half, rel=1e-6)


def test_a_fraction_is_the_best_estimate_where_there_is_one():
    own = gate("CAR+", "All events", 0, 250, N)
    best = gate("CAR+", "All events", 0, 250, N, estimate=0.31, ci_low=0.29, ci_high=0.33)
    assert measured(tube(own), "car_fraction").value == pytest.approx(0.25)
    found = measured(tube(best), "car_fraction", control_file="raw/utd.fcs")
    assert (found.value, found.ci_low, found.ci_high) == (0.31, 0.29, 0.33)
    assert found.parameters["fraction_used"] == "estimate"
    assert found.parameters["gated_fraction"] == pytest.approx(0.25)
    assert found.control_file == "raw/utd.fcs"


def test_a_gate_without_interval_gets_wilsons():
    # Wilson's 95 % interval of 1 in 10: 0.0179 to 0.4042 (Newcombe 1998, method 3)
    found = measured(
        tube(gate("Live", "All events", 0, 10, N), gate("CAR+", "Live", 0, 1, 10)), "car_fraction"
    )
    assert found.ci_low == pytest.approx(0.0179, abs=1e-4)
    assert found.ci_high == pytest.approx(0.4042, abs=1e-4)
    assert "few_events" in codes(found)


def test_a_population_that_was_not_gated_gives_no_row():
    populations = tube(
        gate("Live", "All events", 0, 900, N),
        left_out={"CAR+": "no CAR in the panel"},
        flags=(info("step_left_out", "CAR+: no CAR in the panel"), info("uncompensated", "")),
    )
    found = flow_fractions(KEY, populations)
    assert [m.metric for m in found] == ["viability"]
    assert codes(found[0]) == {"uncompensated"}  # what the tube never needed is no doubt


def test_an_empty_parent_gives_no_fraction():
    populations = tube(gate("Live", "All events", 0, 0, N), gate("CAR+", "Live", 0, 0, 0))
    found = measured(populations, "car_fraction")
    assert found.value is None
    assert found.status == "invalid"


def test_flags_of_tube_and_gate_stay_with_the_number():
    low = review("low_separation", "CAR+ and CAR- overlap")
    populations = tube(gate("CAR+", "All events", 0, 250, N, flags=(low,)))
    assert "low_separation" in codes(measured(populations, "car_fraction"))


def test_cd4_and_cd8_of_car_t_cells_where_one_tube_has_all():
    populations = tube(
        gate("T cells", "All events", 0, 950, N),
        gate("CAR+", "T cells", 400, 800, 950),
        gate("CD4+", "T cells", 0, 600, 950),
        gate("CD8+", "T cells", 600, 900, 950),
    )
    found = measured(populations, "cart_cd4_cd8_ratio")
    assert found.value == pytest.approx(1.0)  # 200 of each lie within CAR+
    assert found.parameters["cd4_of_cart"] == pytest.approx(0.5)


def test_median_fluorescence_where_it_is_known():
    populations = tube(gate("CAR+", "All events", 0, 250, N))
    found = measured(
        populations, "car_median_fluorescence", medians={"CAR+": (12_345.0, 12_000.0, 12_700.0)}
    )
    assert (found.value, found.ci_low, found.ci_high) == (12_345.0, 12_000.0, 12_700.0)
    assert measured(populations, "car_median_fluorescence") is None
