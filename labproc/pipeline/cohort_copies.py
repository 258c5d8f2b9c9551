"""Copies of a cohort's patients: from a table or a study, compared and followed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from labproc.cohort.infusion import Infusion
from labproc.errors import NotEnoughData, StudyError
from labproc.model import Measurement, SampleKey

if TYPE_CHECKING:
    from labproc.cohort.patients import Cohort
    from labproc.cohort.result import CohortTest
    from labproc.model import Trend

METRIC = "copies_per_ug"
SUMMARIES = {
    "cmax": "peak copies",
    "auc_0_28": "area under copies, days 0 to 28",
    "half_life": "half-life of copies",
}
COLUMNS = "patient, day and copies_per_ug (and blq, lloq, ci_low, ci_high where known)"


def read_copies_table(
    path: Path, cohort: "Cohort", infusion: Infusion | None = None
) -> list[Measurement]:
    """Read copies of patients: one row a sample; also a study's ``measurements.csv``.

    Days are counted from the infusion's day 0.

    Raises
    ------
    StudyError
        If a column is missing, a number is not one, or a patient is not in the cohort.
    """
    from labproc.formats.table import read_table

    arms = dict(zip(map(cohort.who, cohort.patients), cohort.members(), strict=True))
    table = read_table(path)
    names = {h.casefold(): h for h in table.header}
    who = names.get("patient") or names.get("donor")
    value = names.get(METRIC) or names.get("value")
    if not who or not value or "day" not in names:
        raise StudyError(f"{path.name}: columns {', '.join(table.header)}, expected {COLUMNS}")
    zero = 0 if infusion is None else infusion.offset
    found = []
    for row in table.rows:
        cells = {k.casefold(): v.strip() for k, v in row.cells.items()}
        if cells.get("metric", METRIC) != METRIC:
            continue
        patient = cells[who.casefold()]
        where = f"{path.name}, line {row.line}"
        if patient in arms:
            sample = _sample(where, patient, arms[patient], cells, value.casefold())
            key = replace(sample.key, day=(sample.key.day or 0) - zero)
            found.append(replace(sample, key=key))
        elif "metric" not in names:
            raise StudyError(f"{where}: patient {patient!r} is not in {cohort.name}")
    return found


def _sample(
    where: str, patient: str, arm: str, cells: Mapping[str, str], value: str
) -> Measurement:
    day = number(where, "day", cells["day"])
    if day is None or day != int(day):
        raise StudyError(f"{where}, day: {cells['day']!r}, expected a whole number of days")
    copies = number(where, value, cells[value])
    limit = number(where, "lloq", cells.get("lloq", ""))
    high = number(where, "ci_high", cells.get("ci_high", ""))
    below = cells.get("blq", "") in ("1", "yes") or copies is None or copies == 0
    below = below or cells.get("status", "") in ("not_detected", "below_lloq")
    return Measurement(
        SampleKey(patient, "", arm, int(day)),
        METRIC,
        None if below else copies,
        number(where, "ci_low", cells.get("ci_low", "")),
        limit if below and limit is not None else high,
        status="not_detected" if below else "quantified",
        parameters={} if limit is None else {"lloq": limit},
    )


def number(where: str, column: str, text: str) -> float | None:
    """Read a number that is not negative (a day may be), None where it is missing.

    Raises
    ------
    StudyError
        If it is no number, or negative.
    """
    if text.casefold() in ("", "na", "n/a", "nan"):
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise StudyError(f"{where}, {column}: {text!r}, expected a number") from error
    if not isfinite(value):
        raise StudyError(f"{where}, {column}: {text!r}, expected a number")
    if column != "day" and value < 0:
        raise StudyError(f"{where}, {column}: {value:g}, expected 0 or more")
    return value


def copies_tests(
    cohort: "Cohort", copies: Sequence[Measurement], infusion: Infusion | None = None
) -> "Iterator[CohortTest]":
    """Yield the arms' copies at each visit, their persistence, and each patient's course."""
    from labproc.cohort.copies import at_visits, compare_logs, compare_visits
    from labproc.trends.persistence import persistence

    trends = persistence(copies)
    if len(cohort.arms) == 2:
        arms = (cohort.arms[0], cohort.arms[1])
        patients = dict(zip(map(cohort.who, cohort.patients), cohort.members(), strict=True))
        yield from compare_visits(at_visits(copies), arms, patients=patients)
        for kind, words in SUMMARIES.items():
            found = {t.donor: t.estimate for t in trends if t.kind == kind and t.estimate}
            values = {who: v for who, v in found.items() if v is not None and v > 0}
            yield compare_logs(words, values, arms, patients)
    yield from _courses(cohort, trends, infusion or Infusion())
    yield from _rises(cohort, copies)


def _courses(
    cohort: "Cohort", trends: "Sequence[Trend]", infusion: Infusion
) -> "Iterator[CohortTest]":
    """Yield each patient's course in numbers: what the sampling supports, and what it does not."""
    from labproc.cohort.result import CohortTest

    doses = cohort.text(cohort.roles.dose_per_kg) if cohort.roles.dose_per_kg else []
    for i, patient in enumerate(map(cohort.who, cohort.patients)):
        mine = [t for t in trends if t.donor == patient]
        if not mine:
            continue
        course = {"infusion": infusion.words} if len(infusion.days) > 1 else {}
        if doses:
            course[cohort.roles.dose_per_kg] = doses[i] or "not known"
        yield CohortTest(
            "timeline",
            f"{patient}: course of copies",
            "persistence",
            (mine[0].arm,),
            (1,),
            None,
            details={
                "course": course | {t.kind: _course_words(t) for t in mine},
                "estimates": {t.kind: t.estimate for t in mine},
            },
        )


def _course_words(trend: "Trend") -> str:
    if trend.estimate is not None:
        ends = (trend.ci_low, trend.ci_high)
        known = f" ({' to '.join(map(_short, ends))})" if None not in ends else ""
        return f"{_short(trend.estimate)}{known} {trend.unit}"
    reasons = [f.message for f in trend.flags if f.code == "not_supported_by_sampling"]
    return f"none; {'; '.join(r.partition(': ')[2] for r in reasons) or 'not known'}"


def _short(value: float | None) -> str:
    """Write three digits of a number, without an exponent."""
    return "?" if value is None else f"{float(f'{value:.3g}'):,.10g}"


def _rises(cohort: "Cohort", copies: Sequence[Measurement]) -> "Iterator[CohortTest]":
    from labproc.cohort.result import CohortTest
    from labproc.cohort.timeline import rise_from_nadir

    for patient in map(cohort.who, cohort.patients):
        mine = [m for m in copies if m.key.donor == patient]
        try:
            rise = rise_from_nadir(mine)
        except NotEnoughData:
            continue
        yield CohortTest(
            "timeline",
            f"{patient}: rise of copies after the peak",
            "fold_of_nadir",
            (mine[0].key.arm,),
            (1,),
            None,
            effect="fold of the nadir",
            estimate=rise.fold,
            ci=rise.ci,
            details={"nadir_day": rise.nadir_day, "day": rise.day},
            flags=rise.flags,
        )
