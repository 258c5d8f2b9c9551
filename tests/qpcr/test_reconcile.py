"""Repeats on several plates, by hand."""

import numpy as np
import pytest

from labproc.model import Measurement, SampleKey
from labproc.qpcr.reconcile import reconcile

KEY = SampleKey("D1", "E1", "C", 9)


def row(value, low=None, high=None, **more):
    return Measurement(KEY, "copies_per_ug", value, low, high, n=3, **more)


def test_two_equal_plates_halve_the_variance():
    half = np.exp(0.2)
    (found,) = reconcile([row(100.0, 100 / half, 100 * half)] * 2)
    assert found.value == pytest.approx(100.0)
    assert np.log(found.ci_high / 100) == pytest.approx(0.2 / np.sqrt(2))
    assert (found.n, found.parameters["n_plates"]) == (6, 2)


def test_plates_far_apart_are_flagged_and_widened():
    (found,) = reconcile([row(100.0, 90.0, 111.0), row(200.0, 180.0, 222.0)])
    assert found.value == pytest.approx(100 * np.sqrt(2), rel=1e-3)
    assert "plates_disagree" in {f.code for f in found.flags}
    assert found.ci_low < 100
    assert found.ci_high > 200


def test_negative_plates_add_their_wells():
    # 3.00 / 3 and 3.00 / 3 wells: 3.00 / 6
    rows = [row(None, 0.0, 1.0, status="not_detected")] * 2
    (found,) = reconcile(rows)
    assert (found.value, found.ci_high, found.n) == (None, pytest.approx(0.5), 6)


def test_found_on_one_plate_and_not_on_the_other_is_said():
    rows = [row(50.0, 40.0, 60.0), row(None, 0.0, 5.0, status="not_detected")]
    (found,) = reconcile(rows)
    assert found.value == 50.0
    assert [(f.code, f.severity.value) for f in found.flags] == [("plates_disagree", "review")]


def test_one_plate_stays_as_it_is():
    only = row(50.0, 40.0, 60.0)
    assert reconcile([only]) == [only]


def test_copies_per_well_of_other_dilutions_are_not_pooled():
    rows = [
        Measurement(KEY, "copies_per_well", q, q * 0.8, q * 1.2, parameters={"dna_ng": ng})
        for q, ng in ((500.0, 200.0), (50.0, 20.0))
    ]
    (found,) = reconcile(rows)
    assert found.value == 500.0
    assert [f.code for f in found.flags] == ["plates_not_pooled"]
