"""Per CAR+ cell and per µL blood, by hand."""

import numpy as np
import pytest

from labproc.model import Measurement, SampleKey
from labproc.qpcr.extracts import Extract, eluate_rows
from labproc.qpcr.joined import BloodVolume, BloodYield, copies_in_blood, copies_per_cart_cell

KEY = SampleKey("D1", "E1", "C", 9)


def test_vcn_of_0_6_in_30_percent_car_is_two_copies_per_car_cell():
    rows = [
        Measurement(KEY, "vcn", 0.6, 0.5, 0.72, draws=np.array([0.6, 0.5])),
        Measurement(
            SampleKey("D1", "E1", "C", 9, panel="car"),
            "car_fraction",
            0.3,
            0.27,
            0.33,
            draws=np.array([0.3, 0.25]),
        ),
    ]
    (found,) = copies_per_cart_cell(rows)
    assert found.value == pytest.approx(2.0)
    half = np.hypot(np.log(0.72 / 0.6), np.log(0.27 / 0.3))
    assert found.ci_high == pytest.approx(2 * np.exp(half))
    assert found.draws == pytest.approx([2.0, 2.0])
    assert found.unit == "copies/CAR+ cell"


def test_no_car_fraction_gives_nothing():
    assert copies_per_cart_cell([Measurement(KEY, "vcn", 0.6)]) == []


def test_blood_by_hand():
    # 5 µg from 200 µL blood at 1000 copies per µg: 25 copies per µL
    row = Measurement(KEY, "copies_per_ug", 1000.0, 900.0, 1100.0)
    (found,) = copies_in_blood([row], {KEY: BloodYield(5.0, 200.0)})
    assert (found.value, found.ci_low) == (pytest.approx(25.0), pytest.approx(22.5))


def test_volumes_and_dilution_by_hand():
    # 30 copies in 5 µL of a 1:10 dilution of 100 µL eluted from 200 µL blood
    row = Measurement(KEY, "copies_per_well", 30.0, 24.0, 38.0)
    per_ul, total = eluate_rows(row, Extract(10.0, template_ul=5.0, elution_ul=100.0))
    assert (per_ul.value, per_ul.unit) == (pytest.approx(60.0), "copies/µL eluate")
    assert (total.value, total.ci_low) == (pytest.approx(6000.0), pytest.approx(4800.0))
    told = {KEY: BloodVolume(blood_ul=200.0, elution_ul=100.0)}
    (found,) = copies_in_blood([row, per_ul, Measurement(KEY, "copies_per_ug", 1.0)], told)
    assert (found.value, found.ci_high) == (pytest.approx(30.0), pytest.approx(38.0))
    assert found.unit == "copies/µL blood"
