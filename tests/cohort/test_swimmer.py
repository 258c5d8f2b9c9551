import pytest

from labproc.cohort.patients import Patient, read_cohort
from labproc.cohort.roles import find_roles
from labproc.cohort.swimmer import Lane, swimmer
from labproc.errors import StudyError
from labproc.model import PatientEvent

ROWS = [
    {"patient": "C1", "arm": "C", "os_months": "1", "os_event": "1", "best_response": "NR"},
    {"patient": "C2", "arm": "C", "os_months": "2", "os_event": "0", "best_response": "CR"},
    {"patient": "L1", "arm": "Len", "os_months": "1.5", "os_event": "0", "best_response": "PR"},
    {"patient": "L2", "arm": "Len", "os_months": "", "os_event": "0", "best_response": "PR"},
]


def lanes(events: list[PatientEvent]) -> list[Lane]:
    patients = [Patient(i + 2, row) for i, row in enumerate(ROWS)]
    whole = read_cohort("patients.csv", patients, find_roles(list(ROWS[0])))
    return swimmer(whole, events=events)


def test_lanes_are_sorted_and_arrows_show_who_goes_on() -> None:
    found = lanes([PatientEvent("C2", 40, "relapse"), PatientEvent("C2", 15, "lenalidomide")])
    assert [(lane.patient, lane.goes_on) for lane in found] == [
        ("C2", True),
        ("C1", False),
        ("L1", True),
    ]
    assert found[0].days == pytest.approx(2 * 30.4375)
    assert [mark.event for mark in found[0].marks] == ["lenalidomide", "relapse"]


def test_an_event_of_a_stranger_is_said() -> None:
    with pytest.raises(StudyError, match="patient 'X9' is not in"):
        lanes([PatientEvent("X9", 1, "death")])
