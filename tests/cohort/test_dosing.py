import pytest

from labproc.cohort.dosing import BloodCount, Protocol, check_dosing


@pytest.mark.parametrize(
    ("anc", "platelets", "cycle_day", "dose"),
    [
        (3.0, 100.0, 1, 25.0),
        (0.4, 100.0, 1, 0.0),
        (3.0, 24.0, 1, 0.0),
        (1.9, 100.0, 1, 10.0),
        (3.0, 49.0, 21, 10.0),
        (3.0, 100.0, 22, 0.0),
        (3.0, 100.0, 29, 25.0),  # the next cycle
        (0.5, 25.0, 1, 10.0),  # at the limit is not below it
        (None, 100.0, 1, None),
        (None, 20.0, 1, 0.0),  # platelets alone are enough to hold
        (1.5, None, 1, None),  # a reduction, or a hold if platelets were low
    ],
)
def test_the_protocols_doses(
    anc: float | None, platelets: float | None, cycle_day: int, dose: float | None
) -> None:
    (found,) = check_dosing([BloodCount("P1", 15, anc, platelets, 25.0, cycle_day)])
    assert found.foreseen_mg == dose
    assert found.agrees is (None if dose is None else dose == 25.0)
    assert found.reason


def test_limits_are_settings() -> None:
    (found,) = check_dosing([BloodCount("P1", 15, 1.5, 80.0, 25.0)], Protocol(reduce_anc=1.0))
    assert found.agrees


def test_findings_are_in_order() -> None:
    days = [
        BloodCount("P2", 1, 3, 90, 25),
        BloodCount("P1", 43, 3, 90, 10),
        BloodCount("P1", 15, 3, 90, 25),
    ]
    assert [(f.patient, f.day, f.agrees) for f in check_dosing(days)] == [
        ("P1", 15, True),
        ("P1", 43, False),
        ("P2", 1, True),
    ]


def test_nobody_is_foreseen_a_dose_before_treatment() -> None:
    (found,) = check_dosing([BloodCount("P1", 3, 3.0, 90.0, None, 0)])
    assert (found.foreseen_mg, found.agrees) == (0.0, None)
    assert found.reason == "not on treatment yet"
