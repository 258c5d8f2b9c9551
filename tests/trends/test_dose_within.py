"""Doses compared within donors: by hand, against Dunnett's own table and against scipy."""

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.trends.dose import dunnett, fit_four_parameters, linear_contrast_apart
from labproc.trends.dose_within import (
    critical_value,
    dunnett_within,
    fit_within,
    joint_p,
    jonckheere_within,
)


@pytest.mark.parametrize(
    ("n_compared", "dof", "t"),
    # Dunnett, Biometrics 1964;20:482-491, table II: two-sided, joint confidence 95 %
    [(2, 5, 3.03), (3, 5, 3.29), (2, 10, 2.57), (3, 10, 2.76), (4, 10, 2.89), (2, 20, 2.38),
     (3, 20, 2.54), (4, 20, 2.65)],
)  # fmt: skip
def test_critical_values_are_those_of_dunnett(n_compared: int, dof: int, t: float) -> None:
    assert critical_value(n_compared, dof) == pytest.approx(t, abs=0.006)
    assert joint_p(critical_value(n_compared, dof), n_compared, dof) == pytest.approx(
        0.05, abs=1e-4
    )


def test_one_dose_is_students_t() -> None:
    from scipy.stats import t

    assert joint_p(2.5, 1, 7) == pytest.approx(2 * t.sf(2.5, 7), abs=1e-5)


def test_joint_p_agrees_with_scipy_where_arms_are_independent() -> None:
    rng = np.random.default_rng(0)
    groups = [rng.normal(0.4 * i, 1.0, 6) for i in range(4)]
    for one in dunnett(groups[0], groups[1:]):
        assert joint_p(one.statistic, 3, 20) == pytest.approx(one.p_value, abs=3e-4)


def test_dunnett_within_donors_by_hand() -> None:
    # rows 0 1 2 / 10 11 14: residuals about donor and dose means are +-(1/3, 1/3, -2/3), squares
    # sum to 4/3, 2 degrees of freedom, variance 2/3; the difference of two means of 2 has
    # se = sqrt(2/3 * 2/2) = 0.8165; the effects are 1 and 3
    low, high = dunnett_within(np.array([[0.0, 1, 2], [10, 11, 14]]))
    assert (low.estimate, high.estimate) == pytest.approx((1.0, 3.0))
    assert high.statistic == pytest.approx(3.0 / np.sqrt(2 / 3))
    assert high.p_value == pytest.approx(joint_p(high.statistic, 2, 2))
    assert high.ci is not None
    assert high.ci[0] < 0  # 5.42 standard errors: two donors show little


def test_donors_that_differ_in_level_only_leave_no_error() -> None:
    with pytest.raises(NotEnoughData, match="exactly alike"):
        dunnett_within(np.array([[0.0, 1, 2], [5, 6, 7]]))


def test_jonckheere_within_donors_is_exact() -> None:
    # one donor, three doses in order: one of 6 orders, and its mirror: 2/6
    assert jonckheere_within(np.array([[1.0, 2, 3]])).p_value == pytest.approx(2 / 6)
    # two donors in order: 2 of 36; what donors differ by does not matter
    found = jonckheere_within(np.array([[1.0, 2, 3], [101, 105, 107]]))
    assert (found.statistic, found.p_value) == pytest.approx((6.0, 2 / 36))
    assert jonckheere_within(np.array([[3.0, 2, 1], [9, 8, 7]])).p_value == pytest.approx(2 / 36)
    # one donor up, one down: as far from an order as can be
    assert jonckheere_within(np.array([[1.0, 2, 3], [3, 2, 1]])).p_value == pytest.approx(1.0)


def test_half_the_effect_is_found_under_differences_between_donors() -> None:
    doses = np.array([0, 0.1, 0.5, 2.0, 10.0])
    rng = np.random.default_rng(4)
    rise = 0.3 + 0.07 * doses / (1.0 + doses)
    level = np.array([[-0.04], [0.0], [0.04]])
    table = rise + level + rng.normal(0.0, 0.0005, (3, 5))
    found = fit_within(doses, table)
    assert found.estimates["EC50"] == pytest.approx(1.0, rel=0.1)
    assert found.dof == 15 - 4 - 2
    flat = fit_four_parameters(np.tile(doses, 3), table.ravel())
    assert found.se["EC50"] < flat.se["EC50"] / 5  # donors' levels are no noise


def test_the_contrast_between_cultures_by_hand() -> None:
    # means 1, 2, 5: half of 5 - 1 = 2 a step; squares within sum to 6 over 3 degrees of freedom;
    # se = sqrt(2 * (1/4 + 1/4) / 2) = 0.7071, t = 2.828
    found = linear_contrast_apart([np.array([0.0, 2]), np.array([1.0, 3]), np.array([4.0, 6])])
    assert found.estimate == pytest.approx(2.0)
    assert found.statistic == pytest.approx(2 * np.sqrt(2))
