import pytest

from labproc.trends.design import power_paired, power_unpaired, repeats_needed


def test_power_agrees_with_statsmodels() -> None:
    # statsmodels 0.15, TTestIndPower: n = 20, d = 1 -> 0.8689530; power 0.9 -> n = 22.0211
    assert power_unpaired(1.0, 1.0, 20) == pytest.approx(0.8689530, abs=1e-7)
    assert repeats_needed(1.0, 1.0, paired=False, power=0.9) == 23


def test_pairs_needed_reach_the_power_and_one_fewer_do_not() -> None:
    n = repeats_needed(1.0, 1.0)
    assert n == 10  # statsmodels 0.15, TTestPower: d = 1, power 0.8 -> 9.93785
    assert power_paired(1.0, 1.0, n) >= 0.8 > power_paired(1.0, 1.0, n - 1)


@pytest.mark.parametrize(
    ("effect", "sd"), [(0.0, 1.0), (1.0, 0.0), (0.001, 1.0), (float("nan"), 1)]
)
def test_what_no_number_of_donors_can_show_has_no_answer(effect: float, sd: float) -> None:
    assert repeats_needed(effect, sd) is None
