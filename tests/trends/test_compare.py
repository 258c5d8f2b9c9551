from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labproc.errors import SettingsError, UnknownName
from labproc.model import Comparison, CultureEvent, Measurement, Plan, Trend
from labproc.pipeline.trend_tables import comparison_row
from labproc.trends import check_plan, compare, derive_growth, plan_flags, summarise

Build = Callable[..., Measurement]


def growing(measured: Build, rates: dict[tuple[str, str], float]) -> list[Measurement]:
    """Return cultures that grow exactly exponentially at the rate of each donor and arm."""
    return [
        measured("cart_total", donor, arm, day, 1e5 * np.exp(rate * day))
        for (donor, arm), rate in rates.items()
        for day in (0, 2, 4, 6)
    ]


def is_sensitivity(one: Comparison) -> bool:
    return any(f.code == "sensitivity" for f in one.flags)


THREE = {
    ("D1", "C"): 0.30,
    ("D2", "C"): 0.32,
    ("D3", "C"): 0.34,
    ("D1", "C+Len"): 0.35,
    ("D2", "C+Len"): 0.36,
    ("D3", "C+Len"): 0.42,
}  # differences .05, .04, .08: mean .0566667, sd .0208167, se .0120185, t(2) 4.71495, P .0421


def run(measurements: list[Measurement], plan: Plan) -> list[Comparison]:
    whole = [*measurements, *derive_growth(measurements, [])]
    return compare(whole, summarise(whole, plan), plan)


def test_growth_rates_are_compared_donor_by_donor(measured: Build, plan: Plan) -> None:
    first = run(growing(measured, THREE), plan)[0]
    assert (first.outcome, first.planned, first.n) == ("cart_growth_rate", True, (3, 3))
    assert first.estimate == pytest.approx(0.17 / 3)
    assert first.statistic == pytest.approx(4.71495, rel=1e-5)
    assert first.p_value == pytest.approx(0.04214, abs=2e-5)  # 1 - t / sqrt(2 + t^2) for 2 df


def test_the_sentence_says_effect_interval_p_n_test_and_floor(measured: Build, plan: Plan) -> None:
    words = run(growing(measured, THREE), plan)[0].sentence
    assert words.startswith(
        "Growth rate of CAR-T cells over days 0 to 14, C+Len - C: difference 0.057 1/day "
        "(95 % CI 0.005 to 0.108; P = 0.042; n = 3 donors; paired t test)."
    )
    assert "cannot go below P = 0.25" in words


def test_one_donor_gives_a_reason_and_no_p(measured: Build, plan: Plan) -> None:
    one = {who: rate for who, rate in THREE.items() if who[0] == "D1"}
    first = run(growing(measured, one), plan)[0]
    assert first.p_value is None
    assert first.estimate == pytest.approx(0.05)
    assert "not_enough_repeats" in {f.code for f in first.flags}
    assert "not tested: 1 donor in both arms" in first.sentence


def test_wells_never_count_as_repeats(measured: Build, plan: Plan) -> None:
    first = run(growing(measured, THREE), replace(plan, unit="well"))[0]
    assert first.p_value is None


def test_two_experiments_of_a_donor_count_once(measured: Build, plan: Plan) -> None:
    again = [replace(m, key=replace(m.key, experiment="E2")) for m in growing(measured, THREE)]
    assert run([*growing(measured, THREE), *again], plan)[0].n == (3, 3)


def test_what_was_not_tested_has_no_interval(measured: Build, plan: Plan) -> None:
    one = {k: v for k, v in THREE.items() if k[0] == "D1"}
    found = run(growing(measured, one), plan)
    assert found
    assert all(np.isnan([c.ci_low, c.ci_high]).all() for c in found if c.day != 0)
    whole = comparison_row(found[0], [])
    assert whole["estimate"] == pytest.approx(0.05)


def test_repeats_that_do_not_differ_have_no_interval(measured: Build, plan: Plan) -> None:
    same = {
        (d, arm): 0.3 + 0.05 * (arm != "C") for d in ("D1", "D2", "D3") for arm in ("C", "C+Len")
    }
    first = run(growing(measured, same), plan)[0]
    assert (first.p_value, np.isnan(first.ci_low)) == (None, True)


