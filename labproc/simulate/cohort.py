"""Simulated patients around the one with copies: a table to try ``labproc cohort`` on."""

from typing import Any

import numpy as np

from labproc.simulate.design import Design
from labproc.simulate.patient import (
    EVENTS,
    FULL_NG,
    PATIENT,
    PatientDay,
    copies_per_ug,
    patient_course,
)

N_CONTROL, N_TREATED = 9, 7
START_DAY = 15  # of lenalidomide; who dies before is never treated
PROGRESSION, DEATH = (5.0, 14.0), (9.0, 30.0)
"""Mean months to progression and from there to death: control, lenalidomide."""
MONTH = 30.4375
VISITS = (7, 28, 90)
SUSTAINED = 0.6
RESPONSES = ("CR", "PR", "NR")
Rows = list[dict[str, Any]]


def cohort_rows(arms: tuple[str, str], rng: np.random.Generator) -> Rows:
    """Return the patient table: the simulated patient first, then the others arm by arm.

    Times are exponential and censored where a patient's follow-up ends.
    """
    first = {
        "patient": PATIENT, "arm": arms[1], "sex": "F", "age": 61, "stage": "III/IV",
        "best_response": "CR", "crs": "1-2", "thrombocytopenia34": 0, "len_start_day": START_DAY,
        "os_months": 12.2, "os_event": 0, "pfs_months": 12.2, "pfs_event": 0, "ongoing": "CR",
    }  # fmt: skip
    sides = [0] * N_CONTROL + [1] * (N_TREATED - 1)
    others = [
        _patient(f"P{number:02d}", arms[side], side, rng)
        for number, side in enumerate(sides, start=2)
    ]
    return [first, *others]


def patients_of(design: Design) -> tuple[Rows, dict[str, list[PatientDay]]]:
    """Return a design's patient table and every patient's blood samples, always the same."""
    rows = cohort_rows(design.arms, np.random.default_rng([design.seed, 5]))
    return rows, followed(rows, np.random.default_rng([design.seed, 6]))


def followed(rows: Rows, rng: np.random.Generator) -> dict[str, list[PatientDay]]:
    """Return the blood samples of every patient: all days of the first, visits of the others.

    Patients differ by a factor in how far their CAR-T cells expand; under lenalidomide copies
    fall ``SUSTAINED`` times as fast from its start on. Who has died comes no more.
    """
    return {PATIENT: patient_course()} | {
        row["patient"]: _visits(row, rng) for row in rows if row["patient"] != PATIENT
    }


def _visits(row: dict[str, Any], rng: np.random.Generator) -> list[PatientDay]:
    factor = float(np.exp(rng.normal(0.0, 0.5)))
    pace = SUSTAINED if row["len_start_day"] != "" else 1.0
    days = [day for day in VISITS if day <= row["os_months"] * MONTH]
    return [PatientDay(day, factor * copies_per_ug(_paced(day, pace)), FULL_NG) for day in days]


def _paced(day: float, pace: float) -> float:
    return day if day <= START_DAY else START_DAY + (day - START_DAY) * pace


def _patient(name: str, arm: str, side: int, rng: np.random.Generator) -> dict[str, Any]:
    least = START_DAY / MONTH * side  # nobody is treated who did not live to the first dose
    progression = least + rng.exponential(PROGRESSION[side])
    death = progression + rng.exponential(DEATH[side])
    end = rng.uniform(8.0, 20.0)
    response = str(rng.choice(RESPONSES, p=[0.45, 0.3, 0.25]))
    alive, stable = death > end, progression > end
    return {
        "patient": name,
        "arm": arm,
        "sex": str(rng.choice(["F", "M"])),
        "age": int(rng.integers(38, 72)),
        "stage": str(rng.choice(["I/II", "III/IV"], p=[0.2, 0.8])),
        "best_response": response,
        "crs": str(rng.choice(["0", "1-2", "3-4"])),
        "thrombocytopenia34": int(rng.random() < 0.4),
        "len_start_day": START_DAY if side else "",
        "os_months": round(min(death, end), 1),
        "os_event": int(not alive),
        "pfs_months": round(min(progression, end), 1),
        "pfs_event": int(not stable),
        "ongoing": response if stable else "",
    }


BLOOD = (
    (15, 3.1, 110, 25),
    (22, 1.6, 95, 10),  # neutrophils below 2
    (29, 0.4, 60, 0),  # below 0.5
    (36, 2.6, 80, 0),  # day 22 of the cycle
    (43, 2.4, 44, 10),  # platelets below 50
)
"""Day, neutrophils and platelets (10^9/L) of every treated patient, and the dose in mg that the
protocol foresees."""
AGAINST_PROTOCOL = ("P13", 22, 25)
"""Who was given what against the protocol: the one thing that the check has to find."""


def dosing_rows(patients: Rows) -> Rows:
    """Return the blood counts and doses of the treated patients while they live."""
    who, day, dose = AGAINST_PROTOCOL
    found = [
        {"patient": p["patient"], "day": d, "anc": anc, "platelets": platelets, "dose_mg": mg}
        for p in patients
        for d, anc, platelets, mg in BLOOD
        if p["len_start_day"] != "" and d <= p["os_months"] * MONTH
    ]
    return [r | {"dose_mg": dose} if (r["patient"], r["day"]) == (who, day) else r for r in found]


def event_rows(patients: Rows) -> Rows:
    """Return all that happened to the patient with copies, and the others' progression."""
    found = [{"patient": PATIENT, "day": d, "event": e, "note": n} for d, e, n in EVENTS]
    progressed = [p for p in patients if p["pfs_event"] and p["pfs_months"] < p["os_months"]]
    found += [
        {
            "patient": p["patient"],
            "day": round(p["pfs_months"] * MONTH),
            "event": "progression",
            "note": "",
        }
        for p in progressed
    ]
    return found
