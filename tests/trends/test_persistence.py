from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.model import Measurement, Trend
from labproc.trends.decline import fit_decline
from labproc.trends.expansion import fit_expansion, persisting_share
from labproc.trends.persistence import Copies, area_to, peak, persistence, read_copies

Build = Callable[..., Measurement]


@pytest.fixture(scope="module")
def patients(
    rows: Callable[[str], list[dict[str, str]]], measured: Build
) -> dict[str, list[Measurement]]:
    found: dict[str, list[Measurement]] = {}
    for row in rows("persistence.csv"):
        below = row["blq"] == "1"
        value = None if below else float(row["copies_per_ug"])
        one = measured(
            "copies_per_ug",
            row["patient"],
            "CAR-T",
            int(row["day"]),
            value,
            status="not_detected" if below else "quantified",
            parameters={"lloq": float(row["lloq"])},
        )
        found.setdefault(row["patient"], []).append(one)
    return found


WHO = ("P1", "P2", "P3")


@pytest.mark.shared
@pytest.mark.parametrize("who", WHO)
def test_peak_area_and_last_sample_agree_with_r(
    patients: dict[str, list[Measurement]], expected: Callable[..., Any], who: str
) -> None:
    truth = expected("persistence.csv", "Cmax,Tmax")[who]
    found = {t.kind: t for t in persistence(patients[who])}
    for kind, name in (("cmax", "Cmax"), ("tmax", "Tmax"), ("clast", "Clast"), ("tlast", "Tlast")):
        assert found[kind].estimate == pytest.approx(truth[name], rel=1e-4)
    assert found["auc_0_28"].estimate == pytest.approx(truth["AUC0_28_linuplogdown"], rel=1e-4)
    assert found["half_life"].estimate == pytest.approx(truth["thalf_M3"], rel=1e-4)
    (course,) = read_copies(patients[who], "copies_per_ug")
    linear = area_to(course, method="linear")
    assert linear == pytest.approx(truth["AUC0_28_linear"], rel=1e-4)


@pytest.mark.shared
@pytest.mark.parametrize("method", ["M1", "M3", "M6"])
@pytest.mark.parametrize("who", WHO)
def test_half_lives_with_values_below_the_limit_agree_with_r(
    patients: dict[str, list[Measurement]], expected: Callable[..., Any], who: str, method: Any
) -> None:
    truth = expected("persistence.csv", "Cmax,Tmax")[who]
    (course,) = read_copies(patients[who], "copies_per_ug")
    late = course.days >= 60
    found = fit_decline(
        course.days[late],
        course.copies[late],
        course.below[late],
        course.limit[late],
        method=method,
    )
    assert found.rate == pytest.approx(truth[f"lambda_{method}"], rel=1e-4)
    assert found.half_life == pytest.approx(truth[f"thalf_{method}"], rel=1e-4)
    if method == "M3":
        assert found.sd == pytest.approx(truth["sigma_M3"], rel=1e-4)
        assert found.ci is not None
        assert found.ci[0] < found.rate < found.ci[1]


@pytest.mark.shared
def test_expansion_and_fall_agree_with_r(
    patients: dict[str, list[Measurement]], expected: Callable[..., Any]
) -> None:
    truth = expected("persistence.csv", "P3 piecewise")
    (course,) = read_copies(patients["P3"], "copies_per_ug")
    seen = ~course.below
    found = fit_expansion(course.days[seen], course.copies[seen])
    for name in ("Cmax", "rho", "Tmax", "alpha", "beta"):
        assert found.estimates[name] == pytest.approx(truth[name], rel=0.005)
    assert persisting_share(found) == pytest.approx(truth["FB"], rel=0.005)
    assert found.rss == pytest.approx(truth["rss"], rel=0.005)


@pytest.fixture
def course() -> Callable[..., Copies]:
    def build(days: list[float], copies: list[float], limit: float = 50.0) -> Copies:
        values = np.array(copies)
        return Copies(
            ("P1", "", "C", ""),
            "copies_per_ug",
            np.array(days),
            values,
            np.isnan(values),
            np.full(values.size, limit),
        )

    return build


def test_a_month_by_month_schedule_has_no_peak(course: Callable[..., Copies]) -> None:
    with pytest.raises(NotEnoughData, match="this schedule has no Cmax"):
        peak(course([30, 90, 180], [5000, 900, 300]))


def test_a_gap_can_hide_the_peak(course: Callable[..., Copies]) -> None:
    with pytest.raises(NotEnoughData, match="a gap of 20 days"):
        peak(course([0, 1, 2, 22, 28], [0.1, 10, 20, 900, 500]))


def test_copies_that_still_rise_have_no_peak(course: Callable[..., Copies]) -> None:
    with pytest.raises(NotEnoughData, match="may still come"):
        peak(course([0, 3, 7, 14], [1, 10, 100, 1000]))


def test_an_area_is_not_extrapolated(course: Callable[..., Copies]) -> None:
    with pytest.raises(NotEnoughData, match="samples cover days 0 to 14"):
        area_to(course([0, 3, 7, 14], [1, 10, 100, 50]))


def test_a_falling_step_is_logarithmic(course: Callable[..., Copies]) -> None:
    # 100 -> 50 over 7 days: 7 x 50 / ln 2 = 504.94; flat 50 -> 50 over 7 days three times: 1050
    found = area_to(course([0, 7, 14, 21, 28], [100, 50, 50, 50, 50]))
    assert found == pytest.approx(7 * 50 / np.log(2) + 1050)


def test_copies_that_do_not_fall_have_no_half_life() -> None:
    days = np.array([60.0, 90, 120, 180])
    with pytest.raises(NotEnoughData, match="expected them to fall"):
        fit_decline(days, np.exp(days / 100), np.zeros(4, dtype=bool), np.full(4, 50.0))


def test_what_is_refused_says_why(measured: Build) -> None:
    few = [measured("copies_per_ug", "P1", "C", d, 100.0) for d in (30, 90)]
    found: dict[str, Trend] = {t.kind: t for t in persistence(few)}
    for kind in ("cmax", "tmax", "auc_0_28", "half_life", "days_to_below_lloq"):
        assert found[kind].estimate is None
        assert [f.code for f in found[kind].flags] == ["not_supported_by_sampling"]


def test_an_unknown_limit_is_not_made_up(measured: Build) -> None:
    late = [measured("copies_per_ug", "P1", "C", d, 1e4 * 2 ** (-d / 30)) for d in (60, 90, 120)]
    gone = replace(late[0], key=replace(late[0].key, day=360), value=None, status="not_detected")
    found = {t.kind: t for t in persistence([*late, gone])}["half_life"]
    assert found.estimate == pytest.approx(30.0)
    assert "lloq_unknown" in {f.code for f in found.flags}
