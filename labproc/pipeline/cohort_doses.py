"""Blood counts and doses as people write them: one row a patient and day."""

from collections.abc import Mapping

import numpy as np

from labproc.cohort.dosing import BloodCount
from labproc.cohort.patients import Cohort
from labproc.errors import StudyError
from labproc.formats.table import Table
from labproc.pipeline.cohort_copies import number

NAMES: Mapping[str, tuple[str, ...]] = {
    "patient": ("patient", "patient_id", "id", "donor"),
    "day": ("day",),
    "anc": ("anc", "neutrophils", "anc_1e9_l"),
    "platelets": ("platelets", "plt", "platelets_1e9_l"),
    "dose_mg": ("dose_mg", "lenalidomide_mg", "dose"),
    "cycle_day": ("cycle_day",),
}
NEEDED = ("patient", "day", "anc", "platelets", "dose_mg")
HIGHEST: Mapping[str, float] = {"anc": 100.0, "platelets": 3000.0, "dose_mg": 100.0}
"""Values above these are in another unit: counts are 10^9 per litre, doses mg."""
NEVER = 1e9  # a day that no table reaches


def read_counts(name: str, table: Table, cohort: Cohort) -> list[BloodCount]:
    """Return the blood counts and doses of a table: one row a patient and day.

    Days are the table's own; where the patient table says when treatment began, cycles are
    counted from there unless ``cycle_day`` says otherwise.

    Raises
    ------
    StudyError
        If a column is missing, a number is not one or in another unit, or nobody knows the patient.
    """
    known = {h.casefold().replace(" ", "_"): h for h in table.header}
    found = {
        role: next((known[n] for n in words if n in known), "") for role, words in NAMES.items()
    }
    if lost := [role for role in NEEDED if not found[role]]:
        raise StudyError(
            f"{name}: columns {', '.join(table.header)}, expected {', '.join(NEEDED)} "
            f"(and cycle_day where known); missing: {', '.join(lost)}"
        )
    began = _began(cohort)
    rows = []
    for row in table.rows:
        cells = {role: row.cells.get(column, "").strip() for role, column in found.items()}
        rows.append(_count(f"{name}, line {row.line}", cells, began, cohort.name))
    return rows


def _began(cohort: Cohort) -> dict[str, float | None]:
    """Return the day each patient's treatment began: never for those the table has none of."""
    names = [cohort.who(patient) for patient in cohort.patients]
    if not cohort.roles.start_day:
        return dict.fromkeys(names, None)
    days = cohort.numbers(cohort.roles.start_day)
    return {who: float(d) if np.isfinite(d) else NEVER for who, d in zip(names, days, strict=True)}


def _count(
    where: str, cells: Mapping[str, str], began: Mapping[str, float | None], table: str
) -> BloodCount:
    patient = cells["patient"]
    if patient not in began:
        raise StudyError(f"{where}: patient {patient!r} is not in {table}")
    day, cycle_day = (_whole(where, name, cells[name]) for name in ("day", "cycle_day"))
    if day is None:
        raise StudyError(f"{where}, day: nothing, expected a whole number of days")
    start = began[patient]
    if cycle_day is None and start is not None:
        cycle_day = max(0, int(day - start) + 1)
    values = {name: number(where, name, cells[name]) for name in HIGHEST}
    for name, value in values.items():
        if value is not None and value > HIGHEST[name]:
            unit = "mg" if name == "dose_mg" else "10^9/L"
            raise StudyError(f"{where}, {name}: {value:g}, expected {unit}")
    return BloodCount(
        patient, day, values["anc"], values["platelets"], values["dose_mg"], cycle_day
    )


def _whole(where: str, column: str, text: str) -> int | None:
    value = number(where, "day", text)
    if value is not None and value != int(value):
        raise StudyError(f"{where}, {column}: {text!r}, expected a whole number of days")
    return None if value is None else int(value)