def test_patients_are_no_donors(measured: Build, plan: Plan) -> None:
    cultures = growing(measured, THREE)
    whole = [*cultures, *derive_growth(cultures, [])]
    blood = [
        measured("copies_per_ug", who, arm, day, 1000.0 * 2.0 ** (i - day / 7.0))
        for i, (who, arm) in enumerate(PATIENTS)
        for day in (1, 3, 7, 10, 14, 21, 28)
    ]
    both = [*whole, *blood]
    plan = replace(plan, test="two_stage_unpaired", secondary=("copies_per_ug_auc", "copies_cmax"))
    names = {who for who, _ in PATIENTS}
    found = {c.outcome: c for c in compare(both, summarise(both, plan), plan, patients=names)}
    assert found["cart_growth_rate"].n == (3, 3)
    assert "copies_per_ug_auc" not in found  # only patients have copies
    assert found["copies_cmax"].n == (2, 2)  # a summary of patients, between patients
    said = {
        f.code: f.message for f in plan_flags(both, summarise(both, plan), plan, patients=names)
    }
    assert "P1, P2, P3, P4: patients" in said["patients_apart"]
    assert "copies_per_ug_auc" in said["planned_outcome_without_data"]


PATIENTS = (("P1", "C"), ("P2", "C+Len"), ("P3", "C"), ("P4", "C+Len"))


def test_experiments_of_one_donor_speak_for_that_donor_only(measured: Build, plan: Plan) -> None:
    found = [
        replace(m, key=replace(m.key, donor="D1", experiment=m.key.donor))
        for m in growing(measured, THREE)
    ]
    first = run(found, replace(plan, unit="experiment"))[0]
    assert first.p_value == pytest.approx(0.04214, abs=2e-5)
    assert "one_donor" in {f.code for f in first.flags}


def test_a_donor_without_its_pair_is_left_out_and_named(measured: Build, plan: Plan) -> None:
    more = {**THREE, ("D4", "C"): 0.3}
    first = run(growing(measured, more), plan)[0]
    assert first.n == (3, 3)
    assert any(f.code == "unpaired_repeat" and "D4" in f.message for f in first.flags)


def test_draws_say_in_how_many_the_conclusion_holds(measured: Build, plan: Plan) -> None:
    # draw 0 is the estimate, draw 1 takes the whole effect away from donor 3
    found = []
    for m in growing(measured, THREE):
        moved = m.value
        if (m.key.donor, m.key.arm) == ("D3", "C+Len"):
            moved = 1e5 * np.exp(0.34 * (m.key.day or 0))
        found.append(replace(m, draws=np.array([m.value, moved])))
    robust = run(found, plan)[0].robustness
    assert robust is not None
    assert (robust.n_draws, robust.holds_in) == (2, 1)
    assert robust.leave_one_out == pytest.approx((0.045, 0.065))


def test_tests_of_whole_courses_are_drawn_too(measured: Build, plan: Plan) -> None:
    """Draw 0 is the estimate, draw 1 leaves donor 3 without an effect: a mean of growth since the
    first day no longer differs; leaving donor 2 or 3 out does not hold either."""
    found = []
    for m in growing(measured, THREE):
        moved = m.value
        if (m.key.donor, m.key.arm) == ("D3", "C+Len"):
            moved = 1e5 * np.exp(0.34 * (m.key.day or 0))
        found.append(replace(m, draws=np.array([m.value, moved])))
    first = run(found, replace(plan, test="area_under_curve"))[0]
    robust = first.robustness
    assert first.p_value is not None
    assert first.p_value < 0.05
    assert robust is not None
    assert (robust.n_draws, robust.holds_in) == (2, 1)
    assert robust.low < first.estimate
    assert robust.n_left_out == 3
    assert f"the conclusion holds in {robust.holds_left_out} of 3" in first.sentence
    slow = next(c for c in run(found, plan) if "mixed model" in c.test)
    assert slow.robustness is not None
    assert slow.robustness.n_draws == 0


