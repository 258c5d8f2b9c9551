"""Studies without an effect: how often a comparison says there is one."""

import numpy as np
import pytest

from labproc.model._arrays import Floats
from labproc.trends.arms import Arms, Repeat
from labproc.trends.comparisons import COMPARISONS
from labproc.trends.lines import slopes

DAYS = np.arange(0.0, 15.0, 2.0)
LEVEL = 0.05


def null_studies(n_studies: int, n_donors: int, seed: int) -> Floats:
    """Return ln(cumulative fold), shape (n_studies, 2 arms, n_donors, n_days).

    Donors differ in growth (sd 0.04 a day), cultures of a donor differ too (sd 0.02), each count
    is 8 % off, and each passage leaves an error of 6 % that all later days carry.
    """
    rng = np.random.default_rng(seed)
    donors = 0.33 + 0.04 * rng.standard_normal((n_studies, 1, n_donors, 1))
    cultures = 0.02 * rng.standard_normal((n_studies, 2, n_donors, 1))
    shape = (n_studies, 2, n_donors, DAYS.size)
    passages = np.cumsum(0.06 * rng.standard_normal(shape), axis=-1)
    return (donors + cultures) * DAYS + passages + 0.08 * rng.standard_normal(shape)


def share_rejected(name: str, studies: Floats, *, arms_share_donors: bool = True) -> float:
    test = COMPARISONS.get(name)
    rates = slopes(DAYS, studies)
    rejected = 0
    for courses, rate in zip(studies, rates, strict=True):
        control, treated = (
            tuple(
                Repeat(f"D{i if arms_share_donors else (arm, i)}", float(r), DAYS, course)
                for i, (r, course) in enumerate(zip(rate[arm], courses[arm], strict=True))
            )
            for arm in (0, 1)
        )
        p = test.run(Arms(control, treated), LEVEL).p_value
        rejected += p is not None and p < LEVEL
    return rejected / len(studies)


@pytest.mark.parametrize("n_donors", [3, 5])
def test_the_default_comparison_keeps_its_level(n_donors: int) -> None:
    # 3,000 studies: a share of 5 % has a standard error of 0.4 %
    assert 0.03 <= share_rejected("two_stage_paired", null_studies(3000, n_donors, 11)) <= 0.07


def test_welchs_test_of_other_donors_keeps_its_level() -> None:
    studies = null_studies(3000, 10, 14)
    apart = np.stack([studies[:, 0, :5], studies[:, 1, 5:]], axis=1)  # no donor in both arms
    share = share_rejected("two_stage_unpaired", apart, arms_share_donors=False)
    assert 0.03 <= share <= 0.07


def test_the_mixed_model_does_not_and_says_so() -> None:
    assert share_rejected("mixed_model", null_studies(200, 3, 12)) > 0.15


def test_an_exact_test_of_three_donors_never_rejects() -> None:
    assert share_rejected("sign_flip", null_studies(200, 3, 13)) == 0.0
