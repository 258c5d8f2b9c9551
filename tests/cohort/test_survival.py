from collections.abc import Callable
from typing import Any

import pytest

from labproc.cohort.patients import Cohort, Patient, read_cohort
from labproc.cohort.result import CohortTest
from labproc.cohort.roles import find_roles
from labproc.cohort.survival import survival

Row = dict[str, str]


def cohort(rows: list[Row]) -> Cohort:
    patients = [Patient(i + 2, row) for i, row in enumerate(rows)]
    return read_cohort("patients.csv", patients, find_roles(list(rows[0])))


def find(tests: list[CohortTest], variable: str, test: str, landmark: Any = None) -> CohortTest:
    return next(t for t in tests if (t.variable, t.test, t.landmark) == (variable, test, landmark))


@pytest.fixture(scope="module")
def paper(rows: Callable[[str], list[Row]]) -> list[CohortTest]:
    return list(survival(cohort(rows("seed_synthetic_cohort.csv"))))


@pytest.mark.shared
def test_os_and_pfs_are_as_printed(paper: list[CohortTest], expected: Callable[..., Any]) -> None:
    truth = expected("seed_synthetic_cohort.csv", "OS/PFS GBW")
    for name in ("OS", "PFS"):
        found = find(paper, name, "gehan_breslow_wilcoxon")
        assert found.p_value == pytest.approx(truth[name.lower()]["p"], rel=1e-4)
        assert found.n == (9, 7)
    assert [c["events"] for c in find(paper, "OS", "gehan_breslow_wilcoxon").details["curves"]] == [
        6,
        1,
    ]


@pytest.mark.shared
def test_the_landmark_follows_the_start_of_treatment(
    paper: list[CohortTest], expected: Callable[..., Any]
) -> None:
    truth = expected("seed_synthetic_cohort.csv", "OS/PFS GBW")["landmark_day15"]
    found = find(paper, "OS", "gehan_breslow_wilcoxon", 15.0)
    assert found.p_value == pytest.approx(truth["p"], rel=1e-4)
    assert found.n == (8, 7)
    assert found.as_dict()["landmark"] == 15.0


@pytest.mark.shared
def test_immortal_time_is_said(paper: list[CohortTest]) -> None:
    naive = find(paper, "OS", "log_rank")
    assert "immortal_time" in {f.code for f in naive.flags}
    timed = find(paper, "OS", "cox_time_dependent")
    assert timed.estimate is not None
    assert timed.estimate > (find(paper, "OS", "cox").estimate or 0)


def row(arm: str, months: str, event: str) -> Row:
    return {"arm": arm, "os_months": months, "os_event": event}


def test_without_events_there_is_no_p() -> None:
    whole = cohort([row(a, m, "0") for a in "AB" for m in ("3", "5")])
    for one in survival(whole):
        assert one.p_value is None
        assert one.flags


def test_an_arm_without_events_has_no_p_for_the_mean() -> None:
    rows = [row("A", m, "1") for m in ("2", "5", "13")] + [row("B", m, "0") for m in ("14", "15")]
    found = find(list(survival(cohort(rows))), "OS", "restricted_mean")
    # A lives 2, 5 and 12 of the 12 months: mean 19/3; B all 12
    assert found.estimate == pytest.approx(12 - 19 / 3)
    assert found.p_value is None
    assert [f.code for f in found.flags] == ["arm_without_events"]


def test_patients_without_a_time_are_left_out_and_counted() -> None:
    rows = [row("A", "2", "1"), row("A", "", "1"), row("B", "3", "1"), row("B", "4", "0")]
    found = find(list(survival(cohort(rows))), "OS", "log_rank")
    assert found.n == (1, 2)
    assert any(f.code == "not_evaluable" for f in found.flags)