def test_arms_that_the_plan_does_not_name_are_said(measured: Build, plan: Plan) -> None:
    found = growing(measured, {**THREE, ("D1", "C+Iber"): 0.4})
    whole = [*found, *derive_growth(found, [])]
    wrong = replace(plan, treated=("C+Pom",))
    codes = {f.code for f in plan_flags(whole, summarise(whole, wrong), wrong)}
    assert {"arm_without_data", "arm_not_in_plan", "planned_outcome_without_data"} <= codes
    assert compare(whole, summarise(whole, wrong), wrong) == []


def test_a_misspelt_outcome_names_the_nearest(plan: Plan) -> None:
    with pytest.raises(UnknownName, match="did you mean 'cart_growth_rate'"):
        compare([], [], replace(plan, primary="cart_grow_rate"))


def test_a_misspelt_test_names_the_nearest(plan: Plan) -> None:
    with pytest.raises(UnknownName, match="did you mean 'two_stage_paired'"):
        compare([], [], replace(plan, test="two_stage_pair"))


@pytest.fixture(scope="module")
def study(
    invitro: tuple[list[Measurement], list[CultureEvent]],
) -> tuple[list[Measurement], list[Trend], Plan]:
    plan = Plan("donor", "cells_growth_rate", "C", ("C+Len",), (0, 14), "two_stage_paired")
    plan = replace(plan, secondary=("ln_cd4_cd8_slope",))
    whole = [*invitro[0], *derive_growth(*invitro)]
    return whole, summarise(whole, plan), plan


