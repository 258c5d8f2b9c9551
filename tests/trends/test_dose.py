from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.trends.dose import (
    dunnett,
    fit_four_parameters,
    jonckheere,
    kruskal_wallis,
    linear_contrast,
)


@pytest.fixture(scope="module")
def response(rows: Callable[[str], list[dict[str, str]]]) -> tuple[Any, Any]:
    data = rows("dose_response.csv")
    return np.array([float(r["len_uM"]) for r in data]), np.array([float(r["fold"]) for r in data])


@pytest.mark.shared
def test_four_parameters_agree_with_nls(
    response: tuple[Any, Any], expected: Callable[..., Any]
) -> None:
    truth = expected("dose_response.csv", "4PL")
    found = fit_four_parameters(*response)
    assert dict(found.estimates) == pytest.approx(truth["est"], rel=1e-4)
    assert dict(found.se) == pytest.approx(truth["se"], rel=1e-4)
    assert found.rss == pytest.approx(truth["rss"], rel=1e-4)


@pytest.mark.shared
def test_jonckheere_agrees_with_r(response: tuple[Any, Any], expected: Callable[..., Any]) -> None:
    truth = expected("dose_response.csv", "Jonckheere")
    found = jonckheere(*response)
    assert (found.estimate, found.statistic, found.p_value) == pytest.approx(
        (truth["J"], truth["z"], truth["p"]), rel=1e-4
    )


@pytest.mark.shared
def test_kruskal_wallis_agrees_with_r(
    response: tuple[Any, Any], expected: Callable[..., Any]
) -> None:
    truth = expected("dose_response.csv", "Kruskal-Wallis")
    assert kruskal_wallis(*response).p_value == pytest.approx(truth, rel=1e-4)


def test_the_linear_contrast_has_donors_as_its_n() -> None:
    # slopes over the three doses are 1, 2 and 3: mean 2, sd 1, t = 2 / (1 / sqrt 3) = 3.4641,
    # P = 1 - t / sqrt(2 + t^2) = 0.0742 for 2 degrees of freedom
    table = np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0], [1.0, 4.0, 7.0]])
    found = linear_contrast(table)
    assert found.estimate == pytest.approx(2.0)
    assert found.statistic == pytest.approx(2 * np.sqrt(3))
    assert found.p_value == pytest.approx(1 - np.sqrt(12 / 14))


def test_dunnett_is_milder_than_bonferroni_and_stricter_than_one_test() -> None:
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(5)
    control, low, high = rng.normal(0, 1, 6), rng.normal(0.5, 1, 6), rng.normal(2, 1, 6)
    found = dunnett(control, [low, high])
    alone = float(ttest_ind(high, control).pvalue)
    assert found[1].estimate == pytest.approx(high.mean() - control.mean())
    assert alone / 2 < found[1].p_value < 4 * alone
    assert found[1].ci is not None
    assert found[1].ci[0] > 0


def test_negative_doses_are_refused() -> None:
    with pytest.raises(NotEnoughData, match="a dose of -1"):
        jonckheere(np.array([-1.0, 0, 1, 1]), np.arange(4.0))


def test_three_doses_cannot_give_a_curve() -> None:
    with pytest.raises(NotEnoughData, match="3 doses"):
        fit_four_parameters(np.array([0.0, 0, 1, 1, 10, 10]), np.arange(1.0, 7.0))
