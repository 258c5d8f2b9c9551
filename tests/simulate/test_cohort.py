import numpy as np

from labproc.cohort.patients import Patient, read_cohort
from labproc.cohort.roles import find_roles
from labproc.cohort.survival import survival
from labproc.simulate.cohort import START_DAY, cohort_rows, event_rows, patients_of
from labproc.simulate.design import Design


def rows(seed: int) -> list[dict[str, object]]:
    return cohort_rows(("C", "C+Len"), np.random.default_rng(seed))


def test_a_simulated_cohort_is_one_the_tables_can_read() -> None:
    found = [{k: str(v) for k, v in row.items()} for row in rows(1)]
    roles = find_roles(list(found[0]))
    cohort = read_cohort("patients.csv", [Patient(i, r) for i, r in enumerate(found)], roles)
    assert [cohort.members().count(arm) for arm in ("C", "C+Len")] == [9, 7]
    assert {test.variable for test in survival(cohort)} == {"OS", "PFS"}


def test_times_are_possible() -> None:
    for row in (row for seed in range(20) for row in rows(seed)):
        assert 0 <= float(str(row["pfs_months"])) <= float(str(row["os_months"]))
        assert row["pfs_event"] or not row["os_event"]  # nobody dies without progression here
        if row["len_start_day"]:
            assert float(str(row["os_months"])) * 30.4375 >= START_DAY - 2  # rounded to 0.1 month


def test_events_are_of_patients_in_the_table() -> None:
    found = rows(3)
    names = {row["patient"] for row in found}
    assert {event["patient"] for event in event_rows(found)} <= names
    assert "progression" in {event["event"] for event in event_rows(found)}


def test_every_patient_is_sampled_for_as_long_as_they_live() -> None:
    table, courses = patients_of(Design())
    assert set(courses) == {row["patient"] for row in table}
    lived = {row["patient"]: row["os_months"] * 30.4375 for row in table}
    others = {who: course for who, course in courses.items() if who != "P01"}
    assert all(day.day <= lived[who] for who, course in others.items() for day in course)
    assert len(others) == 15