@pytest.mark.shared
@pytest.mark.parametrize(
    ("outcome", "quantity"),
    [("cells_growth_rate", "twostage_log_fold"), ("ln_cd4_cd8_slope", "twostage_log_ratio")],
)
def test_two_stage_comparisons_agree_with_r(
    study: tuple[list[Measurement], list[Trend], Plan],
    expected: Callable[..., Any],
    outcome: str,
    quantity: str,
) -> None:
    truth = expected("invitro_growth_derived.csv", quantity)
    found = next(c for c in compare(*study) if c.outcome == outcome)
    estimate, low, high = found.estimate, found.ci_low, found.ci_high
    if outcome == "ln_cd4_cd8_slope":
        assert found.effect == "geometric mean ratio per day"
        estimate, low, high = np.log([estimate, low, high])
    assert estimate == pytest.approx(truth["mean_diff"], rel=1e-4)
    assert (low, high) == pytest.approx(tuple(truth["ci"]), rel=1e-4)
    assert found.statistic == pytest.approx(truth["t"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["p"], rel=1e-4)


@pytest.mark.shared
def test_per_day_ratios_with_holm_agree_with_r(
    study: tuple[list[Measurement], list[Trend], Plan], expected: Callable[..., Any]
) -> None:
    # R left day 0 out of the family
    measurements = [m for m in study[0] if m.key.day != 0]
    found = {c.day: c for c in compare(measurements, *study[1:]) if c.outcome == "cd4_cd8_ratio"}
    truth = expected("invitro_growth_derived.csv", "per-day paired t")
    assert len(found) == len(truth) == 7
    for row in truth:
        one = found[row["day"]]
        assert one.estimate == pytest.approx(row["gmr"], rel=1e-4)
        assert one.p_value == pytest.approx(row["p"], rel=1e-4)
        assert one.p_adjusted == pytest.approx(row["holm"], rel=1e-4)
        assert not one.planned


def test_several_doses_are_also_tested_for_a_trend(measured: Build, plan: Plan) -> None:
    # each donor's rates rise by exactly 0.02, 0.03 and 0.04 from dose to dose: mean step 0.03
    rates = {
        (donor, arm): base + step * i
        for donor, base, step in (("D1", 0.30, 0.02), ("D2", 0.31, 0.03), ("D3", 0.33, 0.04))
        for i, arm in enumerate(("C", "L1", "L10"))
    }
    doses = (("L1", 1.0), ("L10", 10.0))
    found = run(growing(measured, rates), replace(plan, treated=("L1", "L10"), dose_um=doses))
    primary = [c for c in found if c.outcome == "cart_growth_rate" and not is_sensitivity(c)]
    assert [c.planned for c in primary] == [True, True, False, False, False]
    assert [c.test for c in primary[3:]] == ["Dunnett within donors"] * 2
    assert primary[2].estimate == pytest.approx(0.03)
    assert primary[2].n == (3, 3)
    assert any("Jonckheere" in words for words in primary[2].assumptions)
    # two arms against one control: Holm over the two
    p = sorted(c.p_value or 1 for c in primary[:2])
    assert sorted(c.p_adjusted or 1 for c in primary[:2])[0] == pytest.approx(2 * p[0])


def test_a_sample_without_copies_is_not_left_out(measured: Build, plan: Plan) -> None:
    found = [
        measured("copies_per_ug", donor, arm, day, 1000.0 * factor)
        for donor in ("D1", "D2", "D3")
        for arm, factor in (("C", 1.0), ("C+Len", 2.0))
        for day in (0, 7, 14)
    ]
    gone = replace(found[1], value=None, ci_high=50.0, status="not_detected")
    trends = summarise([gone, *found[:1], *found[2:]], plan)
    hit = next(t for t in trends if t.kind == "auc" and t.donor == "D1" and t.arm == "C")
    assert hit.n_days == 3
    assert "half_the_limit" in {f.code for f in hit.flags}


def test_copies_are_compared_as_a_ratio_over_the_window(measured: Build, plan: Plan) -> None:
    found = [
        measured("copies_per_ug", donor, arm, day, 1000.0 * factor * noise)
        for donor, noise in (("D1", 1.0), ("D2", 1.1), ("D3", 0.8))
        for arm, factor in (("C", 1.0), ("C+Len", 2.0 * noise))
        for day in (0, 7, 14)
    ]
    one = next(c for c in run(found, plan) if c.outcome == "copies_per_ug_auc")
    # ratios 2 x 1.0, 2 x 1.1, 2 x 0.8: geometric mean 2 x 0.88^(1/3)
    assert one.estimate == pytest.approx(2 * 0.88 ** (1 / 3))
    assert one.contrast == "C+Len / C"
    assert not one.planned


def test_an_experiment_without_its_partner_does_not_shift_a_donor(
    measured: Build, plan: Plan
) -> None:
    lone = [
        replace(m, key=replace(m.key, experiment="E2"))
        for m in growing(measured, {("D1", "C"): 0.9})
    ]
    first = run([*growing(measured, THREE), *lone], plan)[0]
    assert first.estimate == pytest.approx(0.17 / 3)
    assert any(f.code == "unpaired_repeat" and "D1 E2 C" in f.message for f in first.flags)


def test_doubts_of_days_outside_the_window_are_not_carried(measured: Build, plan: Plan) -> None:
    late = measured("cd4_cd8_ratio", "D1", "C", 30, 1.0, n=10)
    found = [
        measured("cd4_cd8_ratio", donor, arm, day, 2.0 * 0.95**day * f, n=900)
        for donor, f in (("D1", 1.0), ("D2", 1.1), ("D3", 1.3))
        for arm in ("C", "C+Len")
        for day in (0, 2, 4)
    ]
    one = next(c for c in run([*found, late], plan) if c.outcome == "ln_cd4_cd8_slope")
    assert "few_events_in_ratio" not in {f.code for f in one.flags}


def test_doubts_of_a_donor_who_is_left_out_are_not_carried(measured: Build, plan: Plan) -> None:
    lone = [measured("cart_total", "P1", "C+Len", d, v) for d, v in ((0, 1e5), (7, 0.0), (14, 9e5))]
    first = run([*growing(measured, THREE), *lone], plan)[0]
    assert [f.code for f in first.flags] == ["unpaired_repeat"]


def test_the_primary_question_is_asked_again_by_other_tests(measured: Build, plan: Plan) -> None:
    again = [c for c in run(growing(measured, THREE), plan) if is_sensitivity(c)]
    assert [c.test for c in again] == [
        "exact sign-flip test",
        "repeated-measures ANOVA, arm and day within donors",
        "mixed model with a random intercept (sensitivity only)",
    ]
    assert not any(c.planned for c in again)
    assert again[0].p_value == 0.25
    # mean over days 0, 2, 4, 6 of the difference in ln fold: 3 days' slope; exponentiated
    assert again[1].estimate == pytest.approx(np.exp(3 * 0.17 / 3))
    assert again[1].effect == "geometric mean ratio of fold since the first of these days"
    assert (again[2].estimate, again[2].unit) == (pytest.approx(0.17 / 3), "1/day")
    assert "mixed_model_is_liberal" in {f.code for f in again[2].flags}


@pytest.mark.parametrize("name", ["per_day_holm", "area_under_curve", "rm_anova", "mixed_model"])
def test_a_test_of_whole_courses_may_be_planned(measured: Build, plan: Plan, name: str) -> None:
    rng = np.random.default_rng(4)
    found = [
        replace(m, value=(m.value or 0) * float(np.exp(0.05 * rng.standard_normal())))
        for m in growing(measured, THREE)
    ]
    first = run(found, replace(plan, test=name))[0]
    assert first.planned
    assert first.p_value is not None
    assert first.ci_low < first.estimate < first.ci_high
    assert (first.effect == "difference") == (name == "mixed_model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"primary": "cart_growth"}, "did you mean 'cart_growth_rate'"),
        ({"secondary": ("copies_auc",)}, "did you mean 'copies_"),
        ({"test": "paired"}, "no comparison called 'paired'"),
        ({"correction": "hulm"}, "did you mean 'holm'"),
        ({"unit": "mouse"}, "expected donor, experiment or well"),
        ({"window_days": (10, 2)}, "expected first day, last day"),
    ],
)
def test_a_plan_is_refused_before_any_file_is_read(plan: Plan, change: Any, message: str) -> None:
    check_plan(plan)
    with pytest.raises(SettingsError, match=message):
        check_plan(replace(plan, **change))


