"""What every registered comparison keeps to, tested the moment it exists."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.trends.arms import Arms, Repeat
from labproc.trends.comparisons import COMPARISONS, Contrast

NAMES = COMPARISONS.names()
LEVEL = 0.05


def arms(n: int, *, seed: int = 3) -> Arms:
    """Return courses with varying slopes; no two values are equal."""
    rng = np.random.default_rng(seed)
    days = np.array([0.0, 2.0, 4.0, 6.0, 8.0])

    def repeat(name: str, slope: float) -> Repeat:
        slope += 0.03 * rng.standard_normal()
        return Repeat(name, slope, days, slope * days + 0.05 * rng.standard_normal(days.size))

    return Arms(
        tuple(repeat(f"D{i}", 0.30) for i in range(n)),
        tuple(repeat(f"D{i}", 0.36) for i in range(n)),
    )


@pytest.mark.parametrize("name", NAMES)
def test_swapping_arms_flips_the_sign(name: str) -> None:
    test = COMPARISONS.get(name)
    one, other = test.run(arms(4), LEVEL), test.run(arms(4).swapped(), LEVEL)
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-9)
    assert (other.ci_low, other.ci_high) == pytest.approx((-one.ci_high, -one.ci_low), rel=1e-6)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_change_leaves_p_alone(name: str) -> None:
    test = COMPARISONS.get(name)
    one, other = test.run(arms(4), LEVEL), test.run(arms(4).scaled(1000.0), LEVEL)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6)
    assert other.estimate == pytest.approx(1000.0 * one.estimate, rel=1e-6)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_one_donor_raises(name: str, n: int) -> None:
    with pytest.raises(NotEnoughData, match="expected"):
        COMPARISONS.get(name).run(arms(n), LEVEL)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_whole(name: str) -> None:
    found = COMPARISONS.get(name).run(arms(3), LEVEL)
    assert found.p_value is not None
    assert 0 < found.p_value <= 1
    assert found.ci_low < found.estimate < found.ci_high
    assert found.n == (3, 3)
    assert found.test
    assert found.assumptions


@pytest.mark.parametrize("name", NAMES)
def test_arms_without_any_difference_give_no_small_p(name: str) -> None:
    test = COMPARISONS.get(name)
    same = arms(4)
    twin = Arms(same.control, same.control)
    try:
        found = test.run(twin, LEVEL)
    except NotEnoughData:
        return
    assert found.p_value is None or found.p_value > 0.9


class Reference:
    """The synthetic in vitro study as arms, and R's results for it."""

    def __init__(self, folder: Path) -> None:
        self.entries = json.loads((folder / "expected.json").read_text())["entries"]
        with (folder / "invitro_growth_derived.csv").open(newline="") as file:
            self.rows = list(csv.DictReader(file))

    def value(self, quantity: str) -> Any:
        return next(e for e in self.entries if e["quantity"].startswith(quantity))["expected"]

    def arms(self, column: str, *, skip_day_0: bool = False) -> Arms:
        def side(condition: str) -> tuple[Repeat, ...]:
            return tuple(self._repeat(d, condition, column, skip_day_0) for d in ("D1", "D2", "D3"))

        return Arms(side("C"), side("C+Len"))

    def _repeat(self, donor: str, condition: str, column: str, skip: bool) -> Repeat:
        mine = [r for r in self.rows if (r["donor"], r["condition"]) == (donor, condition)]
        kept = [r for r in mine if not (skip and r["day"] == "0")]
        days = np.array([float(r["day"]) for r in kept])
        values = np.array([float(r[column]) for r in kept])
        return Repeat(donor, float(np.polyfit(days, values, 1)[0]), days, values)


def two_stage(ref: Reference, found: Contrast) -> None:
    truth = ref.value("twostage_log_fold")
    assert found.estimate == pytest.approx(truth["mean_diff"], rel=1e-4)
    assert found.statistic == pytest.approx(truth["t"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["p"], rel=1e-4)
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(truth["ci"]), rel=1e-4)


