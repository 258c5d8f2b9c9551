from collections.abc import Callable
from math import comb
from typing import Any

import numpy as np
import pytest
from scipy.stats import fisher_exact

from labproc.cohort import contingency
from labproc.cohort.contingency import (
    boschloo,
    chi_square,
    clopper_pearson,
    fisher,
    smallest_expected,
)
from labproc.errors import NotEnoughData


def two_by_two(c: list[int], treated: list[int]) -> Any:
    return np.array([[c[0], c[1] - c[0]], [treated[0], treated[1] - treated[0]]])


@pytest.mark.shared
def test_every_p_of_the_papers_tables_agrees_with_r(expected: Callable[..., Any]) -> None:
    truth = expected("seed tables", "Fisher exact")
    counts = expected("seed tables", "Fisher exact", "counts")
    assert len(truth) == 22
    for name, p in truth.items():
        table = two_by_two(counts[name]["C"], counts[name]["C_Len"])
        try:
            assert fisher(table).p_value == pytest.approx(p, rel=1e-4), name
        except NotEnoughData:
            assert p == 1  # nobody, or everybody, in both arms


@pytest.mark.shared
def test_intervals_of_the_response_rate_agree_with_r(expected: Callable[..., Any]) -> None:
    truth = expected("seed tables", "ORR Clopper-Pearson")
    assert clopper_pearson(13, 16) == pytest.approx(tuple(truth["all"]), rel=1e-4)
    assert clopper_pearson(6, 7) == pytest.approx(tuple(truth["len"]), rel=1e-4)
    assert clopper_pearson(7, 9) == pytest.approx(tuple(truth["c"]), rel=1e-4)
    found = fisher(np.array([[6, 1], [7, 2]]))
    assert found.effect == pytest.approx(truth["fisher_or"], rel=1e-4)
    # R stops its search for these two limits at 1.2e-4 (uniroot's default): its own tails are
    # 0.025012 and 0.025021; ours are 0.025, which the next test shows by hand
    assert found.ci == pytest.approx(tuple(truth["fisher_or_ci"]), rel=1e-3)


def test_limits_of_an_odds_ratio_leave_a_fortieth_in_each_tail() -> None:
    # 6 of 7 against 7 of 9: 13 responders, 7 patients in the arm, x responders in it
    found = fisher(np.array([[6, 1], [7, 2]]))
    assert found.ci is not None

    def weights(ratio: float) -> dict[int, float]:
        return {x: comb(13, x) * comb(3, 7 - x) * ratio**x for x in range(4, 8)}

    low, high = weights(found.ci[0]), weights(found.ci[1])
    assert (low[6] + low[7]) / sum(low.values()) == pytest.approx(0.025, rel=1e-6)
    assert (high[4] + high[5] + high[6]) / sum(high.values()) == pytest.approx(0.025, rel=1e-6)


def test_a_3_x_2_table_agrees_with_a_sum_by_hand() -> None:
    # margins 2, 1, 1 and 2, 2: six tables of weight 1/(2!1!1!...): by hand, with columns chosen
    # as 2 of 4 patients, P of the split (2, 0, 0) is 1/6, of (0, 1, 1) 1/6, of the others 4/6
    assert fisher(np.array([[2, 0], [0, 1], [0, 1]])).p_value == pytest.approx(2 / 6)
    assert fisher(np.array([[1, 1], [1, 0], [0, 1]])).p_value == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(6))
def test_two_by_two_tables_agree_with_scipy(seed: int) -> None:
    table = np.random.default_rng(seed).integers(1, 12, size=(2, 2))
    assert fisher(table).p_value == pytest.approx(float(fisher_exact(table).pvalue), rel=1e-9)


def test_rows_and_columns_may_change_places() -> None:
    table = np.array([[3, 1, 4], [1, 5, 2]])
    assert fisher(table).p_value == pytest.approx(fisher(table.T).p_value, rel=1e-12)


def test_sampling_agrees_with_the_exact_p(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.array([[8, 2, 4], [3, 5, 9]])
    exact = fisher(table)
    monkeypatch.setattr(contingency, "MOST_TABLES", 1)
    sampled = fisher(table)
    assert sampled.is_sampled
    assert sampled.p_value == pytest.approx(exact.p_value, abs=0.005)


def test_chi_square_by_hand() -> None:
    # expected 10 in each of four cells, 2 off in each: 4 x 4 / 10 = 1.6
    found = chi_square(np.array([[12, 8], [8, 12]]))
    assert found.statistic == pytest.approx(1.6)
    assert found.p_value == pytest.approx(0.2059032, rel=1e-5)
    assert smallest_expected(np.array([[12, 8], [8, 12]])) == 10.0


def test_boschloo_is_not_weaker_than_fisher() -> None:
    table = np.array([[8, 1], [2, 5]])
    assert boschloo(table).p_value < fisher(table).p_value


def test_one_level_cannot_be_compared() -> None:
    with pytest.raises(NotEnoughData, match="counts in 1 levels and 2 arms"):
        fisher(np.array([[5, 4], [0, 0]]))


def test_nobody_and_everybody_have_one_sided_intervals() -> None:
    # the rule of three's exact form: 1 - 0.025^(1/10)
    assert clopper_pearson(0, 10) == (0.0, pytest.approx(1 - 0.025**0.1))
    assert clopper_pearson(10, 10) == (pytest.approx(0.025**0.1), 1.0)
