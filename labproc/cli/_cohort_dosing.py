"""Doses against a protocol for ``labproc cohort --dosing``: looking back, not advice."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labproc.cli._cohort_copies import number
from labproc.errors import StudyError

if TYPE_CHECKING:
    from labproc.cohort.dosing import BloodCount, DoseFinding, Protocol
    from labproc.cohort.patients import Cohort

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
NOTE = "Retrospective check of doses against the protocol's rules; not advice."


def read_counts(path: Path, cohort: "Cohort") -> "list[BloodCount]":
    """Read blood counts and doses: one row a patient and day.

    Days are the table's own; where the patient table says when treatment began, cycles are
    counted from there unless ``cycle_day`` says otherwise.

    Raises
    ------
    StudyError
        If a column is missing, a number is not one or in another unit, or nobody knows the patient.
    """
    from labproc.formats.table import read_table

    table = read_table(path)
    known = {h.casefold().replace(" ", "_"): h for h in table.header}
    found = {
        role: next((known[n] for n in names if n in known), "") for role, names in NAMES.items()
    }
    if lost := [role for role in NEEDED if not found[role]]:
        raise StudyError(
            f"{path.name}: columns {', '.join(table.header)}, expected {', '.join(NEEDED)} "
            f"(and cycle_day where known); missing: {', '.join(lost)}"
        )
    began = _began(cohort)
    rows = []
    for row in table.rows:
        cells = {role: row.cells.get(column, "").strip() for role, column in found.items()}
        rows.append(_count(f"{path.name}, line {row.line}", cells, began, cohort.name))
    return rows


def _began(cohort: "Cohort") -> dict[str, float | None]:
    """Return the day each patient's treatment began: never for those the table has none of."""
    names = [cohort.who(patient) for patient in cohort.patients]
    if not cohort.roles.start_day:
        return dict.fromkeys(names, None)
    days = cohort.numbers(cohort.roles.start_day)
    return {who: float(d) if np.isfinite(d) else NEVER for who, d in zip(names, days, strict=True)}


def _count(
    where: str, cells: Mapping[str, str], began: Mapping[str, float | None], table: str
) -> "BloodCount":
    from labproc.cohort.dosing import BloodCount

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


def dosing_row(one: "DoseFinding") -> dict[str, Any]:
    """Return a finding as a JSON object of the kind the other lines are."""
    return {
        "table": "dosing",
        "variable": one.patient,
        "test": "protocol",
        "statistic": None,
        "p_value": None,
        "n": [1],
        "day": one.day,
        "foreseen_mg": one.foreseen_mg,
        "given_mg": one.given_mg,
        "agrees": one.agrees,
        "reason": one.reason,
        "note": NOTE,
    }


def dosing_text(found: "Sequence[DoseFinding]", protocol: "Protocol") -> Iterator[str]:
    """Yield the check for people: the rules, the days that differ or are unknown, how many."""
    yield ""
    yield NOTE
    yield (
        f"  rules: none below ANC {protocol.hold_anc:g} or platelets {protocol.hold_platelets:g}; "
        f"{protocol.reduced_mg:g} mg below ANC {protocol.reduce_anc:g} or platelets "
        f"{protocol.reduce_platelets:g} (10^9/L); else {protocol.full_mg:g} mg; days 1-"
        f"{protocol.days_on} of {protocol.cycle_days}"
    )
    for one in found:
        if not one.agrees:
            verdict = "differs" if one.agrees is False else "cannot be judged"
            yield (
                f"  {one.patient}, day {one.day}: given {_mg(one.given_mg)}, foreseen "
                f"{_mg(one.foreseen_mg)} ({one.reason}): {verdict}"
            )
    agree, differ = (sum(one.agrees is x for one in found) for x in (True, False))
    unknown = len(found) - agree - differ
    yield f"  {agree} of {len(found)} days agree, {differ} differ, {unknown} cannot be judged"


def _mg(dose: float | None) -> str:
    return "not known" if dose is None else f"{dose:g} mg"
