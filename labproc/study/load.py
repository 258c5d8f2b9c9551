"""Read a study folder: settings, sheets and patterns, each mistake named where it stands."""

import contextlib
import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from labproc.errors import StudyError
from labproc.study.assign import Assigner, Rows
from labproc.study.blood import blood_of, extracts_of
from labproc.study.patterns import Pattern, compile_pattern, read_date
from labproc.study.plates import plate_rows, well_name
from labproc.study.release import outside_values, release_table
from labproc.study.settings import Settings
from labproc.study.sheets import (
    SAMPLE_COLUMNS,
    SheetRow,
    culture_log,
    find_sheet,
    patient_events,
    rows_of,
    table_of,
)
from labproc.study.study import Study
from labproc.study.toml_read import find_settings, read_settings

SHEETS = ("samples", "culture", "patients", "events", "plates", "dosing")
AROUND = frozenset({"store", "signatures", "notify", "release"})  # what no result knows
RELEASE_SHEETS = ("release", "measured")  # what results are held against, not what they are


def load_study(folder: Path) -> Study:
    """Read and check a study folder.

    Raises
    ------
    StudyError
        If there is no ``study.toml``, or it or a sheet cannot be used as it stands; the message
        names the file, the key or line, and the nearest right word.
    """
    folder = folder.resolve()
    settings = read_settings(find_settings(folder))
    samples = rows_of(folder, "samples", SAMPLE_COLUMNS)
    _refuse_twice(samples)
    rows = Rows.of(samples, plate_rows(folder))
    patients = rows_of(folder, "patients")
    outside = outside_values(folder, settings.arm_names())
    return Study(
        folder=folder,
        settings=settings,
        assigner=_assigner(settings, rows, patients),
        culture_log=culture_log(folder, settings.arm_names()),
        patient_events=patient_events(folder),
        dna_ng=_dna_ng(samples),
        sheets_sha256=_sheets_sha256(folder),
        blood=blood_of(samples),
        patients=table_of(folder, "patients"),
        doses=table_of(folder, "dosing"),
        extracts=extracts_of(samples),
        release=release_table(folder, settings, outside),
        outside=outside,
        weights_kg=_weights_kg(patients),
        release_sha256=_release_sha256(folder),
    )


def _refuse_twice(rows: list[SheetRow]) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for row in rows:
        name = _named(row)
        if not any(name):
            raise StudyError(f"{row.where}: names no file, sample or plate and well")
        if name in seen:
            what = " ".join(filter(None, map(row.get, ("file", "sample", "plate", "well"))))
            raise StudyError(f"{row.where}: {what!r} stands in {seen[name]} too, expected once")
        seen[name] = row.where


def _named(row: SheetRow) -> tuple[str, ...]:
    """Return what a row is about: a file, else a sample of DNA, else a well."""
    if file := row.get("file").replace("\\", "/").casefold():
        return (file, "")
    if sample := row.get("sample"):
        return ("", sample)
    return ("", "", row.get("plate").casefold(), well_name(row.get("well")))


def _assigner(settings: Settings, rows: Rows, patients: list[SheetRow]) -> Assigner:
    qpcr = settings.qpcr
    arms = {_who(r): r.get("arm") for r in patients}
    return Assigner(
        settings=settings,
        file_patterns=_patterns(settings, settings.files.pattern, "[files]"),
        well_patterns=_patterns(settings, settings.files.well_pattern, "[files]"),
        sample_patterns=_patterns(settings, qpcr.sample_pattern if qpcr else (), "[qpcr]"),
        rows=rows,
        patient_arms=arms,
        days_zero=_days_zero(settings.study.day_zero),
    )


def _who(row: SheetRow) -> str:
    """Return who a line of the patient table is about."""
    names = ("patient", "donor", "patient_id", "id")
    return next((row.get(n) for n in names if row.get(n)), "")


def _weights_kg(patients: list[SheetRow]) -> dict[str, float]:
    """Return each patient's weight, where the table has a column ``weight_kg``."""
    found: dict[str, float] = {}
    for row in patients:
        # a cell that is no number leaves the dose per kg unsaid, not the whole study
        with contextlib.suppress(StudyError):
            if kg := row.number("weight_kg", low=0.0):
                found[_who(row)] = kg
    return found


def _patterns(settings: Settings, texts: tuple[str, ...], where: str) -> tuple[Pattern, ...]:
    words: dict[str, Collection[str]] = {"arm": settings.arm_names(), "panel": settings.panels}
    return tuple(compile_pattern(t, where=f"study.toml {where}", words=words) for t in texts)


def _days_zero(said: str | Mapping[str, str]) -> dict[str, date]:
    """Return donor -> first day; the empty donor stands for all others."""
    texts = {"": said} if isinstance(said, str) else said
    zeros = {donor: read_date(text) for donor, text in texts.items() if text}
    for donor, when in zeros.items():
        if when is None:
            found = repr(texts[donor])
            raise StudyError(f"study.toml: day_zero is {found}, expected a date like 2026-03-02")
    return {donor: when for donor, when in zeros.items() if when is not None}


def _dna_ng(samples: list[SheetRow]) -> dict[str, float]:
    """Return the DNA input that the sheet states, by the sample's name on its plate."""
    found: dict[str, float] = {}
    for row in samples:
        # a cell that is no number leaves the sample unassigned, see Assigner
        with contextlib.suppress(StudyError):
            if row.get("sample") and (ng := row.number("dna_ng", low=0.0)):
                found[row.get("sample")] = ng
    return found


def _sheets_sha256(folder: Path) -> str:
    """Return one hash over study.toml and every sheet: what decides whose sample is whose.

    Where results are kept, who is told and who signs change no result: a signed plate stays
    signed when a webhook is added.
    """
    said = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8-sig"))
    kept = {name: part for name, part in said.items() if name not in AROUND}
    text = json.dumps(kept, default=str, sort_keys=True, ensure_ascii=False)
    whole = hashlib.sha256(text.encode())
    for name in SHEETS:
        if found := find_sheet(folder, name):
            whole.update(name.encode() + found[0].read_bytes())
    return whole.hexdigest()


def _release_sha256(folder: Path) -> str:
    """Return one hash over what a study's samples are held against."""
    whole = hashlib.sha256((folder / "study.toml").read_bytes())
    for name in RELEASE_SHEETS:
        if found := find_sheet(folder, name):
            whole.update(name.encode() + found[0].read_bytes())
    return whole.hexdigest()
