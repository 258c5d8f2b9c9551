from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.trends.anova import between, greenhouse_geisser, one_way, within

DAYS = tuple(range(0, 15, 2))


@pytest.fixture(scope="module")
def tables(rows: Callable[[str], list[dict[str, str]]]) -> dict[str, Any]:
    data = rows("invitro_growth_derived.csv")

    def table(condition: str) -> Any:
        by = {
            (r["donor"], int(r["day"])): float(r["lr"]) for r in data if r["condition"] == condition
        }
        return np.array([[by[d, day] for day in DAYS] for d in ("D1", "D2", "D3")])

    return {"C": table("C"), "C+Len": table("C+Len")}


@pytest.mark.shared
@pytest.mark.parametrize(("term", "line"), [("cond", "arm"), ("day", "day"), ("inter", "arm:day")])
def test_two_way_within_agrees_with_aov(
    tables: dict[str, Any], expected: Callable[..., Any], term: str, line: str
) -> None:
    truth = expected("invitro_growth_derived.csv", "two-way within RM-ANOVA")[term]
    found = within(tables["C"], tables["C+Len"])[line]
    assert found.f == pytest.approx(truth["F"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["p"], rel=1e-4)
    assert found.dof == (truth["df1"], truth["df2"])


@pytest.mark.shared
@pytest.mark.parametrize(("term", "line"), [("cond", "arm"), ("day", "day"), ("inter", "arm:day")])
def test_prisms_layout_agrees_with_aov(
    tables: dict[str, Any], expected: Callable[..., Any], term: str, line: str
) -> None:
    truth = expected("invitro_growth_derived.csv", "mixed-design RM-ANOVA")[term]
    found = between(tables["C"], tables["C+Len"])[line]
    assert found.f == pytest.approx(truth["F value"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["Pr(>F)"], rel=1e-4)


@pytest.mark.shared
def test_one_way_with_greenhouse_geisser_agrees_with_afex(
    tables: dict[str, Any], expected: Callable[..., Any]
) -> None:
    truth = expected("invitro_growth_derived.csv", "one-way RM-ANOVA")
    found = one_way(tables["C"][:, [0, 3, 6]])  # days 0, 6, 12
    assert found.f == pytest.approx(truth["tab"][0]["F"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["tab"][0]["Pr(>F)"], rel=1e-4)
    assert found.epsilon == pytest.approx(truth["gg_eps"], rel=1e-4)
    assert found.p_corrected == pytest.approx(truth["p_gg"], rel=1e-4)


def test_unequal_arms_agree_with_a_sum_by_hand() -> None:
    # one value a day, two days, no day effect: F of the arms is that of the cultures' means:
    # means 1, 2 | 4, 5, 6: between SS 2 x (2 x 2.1^2 + 3 x 1.4^2) = 29.4 on 1,
    # within SS 2 x (0.5 + 2.0) = 5.0 on 3; F = 29.4 / (5 / 3) = 17.64
    wiggle = np.array([[-0.1, 0.1], [0.1, -0.1]])
    control = np.array([[1.0, 1.0], [2.0, 2.0]]) + wiggle
    treated = np.array([[4.0, 4.0], [5.0, 5.0], [6.0, 6.0]])
    assert between(control, treated)["arm"].f == pytest.approx(17.64)


def test_two_days_are_always_spherical() -> None:
    rng = np.random.default_rng(1)
    assert greenhouse_geisser(rng.normal(size=(5, 2))) == pytest.approx(1.0)


def test_a_table_without_spread_gives_no_p() -> None:
    with pytest.raises(NotEnoughData, match="no spread"):
        one_way(np.ones((3, 4)))
