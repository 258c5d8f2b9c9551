from typing import Any

import numpy as np
import pytest

from labproc.cohort.copies import at_visits, compare_visits
from labproc.cohort.timeline import rise_from_nadir
from labproc.errors import NotEnoughData
from labproc.model import Measurement, PatientEvent, SampleKey


def sample(who: str, day: int, value: float | None, arm: str = "C", **more: Any) -> Measurement:
    return Measurement(SampleKey(who, "", arm, day), "copies_per_ug", value, **more)


def within(who: str, day: int, value: float, factor: float = 1.2) -> Measurement:
    return sample(who, day, value, ci_low=value / factor, ci_high=value * factor)


def test_a_rise_is_a_fold_of_the_nadir_with_the_assays_error() -> None:
    course = [within("P1", d, v) for d, v in ((7, 100), (14, 9000), (60, 300), (90, 1500))]
    found = rise_from_nadir(course, [PatientEvent("P1", 70, "lenalidomide 25 mg")])
    assert (found.nadir_day, found.day, found.fold) == (60, 90, 5.0)
    # both ends carry 20 %: exp(sqrt 2 x ln 1.2) = 1.294
    assert found.ci == pytest.approx((5 / 1.2 ** np.sqrt(2), 5 * 1.2 ** np.sqrt(2)))
    assert found.exceeds_assay
    assert found.after == "lenalidomide 25 mg"


def test_a_rise_within_the_assays_error_is_said() -> None:
    course = [within("P1", d, v) for d, v in ((14, 9000), (60, 300), (90, 350))]
    found = rise_from_nadir(course)
    assert not found.exceeds_assay
    assert [f.code for f in found.flags] == ["rise_within_assay_error"]


def test_a_nadir_below_the_limit_gives_a_lower_bound() -> None:
    gone = sample("P1", 60, None, ci_high=50.0, status="not_detected")
    found = rise_from_nadir([within("P1", 14, 9000), gone, within("P1", 90, 500)])
    assert found.fold == 10.0
    assert "fold_is_a_lower_bound" in {f.code for f in found.flags}


def test_copies_that_only_fall_have_no_rise() -> None:
    with pytest.raises(NotEnoughData, match="the last sample: no rise"):
        rise_from_nadir([within("P1", d, 9000 / d) for d in (14, 28, 60)])


def test_visits_take_the_nearest_sample_of_their_window() -> None:
    found = at_visits([sample("P1", d, 100.0 + d) for d in (26, 29, 50, 182)])
    assert [(v.visit, v.day) for v in found] == [("month 1", 29), ("month 6", 182)]


def test_arms_are_compared_on_the_log_scale_and_missing_patients_are_said() -> None:
    low = [sample(f"C{i}", 28, v) for i, v in enumerate((100.0, 200.0, 400.0))]
    high = [sample(f"L{i}", 28, v, "L") for i, v in enumerate((800.0, 1600.0, 3200.0))]
    patients = {f"C{i}": "C" for i in range(4)} | {f"L{i}": "L" for i in range(3)}
    (found,) = compare_visits(at_visits([*low, *high]), ("C", "L"), patients=patients)
    # geometric means 200 and 1600; each arm's logs differ by ln 2: t = 3 ln2 / (ln2 sqrt(2/3))
    assert found.estimate == pytest.approx(8.0)
    assert found.statistic == pytest.approx(3 / np.sqrt(2 / 3))
    assert found.p_value == pytest.approx(0.02131, abs=2e-5)  # t = 3.674 on 4 df
    assert any(f.code == "only_survivors" and "C3" in f.message for f in found.flags)


def test_one_patient_an_arm_gives_no_p() -> None:
    pair = [sample("C0", 28, 100.0), sample("L0", 28, 900.0, "L")]
    (found,) = compare_visits(at_visits(pair), ("C", "L"), patients={"C0": "C", "L0": "L"})
    assert found.p_value is None
    assert "nothing_to_compare" in {f.code for f in found.flags}
