"""CAR-T cells from the count of one tube and the fraction of another."""

from dataclasses import replace

import numpy as np
import pytest

from labproc.counts import combine, culture_volumes
from labproc.model import CultureEvent, Measurement, Role, SampleKey, SourceFile
from labproc.model.flag import review

COUNT = SourceFile("raw/count.fcs", "c" * 64, "fcs")
STAINED = SourceFile("raw/car.fcs", "f" * 64, "fcs")


def key(panel="", day=7, role=Role.SAMPLE):
    return SampleKey("D1", "", "C", day, "", panel, role=role)


def cells(value=1000.0, low=900.0, high=1111.111, parent="Live", **changes):
    words = "counting and pipetting"
    return Measurement(
        key("count"),
        "cells_per_ul",
        value,
        low,
        high,
        words,
        parent=parent,
        source=COUNT,
        **changes,
    )


def car(value=0.4, low=0.36, high=0.4444444, parent="Live", **changes):
    where = changes.pop("key", key("car"))
    words = "counting and gate placement"
    return Measurement(
        where, "car_fraction", value, low, high, words, parent=parent, source=STAINED, **changes
    )


def fraction(metric, value, parent):
    return Measurement(key("car"), metric, value, parent=parent, source=STAINED)


def by_metric(found):
    return {m.metric: m for m in found}


def test_cells_times_fraction_with_both_intervals():
    found = by_metric(combine([cells(), car()]))["cart_per_ul"]
    assert found.value == pytest.approx(400.0)
    # both are off by a factor 0.9 downwards: ln widths add in quadrature
    half = np.sqrt(2) * np.log(1 / 0.9)
    assert found.ci_low == pytest.approx(400 * np.exp(-half), rel=1e-6)
    assert found.ci_high == pytest.approx(400 * np.exp(half), rel=1e-6)
    assert found.interval_of == "counting, gate placement and pipetting"
    assert found.parent == "cells_per_ul of Live x car_fraction of Live"
    assert found.key == key()
    assert found.source is STAINED
    assert found.parameters["count_sha256"] == COUNT.sha256


def test_car_of_t_cells_is_brought_to_all_live_cells():
    rows = [cells(), car(parent="T cells"), fraction("t_cell_fraction", 0.9, "Live")]
    found = by_metric(combine(rows))["cart_per_ul"]
    assert found.value == pytest.approx(1000 * 0.9 * 0.4)
    assert "t_cell_fraction of Live" in found.parent


def test_unknown_t_cell_fraction_is_flagged():
    found = by_metric(combine([cells(), car(parent="T cells")]))["cart_per_ul"]
    assert found.value == pytest.approx(400.0)
    assert "cells_taken_as_t_cells" in {f.code for f in found.flags}


def test_dead_cells_in_the_count_are_taken_out_by_the_other_tubes_viability():
    rows = [cells(parent="Singlets"), car(), fraction("viability", 0.8, "Singlets")]
    found = by_metric(combine(rows, culture_volume_ml=10.0))
    assert found["cart_per_ul"].value == pytest.approx(1000 * 0.8 * 0.4)
    assert found["cells_total"].value == pytest.approx(1000 * 0.8 * 1000 * 10)
    assert "viability_from_other_tube" in {f.code for f in found["cart_per_ul"].flags}


def test_totals_of_the_culture():
    # 1000 per µL in 12 mL are 12 million cells, 4.8 million of them CAR-T
    found = by_metric(combine([cells(), car()], culture_volume_ml=12.0))
    assert found["cells_total"].value == pytest.approx(12e6)
    assert found["cart_total"].value == pytest.approx(4.8e6)
    assert found["cart_total"].unit == "cells"
    assert found["cart_total"].parameters["culture_volume_ml"] == 12.0
    assert "cart_total" not in by_metric(combine([cells(), car()]))


def test_volumes_from_the_cultures_log():
    log = [
        CultureEvent("D1", "", "C", "", 7, "split", volume_before_ml=12.0),
        CultureEvent("D1", "", "C", "", 7, "drug"),
        CultureEvent("D1", "", "C", "", 9, "feed"),
    ]
    assert culture_volumes(log) == {key(): 12.0}
    found = by_metric(combine([cells(), car()], culture_volume_ml=culture_volumes(log)))
    assert found["cart_total"].value == pytest.approx(4.8e6)