def welch(ref: Reference, found: Contrast) -> None:
    truth = ref.value("twostage_log_fold")
    assert found.statistic == pytest.approx(truth["welch_t"], rel=1e-4)
    assert found.dof == pytest.approx(truth["welch_df"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["welch_p"], rel=1e-4)


def area(ref: Reference, found: Contrast) -> None:
    truth = ref.value("AUC of log fold")
    assert found.p_value == pytest.approx(truth["p"], rel=1e-4)
    assert 14 * found.estimate == pytest.approx(truth["diff"], rel=1e-4)  # over 14 days
    assert 14 * found.ci_low == pytest.approx(truth["ci"][0], rel=1e-4)
    assert 14 * found.ci_high == pytest.approx(truth["ci"][1], rel=1e-4)


def per_day(correction: str) -> Callable[[Reference, Contrast], None]:
    def check(ref: Reference, found: Contrast) -> None:
        truth = ref.value("per-day paired t")
        assert [one.day for one in found.days] == [row["day"] for row in truth]
        for one, row in zip(found.days, truth, strict=True):
            assert one.estimate == pytest.approx(row["diff"], rel=1e-4)
            assert one.statistic == pytest.approx(row["t"], rel=1e-4)
            assert one.p_value == pytest.approx(row["p"], rel=1e-4)
            assert one.p_adjusted == pytest.approx(row[correction], rel=1e-4)
        assert found.p_value == pytest.approx(min(row[correction] for row in truth), rel=1e-4)

    return check


def within(ref: Reference, found: Contrast) -> None:
    truth = ref.value("two-way within RM-ANOVA")["cond"]
    assert found.statistic == pytest.approx(truth["F"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["p"], rel=1e-4)


def between(ref: Reference, found: Contrast) -> None:
    truth = ref.value("mixed-design RM-ANOVA")["cond"]
    assert found.statistic == pytest.approx(truth["F value"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["Pr(>F)"], rel=1e-4)
    assert "pairing_ignored" in {f.code for f in found.flags}


def mixed(ref: Reference, found: Contrast) -> None:
    truth = ref.value("mixed_log_fold")
    assert found.estimate == pytest.approx(truth["slope_diff"], rel=1e-4)
    assert found.statistic == pytest.approx(truth["t"], rel=1e-4)
    assert found.dof == pytest.approx(truth["df_satt"], rel=1e-4)
    assert found.p_value == pytest.approx(truth["p_satt"], rel=1e-4)
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(truth["ci"]), rel=1e-4)
    assert "mixed_model_is_liberal" in {f.code for f in found.flags}


def floor(index: int) -> Callable[[Reference, Contrast], None]:
    def check(ref: Reference, found: Contrast) -> None:
        # all three differences are positive and the arms do not overlap: P is at its floor
        assert found.p_value == found.floor == ref.value("sign-flip permutation floor")[index]

    return check


REFERENCES: dict[str, tuple[str, bool, Callable[[Reference, Contrast], None]]] = {
    "two_stage_paired": ("lf", False, two_stage),
    "two_stage_unpaired": ("lf", False, welch),
    "area_under_curve": ("lf", False, area),
    "per_day_holm": ("lr", True, per_day("holm")),
    "per_day_sidak": ("lr", True, per_day("sidak")),
    "per_day_bh": ("lr", True, per_day("bh")),
    "rm_anova": ("lr", False, within),
    "rm_anova_unpaired": ("lr", False, between),
    "mixed_model": ("lf", False, mixed),
    "sign_flip": ("lf", False, floor(0)),
    "permutation": ("lf", False, floor(1)),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_it_agrees_with_its_reference_values(name: str, shared: Path) -> None:
    # R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, afex 1.2-1: data/stats/reference_scripts/ref.R
    reference = Reference(shared / "data/stats")
    column, skip, check = REFERENCES[name]
    arms_of = reference.arms(column, skip_day_0=skip)
    check(reference, COMPARISONS.get(name).run(arms_of, LEVEL))