def test_patients_are_not_compared_with_cultures(measured: Build, plan: Plan) -> None:
    whole = growing(measured, {**THREE, ("P1", "C"): 0.1, ("P2", "C+Len"): 0.9})
    whole += derive_growth(whole, [])
    unpaired = replace(plan, test="two_stage_unpaired")
    trends = summarise(whole, unpaired)
    mixed_up = compare(whole, trends, unpaired)[0]
    apart = compare(whole, trends, unpaired, patients=("P1", "P2"))[0]
    assert mixed_up.n == (4, 4)
    assert apart.n == (3, 3)
    assert apart.estimate == pytest.approx(0.17 / 3)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("outcome", "quantity"),
    [("cells_growth_rate", "twostage_log_fold"), ("ln_cd4_cd8_slope", "twostage_log_ratio")],
)
def test_each_culture_and_welchs_test_agree_with_r(
    study: tuple[list[Measurement], list[Trend], Plan],
    expected: Callable[..., Any],
    outcome: str,
    quantity: str,
) -> None:
    truth = expected("invitro_growth_derived.csv", quantity)
    measurements, trends, plan = study
    metric = "cumulative_cells" if outcome == "cells_growth_rate" else "cd4_cd8_ratio"
    kinds = ("growth_rate", "ln_ratio_slope")
    mine = [t for t in trends if t.metric == metric and t.kind in kinds]
    for arm, name in (("C", "slopes_C"), ("C+Len", "slopes_Len")):
        found = [t.estimate for t in mine if t.arm == arm]
        assert found == pytest.approx(truth[name], rel=1e-4)
    unpaired = replace(plan, test="two_stage_unpaired")
    one = next(c for c in compare(measurements, trends, unpaired) if c.outcome == outcome)
    assert one.statistic == pytest.approx(truth["welch_t"], rel=1e-4)
    assert one.p_value == pytest.approx(truth["welch_p"], rel=1e-4)
