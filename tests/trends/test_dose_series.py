"""A dose series inside a study: who takes part, over which days, and what is said of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from labproc.model import Comparison, Measurement, Plan
from labproc.trends import compare, derive_growth, doses_of, plan_flags, summarise

Build = Callable[..., Measurement]
DOSES = {"C": 0.0, "L0.1": 0.1, "L0.5": 0.5, "L2": 2.0, "C+Len": 10.0}
DAYS = (0, 2, 6, 10, 14)


@pytest.fixture
def series(plan: Plan) -> Plan:
    return replace(plan, secondary=(), window_days=(2, 10), dose_um=tuple(DOSES.items()))


def grown(
    measured: Build, days: Callable[[str], Sequence[int]] = lambda arm: DAYS, *, bend: float = 0.0
) -> list[Measurement]:
    """Grow three donors at every dose: 0.3 a day, and 0.07 more at most, half of it at 1 µmol/L."""
    rng = np.random.default_rng(11)
    found = []
    for donor, level in (("D1", 0.28), ("D2", 0.30), ("D3", 0.33)):
        for arm, dose in DOSES.items():
            rate = level + 0.07 * dose / (1.0 + dose) + rng.normal(0.0, 0.001)
            for day in days(arm):
                cells = 1e5 * np.exp(rate * day - bend * day**2)
                found.append(measured("cart_total", donor, arm, day, float(cells)))
    return [*found, *derive_growth(found, [])]


def over_doses(found: list[Measurement], plan: Plan) -> list[Comparison]:
    everything = compare(found, summarise(found, plan), plan)
    return [c for c in everything if any(f.code == "dose_series" for f in c.flags)]


def test_trend_each_dose_and_half_the_effect(measured: Build, series: Plan) -> None:
    found = over_doses(grown(measured), series)
    assert [c.contrast for c in found] == [
        "C+Len over 5 doses (0, 0.1, 0.5, 2, 10 µmol/L)",
        "L0.1 - C", "L0.5 - C", "L2 - C", "C+Len - C",
        "half the effect of 5 doses",
    ]  # fmt: skip
    for one, dose in zip(found[1:5], list(DOSES.values())[1:], strict=True):
        assert one.estimate == pytest.approx(0.07 * dose / (1 + dose), abs=0.003)
        assert one.ci_low < 0.07 * dose / (1 + dose) < one.ci_high
    half = found[-1]
    assert half.ci_low < 1.0 < half.ci_high
    assert half.p_value is None
    assert "An estimate, not a test" in half.sentence
    assert all(c.n == (3, 3) and not c.planned for c in found)


def test_arms_of_the_series_are_not_compared_by_themselves(measured: Build, series: Plan) -> None:
    cells = grown(measured)
    everything = compare(cells, summarise(cells, series), series)
    planned = [c for c in everything if c.planned]
    assert [c.contrast for c in planned] == ["C+Len - C"]
    assert planned[0].p_adjusted == planned[0].p_value  # no further comparison to adjust for
    codes = {f.code for f in plan_flags(cells, summarise(cells, series), series)}
    assert "arm_not_in_plan" not in codes


def test_cultures_counted_on_other_days_are_read_over_those_they_share(
    measured: Build, series: Plan
) -> None:
    """Growth slows down: the slope over 2 to 10 is another over 2, 4, 10 than over 2, 10."""
    few, many = (2, 10), (0, 2, 4, 10)
    mixed = grown(measured, lambda arm: many if arm in ("C", "C+Len") else few, bend=0.004)
    table = doses_of(mixed, summarise(mixed, series), series)[0].table
    assert [f.message for f in table.flags] == [
        "cart_growth_rate over doses: days 2, 10 only, which all cultures have"
    ]
    alike = grown(measured, lambda arm: few, bend=0.004)
    assert table.values == pytest.approx(
        doses_of(alike, summarise(alike, series), series)[0].table.values
    )


def test_donors_who_differ_from_dose_to_dose_make_no_pairs(measured: Build, series: Plan) -> None:
    apart = [
        replace(m, key=replace(m.key, donor=f"{m.key.donor}{m.key.arm}")) for m in grown(measured)
    ]
    plan = replace(series, test="two_stage_unpaired")
    found = over_doses(apart, plan)
    assert found[0].test == "linear contrast over doses, pooled error"
    assert {c.test for c in found[1:5]} == {"Dunnett"}
    assert found[0].p_value is not None
    paired = over_doses(grown(measured), series)[0]
    assert paired.p_value is not None
    assert found[0].p_value > paired.p_value  # donors' levels are noise now


def test_wells_two_doses_and_one_donor_give_nothing(measured: Build, series: Plan) -> None:
    cells = grown(measured)
    assert over_doses(cells, replace(series, unit="well")) == []
    assert over_doses([m for m in cells if m.key.arm in ("C", "C+Len")], series) == []
    assert over_doses([m for m in cells if m.key.donor == "D1"], series) == []


def test_a_ratio_is_compared_and_fitted_as_a_ratio(measured: Build, series: Plan) -> None:
    rng = np.random.default_rng(2)
    found = [
        measured("cd4_cd8_ratio", donor, arm, day,
                 float(np.exp((0.05 * dose / (1 + dose) - 0.05 + rng.normal(0, 0.001)) * day)))
        for donor in ("D1", "D2", "D3") for arm, dose in DOSES.items() for day in DAYS
    ]  # fmt: skip
    plan = replace(series, primary="ln_cd4_cd8_slope")
    top = over_doses(found, plan)[4]
    assert top.contrast == "C+Len / C"
    assert top.estimate == pytest.approx(np.exp(0.05 * 10 / 11), abs=0.003)


def test_half_the_effect_beyond_the_doses_is_not_given(measured: Build, series: Plan) -> None:
    """An effect that still rises in proportion to the dose shows no half."""
    rng = np.random.default_rng(8)
    found = [
        measured("cart_total", donor, arm, day, float(1e5 * np.exp(rate * day)))
        for donor in ("D1", "D2", "D3") for arm, dose in DOSES.items()
        for rate in [0.3 + 0.004 * dose + rng.normal(0, 0.0005)] for day in DAYS
    ]  # fmt: skip
    cells = [*found, *derive_growth(found, [])]
    response = doses_of(cells, summarise(cells, series), series)[0]
    assert response.ec50 is None
    assert response.reason


def test_a_dose_without_a_cell_takes_the_p_of_the_series(measured: Build, series: Plan) -> None:
    counted = [
        replace(m, value=0.0) if (m.key.donor, m.key.arm, m.key.day) == ("D1", "L2", 10) else m
        for m in grown(measured)
        if m.metric == "cart_total"
    ]
    found = over_doses([*counted, *derive_growth(counted, [])], series)
    assert found
    assert {c.p_value for c in found} == {None}
    assert all("zero on day 10" in c.sentence for c in found)
    assert all("zero_left_out" in {f.code for f in c.flags} for c in found)
