from collections.abc import Callable, Mapping
from typing import Any

import pytest

from labproc.cohort.patients import Cohort, Patient, read_cohort
from labproc.cohort.result import CohortTest
from labproc.cohort.roles import find_roles
from labproc.cohort.tables import characteristics, response, table_rows, toxicity
from labproc.errors import StudyError


def cohort(rows: list[dict[str, str]], given: Mapping[str, object] | None = None) -> Cohort:
    patients = [Patient(i + 2, row) for i, row in enumerate(rows)]
    return read_cohort("patients.csv", patients, find_roles(list(rows[0]), given))


def small(arm: str, **cells: str) -> dict[str, str]:
    return {"arm": arm, **cells}


@pytest.fixture(scope="module")
def paper(rows: Callable[[str], list[dict[str, str]]]) -> dict[str, CohortTest]:
    whole = cohort(rows("seed_synthetic_cohort.csv"))
    tests = (*characteristics(whole), *response(whole), *toxicity(whole))
    return {one.variable: one for one in tests}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("variable", "entry"),
    [
        ("age > 60", "age_gt60_4of9_2of7"),
        ("sex", "sex"),
        ("subtype", "gcb"),
        ("stage", "stage"),
        ("status_pre", "status"),
        ("ipi", "ipi"),
        ("type", "type"),
        ("origin", "origin"),
        ("target", "targets"),
        ("CR", "CR"),
        ("PR", "PR"),
        ("NR", "NR"),
        ("ORR", "ORR"),
        ("crs any grade", "CRS_any"),
        ("leukopenia34", "leuko"),
        ("anemia34", "anemia_n6"),
        ("thrombocytopenia34", "thrombo_n6"),
        ("bilirubin34", "bili"),
        ("alt34", "alt"),
        ("creatinine34", "creat"),
    ],
)
def test_every_p_of_the_synthetic_cohort_is_fishers(
    paper: dict[str, CohortTest], expected: Callable[..., Any], variable: str, entry: str
) -> None:
    truth = expected("seed tables", "Fisher exact")[entry]
    assert paper[variable].test == "fisher"
    assert paper[variable].p_value == pytest.approx(truth, rel=1e-4)


@pytest.mark.shared
def test_percent_and_p_rest_on_the_same_evaluable_patients(paper: dict[str, CohortTest]) -> None:
    assert paper["anemia34"].n == (9, 6)
    assert "n = 15 evaluable" in paper["anemia34"].flags[0].message


@pytest.mark.shared
def test_printed_rows_carry_counts_percent_and_exact_intervals(
    rows: Callable[[str], list[dict[str, str]]],
) -> None:
    found = {
        (r.variable, r.level): r.cells
        for r in table_rows(cohort(rows("seed_synthetic_cohort.csv")))
    }
    assert found["anemia34", "1"] == ("5/9 (56 %, 21-86)", "1/6 (17 %, 0-64)")
    assert found["age", "median (range)"][0] == "58 (39-64), n = 9"


def test_a_level_everybody_has_gives_no_p() -> None:
    whole = cohort([small("A", x="yes"), small("A", x="yes"), small("B", x="yes")])
    (found,) = characteristics(whole)
    assert found.p_value is None
    assert [f.code for f in found.flags] == ["nothing_to_compare"]


def test_chi_square_of_small_counts_is_flagged() -> None:
    whole = cohort([small(a, x=v) for a, v in (("A", "p"), ("A", "q"), ("B", "p"), ("B", "p"))])
    (found,) = characteristics(whole, test="chi_square")
    assert found.statistic is not None
    assert "small_expected_counts" in {f.code for f in found.flags}


def test_boschloo_is_given_on_request() -> None:
    whole = cohort([small(a, x=v) for a in "AB" for v in ("p", "p", "q")])
    (found,) = characteristics(whole, test="boschloo")
    assert found.test == "boschloo"
    assert found.p_value == pytest.approx(1.0)


def test_numbers_are_compared_by_rank() -> None:
    # 1, 2, 3 against 10, 11, 12: complete separation, exact P = 2 / C(6, 3) = 0.1
    whole = cohort(
        [small("A", ldh=str(v)) for v in (1, 2, 3)] + [small("B", ldh=str(v)) for v in (10, 11, 12)]
    )
    (found,) = characteristics(whole)
    assert (found.test, found.p_value) == ("mann_whitney", pytest.approx(0.1))


@pytest.mark.parametrize(
    ("rows", "given", "message"),
    [
        ([{"x": "1"}], {}, "no column of arms"),
        ([small("A"), small("A")], {}, "only 'A', expected at least two arms"),
        ([small("A"), small("")], {}, "line 3: no arm"),
        ([small("A"), small("B")], {"control": "C"}, "no arm 'C' \\(has: A, B\\)"),
        ([small("A", id="1"), small("B", id="1")], {}, "patient '1' is also on line 2"),
        (
            [small("A", os_months="-3", os_event="1"), small("B", os_months="2", os_event="0")],
            {},
            "line 2, os_months: -3, expected 0 or more",
        ),
        (
            [small("A", os_months="3", os_event="2"), small("B", os_months="2", os_event="0")],
            {},
            "line 2, os_event: '2', expected 1 \\(event\\) or 0 \\(censored\\)",
        ),
        (
            [small("A", os_months="soon", os_event="1"), small("B", os_months="2", os_event="0")],
            {},
            "line 2, os_months: 'soon', expected a number",
        ),
        ([small("A"), small("B")], {"arms": "arm"}, "no setting 'arms'; did you mean 'arm'"),
        ([small("A"), small("B")], {"response": "resp"}, "response: no column 'resp'"),
    ],
)
def test_what_cannot_be_compared_is_said(
    rows: list[dict[str, str]], given: dict[str, object], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        cohort(rows, given)


def test_roles_are_recognised_by_name() -> None:
    header = ["Patient", "Group", "Sex", "OS (months)", "OS event", "PFS days", "pfs_status"]
    found = find_roles(header)
    assert (found.arm, found.patient) == ("Group", "Patient")
    assert [(e.name, e.time, e.event, e.unit) for e in found.survival] == [
        ("OS", "OS (months)", "OS event", "months"),
        ("PFS", "PFS days", "pfs_status", "days"),
    ]
    assert found.characteristics == ("Sex",)


def test_a_column_of_censoring_is_never_taken_for_events() -> None:
    assert find_roles(["arm", "os_months", "os_censored"]).survival == ()
