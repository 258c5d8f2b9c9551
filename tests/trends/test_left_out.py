"""Missing days and cultures without a cell: what was seen is shown, a P only where it is one."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from labproc.model import Comparison, Measurement, Plan
from labproc.trends import compare, derive_growth, summarise

Build = Callable[..., Measurement]
RATES = {("D1", "C"): 0.30, ("D2", "C"): 0.32, ("D3", "C"): 0.34,
         ("D1", "C+Len"): 0.35, ("D2", "C+Len"): 0.36, ("D3", "C+Len"): 0.42}  # fmt: skip
DAYS = (0, 2, 4, 6, 8)


def growing(measured: Build) -> list[Measurement]:
    return [
        measured("cart_total", donor, arm, day, 1e5 * np.exp(rate * day))
        for (donor, arm), rate in RATES.items()
        for day in DAYS
    ]


def without(found: list[Measurement], donor: str, arm: str, *days: int) -> list[Measurement]:
    return [m for m in found if (m.key.donor, m.key.arm) != (donor, arm) or m.key.day not in days]


def zero(found: list[Measurement], donor: str, arm: str, *days: int) -> list[Measurement]:
    return [
        replace(m, value=0.0)
        if (m.key.donor, m.key.arm) == (donor, arm) and m.key.day in days
        else m
        for m in found
    ]


def first(measurements: list[Measurement], plan: Plan) -> Comparison:
    whole = [*measurements, *derive_growth(measurements, [])]
    return compare(whole, summarise(whole, plan), plan)[0]


def codes(one: Comparison) -> set[str]:
    return {f.code for f in one.flags}


def test_whole_courses_are_compared(measured: Build, plan: Plan) -> None:
    assert first(growing(measured), plan).p_value is not None


def test_a_day_missing_in_the_middle_is_named_and_changes_no_span(
    measured: Build, plan: Plan
) -> None:
    found = first(without(growing(measured), "D2", "C+Len", 4), plan)
    assert found.p_value is not None
    assert [f.code for f in found.flags] == ["other_days"]
    assert "D2 E1 C+Len: days 0, 2, 6, 8, most cultures have 0, 2, 4, 6, 8" in (
        found.flags[0].message
    )


@pytest.mark.parametrize("test", ["two_stage_paired", "two_stage_unpaired"])
def test_a_culture_followed_for_half_the_time_gives_no_p(
    measured: Build, plan: Plan, test: str
) -> None:
    found = first(without(growing(measured), "D2", "C+Len", 6, 8), replace(plan, test=test))
    assert (found.p_value, np.isnan(found.ci_low)) == (None, True)
    assert found.estimate == pytest.approx((0.05 + 0.04 + 0.08) / 3)  # exponential: as it was
    assert "days_differ" in codes(found)
    assert "not tested: " in found.sentence
    assert "days 0 to 4" in found.sentence
    assert "set window_days" in found.sentence


def test_a_window_that_all_have_brings_the_p_back(measured: Build, plan: Plan) -> None:
    found = without(growing(measured), "D2", "C+Len", 6, 8)
    assert first(found, replace(plan, window_days=(0, 4))).p_value is not None


def test_a_donor_followed_for_half_the_time_in_both_arms_is_a_pair(
    measured: Build, plan: Plan
) -> None:
    found = growing(measured)
    for arm in ("C", "C+Len"):
        found = without(found, "D2", arm, 6, 8)
    assert first(found, plan).p_value is not None
    assert "other_days" in codes(first(found, plan))
    assert first(found, replace(plan, test="two_stage_unpaired")).p_value is None


@pytest.mark.parametrize("test", ["two_stage_paired", "two_stage_unpaired", "rm_anova"])
@pytest.mark.parametrize("days", [(8,), (2, 4, 6, 8), (4,)])
def test_a_culture_without_a_cell_gives_no_p(
    measured: Build, plan: Plan, test: str, days: tuple[int, ...]
) -> None:
    found = first(zero(growing(measured), "D3", "C+Len", *days), replace(plan, test=test))
    assert found.p_value is None
    (flag,) = [f for f in found.flags if f.code == "zero_left_out"]
    assert "D3 E1 C+Len" in flag.message
    assert f"zero on day {days[0]}" in flag.message


def test_days_are_compared_one_by_one_where_no_culture_has_a_zero(
    measured: Build, plan: Plan
) -> None:
    found = zero(growing(measured), "D3", "C+Len", 8)
    whole = [*found, *derive_growth(found, [])]
    compared = compare(whole, summarise(whole, plan), plan)
    by_day = {c.day: c.p_value for c in compared if c.outcome == "cumulative_fold"}
    assert by_day[8] is None
    assert by_day[6] is not None


def test_a_culture_without_a_partner_is_in_no_pair_whatever_it_counted(
    measured: Build, plan: Plan
) -> None:
    alone = [measured("cart_total", "D4", "C", day, 0.0 if day == 6 else 1e5) for day in DAYS]
    assert first([*growing(measured), *alone], plan).p_value is not None
