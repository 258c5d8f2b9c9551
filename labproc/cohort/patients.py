"""A patient table with its values read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.cohort.roles import Endpoint, Roles
from labproc.errors import StudyError

MISSING = frozenset(
    {"", "na", "n/a", "n.a.", "nan", "null", ".", "-", "?", "unknown", "missing", "nd"}
)
"""What people write where they have no value, in lower case."""
YES, NO = frozenset({"1", "1.0", "yes", "y", "true"}), frozenset({"0", "0.0", "no", "n", "false"})


@dataclass(frozen=True, slots=True)
class Patient:
    """One row: its line in the table, counted from 1, and its cells."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Patients of a table by arm; ``arms`` begins with the control."""

    name: str
    patients: tuple[Patient, ...]
    roles: Roles
    arms: tuple[str, ...]

    def text(self, column: str) -> list[str | None]:
        """Return a column as written, None where it is missing."""
        return [_text(p, column) for p in self.patients]

    def is_numeric(self, column: str) -> bool:
        """Whether every value of a column is a number and there are more than two of them."""
        values = {v for v in self.text(column) if v is not None}
        return len(values) > 2 and all(_number(v) is not None for v in values)

    def numbers(self, column: str, *, least: float | None = None) -> NDArray[np.float64]:
        """Return a column as numbers, NaN where it is missing.

        Raises
        ------
        StudyError
            If a value is not a number, or less than ``least``.
        """
        return np.array([self._number(p, column, least) for p in self.patients])

    def events(self, column: str) -> NDArray[np.float64]:
        """Return a column of 0 and 1 (or no and yes), NaN where it is missing.

        Raises
        ------
        StudyError
            If a value is anything else.
        """
        return np.array([self._event(p, column) for p in self.patients])

    def members(self) -> list[str]:
        """Return every patient's arm."""
        return [str(_text(p, self.roles.arm)) for p in self.patients]

    def survival(
        self, endpoint: Endpoint
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return times, events and which patients have both."""
        time = self.numbers(endpoint.time, least=0.0)
        event = self.events(endpoint.event)
        return time, event, np.isfinite(time) & np.isfinite(event)

    def who(self, patient: Patient) -> str:
        """Return a patient's name, or the line of the table where none is given."""
        named = _text(patient, self.roles.patient) if self.roles.patient else None
        return named or f"line {patient.line}"

    def _where(self, patient: Patient, column: str) -> str:
        return f"{self.name}, line {patient.line}, {column}"

    def _number(self, patient: Patient, column: str, least: float | None) -> float:
        text = _text(patient, column)
        if text is None:
            return float("nan")
        value = _number(text)
        if value is None:
            raise StudyError(f"{self._where(patient, column)}: {text!r}, expected a number")
        if least is not None and value < least:
            where = self._where(patient, column)
            raise StudyError(f"{where}: {value:g}, expected {least:g} or more")
        return value

    def _event(self, patient: Patient, column: str) -> float:
        text = _text(patient, column)
        if text is None:
            return float("nan")
        if text.casefold() in YES:
            return 1.0
        if text.casefold() in NO:
            return 0.0
        where = self._where(patient, column)
        raise StudyError(f"{where}: {text!r}, expected 1 (event) or 0 (censored)")


def read_cohort(name: str, patients: Sequence[Patient], roles: Roles) -> Cohort:
    """Check a patient table and return it.

    Parameters
    ----------
    name : str
        The table's name, for messages.

    Raises
    ------
    StudyError
        If there is no patient, a patient has no arm or stands there twice, there are not at
        least two arms, the control is not one of them, or a time or event cannot be one.
    """
    if not patients:
        raise StudyError(f"{name}: no patients, expected a row for each")
    for patient in patients:
        if _text(patient, roles.arm) is None:
            raise StudyError(f"{name}, line {patient.line}: no {roles.arm}, expected an arm")
    cohort = Cohort(name, tuple(patients), roles, _arms(name, patients, roles))
    _check_names(cohort)
    for endpoint in roles.survival:
        cohort.survival(endpoint)
    return cohort


def _arms(name: str, patients: Sequence[Patient], roles: Roles) -> tuple[str, ...]:
    found = list(dict.fromkeys(str(_text(p, roles.arm)) for p in patients))
    if len(found) < 2:
        raise StudyError(f"{name}, {roles.arm}: only {found[0]!r}, expected at least two arms")
    if len(found) > max(6, len(patients) // 2):
        raise StudyError(f"{name}, {roles.arm}: {len(found)} different values, expected arms")
    if roles.control and roles.control not in found:
        raise StudyError(f"{name}, {roles.arm}: no arm {roles.control!r} (has: {', '.join(found)})")
    control = roles.control or _likely_control(found)
    return (control, *(a for a in found if a != control))


def _likely_control(arms: Sequence[str]) -> str:
    usual = ("c", "control", "ctrl", "car-t", "car-t alone", "placebo")
    return next((a for a in arms if a.casefold() in usual), arms[0])


def _check_names(cohort: Cohort) -> None:
    seen: dict[str, int] = {}
    for patient in cohort.patients:
        who = cohort.who(patient)
        if who in seen:
            raise StudyError(
                f"{cohort.name}, line {patient.line}: patient {who!r} is also on line {seen[who]}"
            )
        seen[who] = patient.line


def _text(patient: Patient, column: str) -> str | None:
    text = patient.cells.get(column, "").strip()
    return None if text.casefold() in MISSING else text


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
