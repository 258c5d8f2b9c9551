"""Deming and Bland-Altman by hand."""

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.model import Measurement, SampleKey
from labproc.qpcr.agreement import bland_altman, deming, pair


def test_deming_of_points_on_a_line_is_that_line():
    found = deming([1, 2, 3, 5], [5, 7, 9, 13])
    assert (found.slope, found.intercept) == (pytest.approx(2), pytest.approx(3))
    assert found.slope_ci == pytest.approx((2, 2))


def test_deming_with_equal_errors_is_the_principal_axis():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30), rng.normal(size=30)
    y = y + 0.8 * x
    values, vectors = np.linalg.eigh(np.cov(x, y))
    axis = vectors[:, values.argmax()]
    assert deming(x, y).slope == pytest.approx(axis[1] / axis[0])


def test_swapping_the_methods_inverts_the_slope():
    x, y = [1, 2, 3, 4.2], [1.1, 2.3, 2.9, 4.0]
    assert deming(x, y).slope == pytest.approx(1 / deming(y, x).slope)


def test_limits_of_agreement_by_hand():
    # differences 1, 2, 3: mean 2, SD 1, t(2) = 4.302653
    found = bland_altman([1, 1, 1], [2, 3, 4])
    assert found.bias == pytest.approx(2)
    assert (found.low, found.high) == (pytest.approx(0.04), pytest.approx(3.96))
    assert found.bias_ci[1] == pytest.approx(2 + 4.302653 / np.sqrt(3), rel=1e-6)
    assert found.high_ci[1] == pytest.approx(3.96 + 4.302653, rel=1e-6)


def test_two_pairs_are_too_few():
    with pytest.raises(NotEnoughData, match="2 samples with both methods"):
        bland_altman([1, 2], [1, 2])


def test_pairs_join_flow_and_qpcr_of_one_culture():
    key = SampleKey("D1", "E1", "C", 5)
    rows = [
        Measurement(SampleKey("D1", "E1", "C", 5, panel="car"), "car_fraction", 0.3),
        Measurement(key, "vcn", 0.6),
        Measurement(SampleKey("D2", "E1", "C", 5), "vcn", 0.9),
    ]
    found = pair(rows, first="car_fraction", second="vcn")
    assert found.keys == (key,)
    assert (list(found.first), list(found.second)) == ([0.3], [0.6])
