from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labproc.model import Measurement, Plan, Trend
from labproc.model.flag import review
from labproc.trends import derive_growth, summarise

Build = Callable[..., Measurement]


def growth(measured: Build, cells: dict[int, float], plan: Plan) -> dict[str, Trend]:
    counts = [measured("cells_total", "D1", "C", d, n) for d, n in cells.items()]
    trends = summarise(derive_growth(counts, []), plan)
    return {t.kind: t for t in trends if t.metric == "cumulative_cells"}


@pytest.mark.shared
def test_an_exact_exponential_doubles_in_its_time(
    measured: Build, plan: Plan, rows: Callable[[str], Any], expected: Callable[..., Any]
) -> None:
    truth = expected("doubling_exact.csv", "mu = ln2/1.25")
    cells = {int(float(r["day"])): float(r["cells"]) for r in rows("doubling_exact.csv")}
    found = growth(measured, cells, plan)
    assert found["growth_rate"].estimate == pytest.approx(truth["mu"], rel=1e-9)
    assert found["doubling_time"].estimate == pytest.approx(truth["Td"], rel=1e-9)


@pytest.mark.shared
def test_the_rate_of_a_window_agrees_with_r(
    measured: Build, plan: Plan, rows: Callable[[str], Any], expected: Callable[..., Any]
) -> None:
    truth = expected("logistic_growth.csv", "log-linear window")
    cells = {int(float(r["day"])): float(r["cells"]) for r in rows("logistic_growth.csv")}
    found = growth(measured, cells, replace(plan, window_days=(0, 4)))
    rate = found["growth_rate"]
    assert rate.estimate == pytest.approx(truth["mu"], rel=1e-4)
    assert (rate.ci_low, rate.ci_high) == pytest.approx(tuple(truth["ci"]), rel=1e-4)
    assert found["doubling_time"].estimate == pytest.approx(truth["Td"], rel=1e-4)
    assert rate.n_days == 5


def test_a_rate_whose_interval_includes_0_has_no_doubling_time(measured: Build, plan: Plan) -> None:
    found = growth(measured, {0: 1e6, 2: 1.1e6, 4: 0.95e6, 6: 1.05e6}, plan)["doubling_time"]
    assert (found.estimate, found.ci_low, found.ci_high) == (None, None, None)
    assert "doubling_time_undefined" in {f.code for f in found.flags}


def test_one_day_in_the_window_gives_no_rate_and_a_reason(measured: Build, plan: Plan) -> None:
    found = growth(measured, {0: 1e6, 20: 4e6}, plan)["growth_rate"]
    assert found.estimate is None
    assert [f.code for f in found.flags] == ["too_few_days"]


def test_a_day_with_zero_cells_is_left_out_and_named(measured: Build, plan: Plan) -> None:
    found = growth(measured, {0: 1e6, 2: 2e6, 4: 4e6, 6: 0.0}, plan)["growth_rate"]
    assert found.estimate == pytest.approx(np.log(2) / 2)
    assert any(f.code == "zero_value" and "day 6" in f.message for f in found.flags)


def test_a_ratio_from_few_events_is_flagged(measured: Build, plan: Plan) -> None:
    ratios = [measured("cd4_cd8_ratio", "D1", "C", d, 2.0 / (d + 1), n=40) for d in (0, 1, 2)]
    (found,) = summarise(ratios, plan)
    assert "few_events_in_ratio" in {f.code for f in found.flags}


def test_repeats_of_a_day_are_averaged_not_counted(measured: Build, plan: Plan) -> None:
    wells = [
        replace(m, key=replace(m.key, well=well))
        for well, factor in (("A1", 0.5), ("A2", 2.0))
        for m in (measured("cd4_cd8_ratio", "D1", "C", d, factor * 2.0**-d) for d in (0, 1, 2))
    ]
    (found,) = summarise(wells, plan)
    assert found.n_days == 3
    assert found.estimate == pytest.approx(-np.log(2))


@pytest.mark.shared
def test_areas_under_log_fold_agree_with_r(
    invitro: Any, plan: Plan, expected: Callable[..., Any]
) -> None:
    truth = expected("invitro_growth_derived.csv", "AUC of log fold")
    found = [t for t in summarise(derive_growth(*invitro), plan) if t.metric == "cumulative_fold"]
    by_arm = {arm: [t.estimate for t in found if t.arm == arm] for arm in ("C", "C+Len")}
    assert by_arm["C"] == pytest.approx(truth["C"], rel=1e-4)
    assert by_arm["C+Len"] == pytest.approx(truth["Len"], rel=1e-4)


def test_a_trend_behind_a_missing_split_says_so(measured: Build, plan: Plan) -> None:
    found = growth(measured, {0: 1e6, 2: 2e6, 4: 4e6, 6: 0.5e6, 8: 1e6}, plan)["growth_rate"]
    assert found.n_days == 3
    assert "missing_split" in {f.code for f in found.flags}


def test_a_value_that_waits_for_review_is_named_in_the_trend(measured: Build, plan: Plan) -> None:
    odd = (review("gate_drifted", "look"),)
    cells = [measured("cart_total", "D1", "C", d, 1e5 * 2.0**d, flags=odd) for d in (0, 1, 2)]
    rate = summarise(derive_growth(cells, []), plan)[0]
    assert any(f.code == "rests_on_unreviewed" and "0, 1, 2" in f.message for f in rate.flags)
