"""The patients of a study: read, compared, and set against the protocol."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from labproc.cohort.dosing import Protocol, check_dosing
from labproc.cohort.infusion import Infusion
from labproc.cohort.patients import Cohort, Patient, read_cohort
from labproc.cohort.result import CohortTest
from labproc.cohort.roles import find_roles
from labproc.cohort.survival import followed, survival
from labproc.cohort.swimmer import Lane, swimmer
from labproc.cohort.tables import characteristics, response, table_rows, toxicity
from labproc.errors import StudyError
from labproc.formats.table import Table
from labproc.model import Flag, Measurement, Role, Severity
from labproc.model.flag import info, warning
from labproc.pipeline.cohort_copies import METRIC, copies_tests
from labproc.pipeline.cohort_doses import read_counts
from labproc.pipeline.cohort_view import CohortView
from labproc.pipeline.patients import infusion_of
from labproc.study import Study
from labproc.study.sheets import find_sheet


def compare_cohort(
    cohort: Cohort, *, test: str = "fisher", landmarks: Sequence[float] = ()
) -> Iterator[CohortTest]:
    """Yield Table 1, response, toxicity and survival of a patient table, compared.

    Raises
    ------
    StudyError
        If a landmark is before day 0.
    """
    if any(day < 0 for day in landmarks):
        raise StudyError(f"landmark: {min(landmarks):g}, expected a day of 0 or more")
    yield from characteristics(cohort, test=test)
    yield from response(cohort, test=test)
    yield from toxicity(cohort, test=test)
    yield from survival(cohort, landmarks=landmarks)


def cohort_from(name: str, table: Table, given: Mapping[str, Any]) -> Cohort:
    """Return a patient table with its columns recognised and its values checked.

    Raises
    ------
    StudyError
        If a column or a value cannot be what it is taken for.
    """
    roles = find_roles(table.header, given, where=name)
    return read_cohort(name, [Patient(row.line, row.cells) for row in table.rows], roles)


def protocol_of(study: Study) -> Protocol:
    """Return the protocol's limits, the usual ones where nothing else is said."""
    said = study.settings.dosing
    return Protocol() if said is None else Protocol(**said.model_dump(exclude_none=True))


def cohort_of(study: Study) -> tuple[Cohort | None, tuple[Flag, ...]]:
    """Return the patients of a study, or none and why.

    With ``[cohort]`` in ``study.toml`` whatever cannot be read is an error; without it a patient
    table may also be one that only says whose arm is which.

    Raises
    ------
    StudyError
        If a column or a value cannot be what it is taken for.
    """
    if study.patients is None:
        return None, ()
    name, table = study.patients
    said = study.settings.cohort
    given = {} if said is None else said.columns()
    try:
        cohort = cohort_from(
            name, _arms_as_named(study, name, table, given), given | _control(study, given)
        )
    except StudyError as error:
        if said is not None:
            raise
        return None, (warning("cohort_not_compared", str(error)),)
    return cohort, _other_arms(study, cohort)


def check_cohort(study: Study) -> None:
    """Refuse patients, doses and settings that cannot be read, before hours of work.

    Raises
    ------
    SettingsError
        If a setting, a column or a value cannot be what it is taken for.
    """
    cohort, _ = cohort_of(study)
    infusion_of(study)
    if cohort is None or study.doses is None:
        return
    read_counts(*study.doses, cohort)


def _control(study: Study, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the study's control as the cohort's, where its patients have it."""
    name = study.settings.study.control
    known = study.settings.arm_names()
    here = {known.get(arm.casefold()) for arm in study.assigner.patient_arms.values()}
    return {"control": name} if name in here and "control" not in given else {}


def _arms_as_named(study: Study, name: str, table: Table, given: Mapping[str, Any]) -> Table:
    """Return the table with arms under the names that study.toml gives them."""
    known = study.settings.arm_names()
    column = find_roles(table.header, given, where=name).arm
    rows = []
    for row in table.rows:
        word = row.cells.get(column, "").strip()
        cells = {**row.cells, column: known.get(word.casefold(), word)}
        rows.append(replace(row, cells=cells))
    return replace(table, rows=tuple(rows))


def _other_arms(study: Study, cohort: Cohort) -> tuple[Flag, ...]:
    arms = study.settings.arms
    strange = [arm for arm in cohort.arms if arm not in arms]
    if not arms or not strange:
        return ()
    words = f"{cohort.name}: {', '.join(map(repr, strange))} is no arm of study.toml"
    return (warning("arm_not_in_plan", f"{words} (has: {', '.join(map(repr, arms))})"),)


def view_cohort(
    study: Study, measured: Sequence[Measurement]
) -> tuple[CohortView | None, tuple[Flag, ...]]:
    """Compare the patients of a study; None where it has no patient table, or why not.

    Parameters
    ----------
    study : Study
    measured : sequence of Measurement
        Patients' days already counted from the infusion's day 0.
    """
    cohort, flags = cohort_of(study)
    if cohort is None:
        return None, flags
    said = study.settings.cohort
    infusion, protocol = infusion_of(study), protocol_of(study)
    tests = list(
        compare_cohort(
            cohort,
            test=said.test if said else "fisher",
            landmarks=said.landmark if said else (),
        )
    )
    copies = copies_of(cohort, measured)
    tests += copies_tests(cohort, copies, infusion) if copies else ()
    doses = [] if study.doses is None else check_dosing(read_counts(*study.doses, cohort), protocol)
    lanes, doubts = _lanes(study, cohort)
    view = CohortView(
        cohort=cohort,
        tests=tuple(tests),
        rows=tuple(table_rows(cohort)),
        followed=tuple(followed(cohort, endpoint) for endpoint in cohort.roles.survival),
        lanes=tuple(lanes),
        copies=tuple(copies),
        doses=tuple(doses),
        protocol=protocol,
        infusion=infusion,
        sha256=_sha256(study, "patients"),
        doses_sha256=_sha256(study, "dosing"),
    )
    return view, (*flags, *_split(infusion), *doubts)


def copies_of(cohort: Cohort, measured: Sequence[Measurement]) -> list[Measurement]:
    """Return the patients' copies that may be compared."""
    names = set(map(cohort.who, cohort.patients))
    return [
        m
        for m in measured
        if m.metric == METRIC
        and m.key.donor in names
        and m.key.role is Role.SAMPLE
        and m.severity is not Severity.FAIL  # rejected, or of a plate that failed
    ]


def _lanes(study: Study, cohort: Cohort) -> tuple[list[Lane], tuple[Flag, ...]]:
    """Return a lane a patient, and which events are of nobody in the table."""
    if not cohort.roles.survival:
        return [], ()
    names = set(map(cohort.who, cohort.patients))
    events = [e for e in study.patient_events if e.patient in names]
    strangers = sorted({e.patient for e in study.patient_events} - names)
    words = f"events: {', '.join(strangers)} not in {cohort.name}; left out of the lanes"
    doubts = (warning("event_of_unknown_patient", words),) if strangers else ()
    return swimmer(cohort, events=events), doubts


def _split(infusion: Infusion) -> tuple[Flag, ...]:
    if len(infusion.days) == 1 and not infusion.offset:
        return ()
    return (info("days_from_infusion", f"patients' days: {infusion.words}"),)


def _sha256(study: Study, sheet: str) -> str:
    found = find_sheet(study.folder, sheet)
    return hashlib.sha256(found[0].read_bytes()).hexdigest() if found else ""
