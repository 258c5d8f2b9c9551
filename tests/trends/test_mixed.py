from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.trends.lines import t_quantile, t_two_sided
from labproc.trends.mixed import MixedFit, fit_random_intercept

Rows = Callable[[str], list[dict[str, str]]]


def fit(rows: list[dict[str, str]], y: str, x: str, arm: str, level: str, group: str) -> MixedFit:
    names = sorted({r[group] for r in rows})
    day = np.array([float(r[x]) for r in rows])
    treated = np.array([float(r[arm] == level) for r in rows])
    design = np.column_stack([np.ones(day.size), day, treated, day * treated])
    groups = np.array([names.index(r[group]) for r in rows])
    return fit_random_intercept(np.array([float(r[y]) for r in rows]), design, groups)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("column", "quantity"), [("lf", "mixed_log_fold"), ("lr", "mixed_log_ratio")]
)
def test_random_intercepts_agree_with_lmer(
    rows: Rows, expected: Callable[..., Any], column: str, quantity: str
) -> None:
    truth = expected("invitro_growth_derived.csv", quantity)
    found = fit(rows("invitro_growth_derived.csv"), column, "day", "condition", "C+Len", "donor")
    assert found.effects[1] == pytest.approx(truth["slope_C"], rel=1e-4)
    assert found.effects[3] == pytest.approx(truth["slope_diff"], rel=1e-4)
    assert found.se[3] == pytest.approx(truth["se"], rel=1e-4)
    assert found.dof[3] == pytest.approx(truth["df_kr"], rel=1e-4)
    t = found.effects[3] / found.se[3]
    half = t_quantile(0.95, found.dof[3]) * found.se[3]
    assert t == pytest.approx(truth["t"], rel=1e-4)
    assert t_two_sided(t, found.dof[3]) == pytest.approx(truth["p_satt"], rel=1e-4)
    assert found.effects[3] - half == pytest.approx(truth["ci"][0], rel=1e-4)
    assert found.effects[3] + half == pytest.approx(truth["ci"][1], rel=1e-4)
    assert found.var_group == pytest.approx(truth["var_donor"], rel=1e-4)
    assert found.var_residual == pytest.approx(truth["var_resid"], rel=1e-4)
    assert found.reml_loglik == pytest.approx(truth["reml_loglik"], rel=1e-4)


@pytest.mark.shared
def test_potthoff_and_roy_agree_with_lmer(rows: Rows, expected: Callable[..., Any]) -> None:
    truth = expected("orthodont.csv", "age x Sex")
    found = fit(rows("orthodont.csv"), "distance", "age", "sex", "Female", "id")
    assert found.effects[1] == pytest.approx(truth["slope_male"], rel=1e-4)
    assert found.effects[3] == pytest.approx(truth["slope_diff"], rel=1e-4)
    assert found.se[3] == pytest.approx(truth["se"], rel=1e-4)
    assert found.dof[3] == pytest.approx(truth["df"], rel=1e-4)
    t = found.effects[3] / found.se[3]
    assert t == pytest.approx(truth["t"], rel=1e-4)
    assert t_two_sided(t, found.dof[3]) == pytest.approx(truth["p"], rel=1e-4)


def test_groups_that_do_not_differ_fall_back_on_least_squares() -> None:
    day = np.tile(np.arange(5.0), 3)
    groups = np.repeat(np.arange(3), 5)
    y = 2.0 * day + np.tile([0.1, -0.1, 0.1, -0.1, 0.0], 3)
    found = fit_random_intercept(y, np.column_stack([np.ones(15), day]), groups)
    slope, intercept = np.polyfit(day, y, 1)
    assert found.is_singular
    assert found.var_group == 0.0
    assert found.effects == pytest.approx([intercept, slope])


def test_an_effect_that_nothing_tells_apart_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="cannot determine"):
        fit_random_intercept(np.ones(4), np.ones((4, 2)), np.array([0, 0, 1, 1]))
