"""One simulated patient: CAR copies in blood over time, and what happened meanwhile."""

from dataclasses import dataclass
from math import exp

PATIENT = "P01"
FULL_NG = 200.0  # DNA in a well where a blood sample gave enough
DAYS = (1, 3, 7, 10, 14, 21, 28, 42, 60, 90, 120, 180, 240, 300, 360)
EVENTS = (
    (0, "infusion", "CAR-T cells, single dose"),
    (9, "fever", "cytokine release syndrome, grade 1"),
    (15, "lenalidomide start", "25 mg, days 1-21 of 28"),
    (28, "complete response", ""),
    (75, "dose reduction", "10 mg, neutrophils below 1e9/L"),
    (250, "lenalidomide stop", ""),
)


@dataclass(frozen=True, slots=True)
class PatientDay:
    """What one blood sample truly holds, and how much DNA it gave for each well."""

    day: int
    copies_per_ug: float
    dna_ng: float


def patient_course() -> list[PatientDay]:
    """Return the blood samples of the patient.

    Copies rise with the expansion after infusion, fall in two phases, level off under
    lenalidomide, and sink below one copy per well after it was stopped. Early samples give little
    DNA, since lymphodepletion leaves few cells.
    """
    return [PatientDay(day, copies_per_ug(day), _dna_ng(day)) for day in DAYS]


def copies_per_ug(day: float) -> float:
    """Return the true copies per µg DNA on a day after infusion."""
    rise = 1.0 / (1.0 + exp(-1.05 * (day - 6.5)))
    fast = 60_000.0 * exp(-max(day - 10.0, 0.0) / 7.0)
    slow = 1_500.0 * exp(-max(day - 10.0, 0.0) / 120.0)
    stopped = exp(-max(day - 250.0, 0.0) / 22.0)
    return rise * (fast + slow) * stopped


def _dna_ng(day: int) -> float:
    return FULL_NG / 2 if day <= 14 else FULL_NG