def test_draws_are_multiplied_one_by_one():
    one, other = np.array([900.0, 1100.0]), np.array([0.5, 0.3])
    found = by_metric(combine([cells(draws=one), car(draws=other)], culture_volume_ml=2.0))
    assert found["cart_per_ul"].draws == pytest.approx([450.0, 330.0])
    assert found["cart_total"].draws == pytest.approx([450.0 * 2000, 330.0 * 2000])
    alone = by_metric(combine([cells(), car(draws=other)]))["cart_per_ul"]
    assert alone.draws == pytest.approx([500.0, 300.0])


def test_samples_are_kept_apart_and_controls_left_out():
    rows = [
        cells(),
        car(),
        car(0.5, key=key("car", day=9)),  # no count that day
        car(0.0, key=key("car", role=Role.UNTRANSDUCED)),
    ]
    assert [m.key.day for m in combine(rows)] == [7]


def test_a_count_of_nothing_keeps_an_upper_limit():
    found = by_metric(combine([cells(0.0, 0.0, 3.0), car()]))["cart_per_ul"]
    assert (found.value, found.ci_low) == (0.0, 0.0)
    assert found.ci_high == pytest.approx(3.0 * 0.4444444)


def test_a_fraction_of_zero_keeps_an_upper_limit():
    found = by_metric(combine([cells(), car(0.0, 0.0, 0.01)]))["cart_per_ul"]
    assert found.value == 0.0
    assert found.ci_high == pytest.approx(1111.111 * 0.01)


def test_a_missing_count_gives_no_product():
    assert combine([cells(None, None, None), car()]) == []


def test_flags_of_both_tubes_stay():
    flag = review("low_separation", "overlap")
    found = by_metric(combine([cells(), car(flags=(flag,))]))["cart_per_ul"]
    assert flag in found.flags


def test_cd4_and_cd8_car_t_cells():
    shares = {"n_cart": 500, "cd4_of_cart": 0.6, "cd8_of_cart": 0.35}
    ratio = Measurement(
        key("car"), "cart_cd4_cd8_ratio", 1.7, parent="CAR+", source=STAINED, parameters=shares
    )
    found = by_metric(combine([cells(), car(), ratio], culture_volume_ml=10.0))
    assert found["cart_cd4_total"].value == pytest.approx(0.6 * 4e6)
    assert found["cart_cd8_total"].value == pytest.approx(0.35 * 4e6)
    whole, part = found["cart_per_ul"], found["cart_cd4_per_ul"]
    assert part.value == pytest.approx(0.6 * whole.value)
    assert part.n == 300
    # ln(part) = ln(whole) + ln(share); 300 of 500 has the relative variance .4 / (.6 x 500)
    own = 1.959964 * np.sqrt(0.4 / 300)
    half = np.hypot(np.log(whole.value / whole.ci_low), own)
    assert part.ci_low == pytest.approx(part.value * np.exp(-half), rel=1e-4)


def test_no_cd8_car_t_cell_leaves_an_upper_end():
    shares = {"n_cart": 500, "cd4_of_cart": 1.0, "cd8_of_cart": 0.0}
    ratio = Measurement(key("car"), "cart_cd4_cd8_ratio", 1001.0, parameters=shares)
    found = by_metric(combine([cells(), car(), ratio]))
    none, whole = found["cart_cd8_per_ul"], found["cart_per_ul"]
    # 0 of 500: a Poisson mean of up to 3.689, of the CAR-T cells' own upper end
    assert (none.value, none.ci_low) == (0.0, 0.0)
    assert none.ci_high == pytest.approx(whole.ci_high * 3.689 / 500, rel=1e-3)


def test_several_tubes_of_one_sample_are_averaged_and_named():
    other = replace(cells(1100.0, 990.0, 1222.222), source=SourceFile("raw/2.fcs", "d" * 64, "fcs"))
    found = by_metric(combine([cells(), other, car()]))["cart_per_ul"]
    assert found.value == pytest.approx(1050 * 0.4)
    flag = next(f for f in found.flags if f.code == "mean_of_tubes")
    assert "mean of 2 tubes (raw/count.fcs, raw/2.fcs)" in flag.message
    # each tube is off by a factor 0.9: the mean's ln half-width is ln(1/0.9) / sqrt(2)
    half = np.log(1 / 0.9) * np.sqrt(1 / 2 + 1)
    assert found.ci_low == pytest.approx(found.value * np.exp(-half), rel=1e-4)


def test_tubes_that_disagree_need_a_look():
    other = cells(2000.0, 1800.0, 2222.0)
    found = by_metric(combine([cells(), other, car()]))["cart_per_ul"]
    assert "tubes_disagree" in {f.code for f in found.flags}
