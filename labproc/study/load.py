"""Read a study folder: settings, sheets and patterns, each mistake named where it stands."""

import contextlib
import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from labproc.errors import StudyError
from labproc.formats.table import Table
from labproc.model import CultureEvent, OutsideValue, PatientEvent, Plan, Specification
from labproc.registry import nearest
from labproc.study.assign import Assigner, Assignment, Found, Rows
from labproc.study.blood import Blood, Extracted, blood_of, extracts_of
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
from labproc.study.where import key_lines, line_of

SHEETS = ("samples", "culture", "patients", "events", "plates", "dosing")
AROUND = frozenset({"store", "signatures", "notify", "release"})  # what no result knows
RELEASE_SHEETS = ("release", "measured")  # what results are held against, not what they are


@dataclass(frozen=True)
class Study:
    """A study folder that was read and checked.

    ``patients`` and ``doses`` are the user's own tables with their titles, None without them.
    """

    folder: Path
    settings: Settings
    assigner: Assigner
    culture_log: tuple[CultureEvent, ...]
    patient_events: tuple[PatientEvent, ...]
    dna_ng: Mapping[str, float]
    sheets_sha256: str
    blood: Mapping[str, Blood] = field(default_factory=dict)
    patients: tuple[str, Table] | None = None
    doses: tuple[str, Table] | None = None
    extracts: Mapping[str, Extracted] = field(default_factory=dict)
    release: tuple[Specification, ...] = ()
    outside: tuple[OutsideValue, ...] = ()
    weights_kg: Mapping[str, float] = field(default_factory=dict)
    release_sha256: str = ""

    @property
    def raw(self) -> Path:
        """Where the instruments write; labproc only reads here."""
        return self.folder / "raw"

    @property
    def results(self) -> Path:
        """Where everything that labproc writes lies."""
        return self.folder / "results"

    @cached_property
    def store_url(self) -> str | Path:
        """The results database: the server of ``[store]``, or the file under results."""
        return self.settings.store.url or self.results / "labproc.sqlite"

    def assign(self, found: Found) -> Assignment:
        """Say whose cells a file holds."""
        return self.assigner.assign(found)

    def assign_qpcr_sample(self, name: str) -> Assignment:
        """Say whose DNA a qPCR sample is."""
        return self.assigner.assign_sample(name)

    def plate_samples(self, plate: str) -> Mapping[str, str]:
        """Return well -> sample name as the plate's grid says, for exports without names."""
        return {
            well: row.get("sample")
            for (name, well), row in self.assigner.rows.by_well.items()
            if name in (plate.strip().casefold(), "") and row.get("sample")
        }

    def strategy_path(self, strategy: str) -> str | Path:
        """Return a strategy's own file in the study folder, else its name as shipped."""
        for path in (self.folder / strategy, self.folder / f"{strategy}.toml"):
            if path.is_file():
                return path
        return strategy

    def plan(self) -> Plan | None:
        """Return what the study set out to test, None where it does not say."""
        plan = self.settings.plan
        if plan is None:
            return None
        control = self.settings.study.control
        doses = [(name, arm.lenalidomide_um) for name, arm in self.settings.arms.items()]
        return Plan(
            unit=plan.unit,
            primary=plan.primary,
            control=control,
            treated=plan.treated or tuple(n for n in self.settings.arms if n != control),
            window_days=plan.window_days,
            test=plan.test,
            secondary=plan.secondary,
            correction=plan.correction,
            level=plan.level,
            dose_um=tuple(doses),
        )


def load_study(folder: Path) -> Study:
    """Read and check a study folder.

    Raises
    ------
    StudyError
        If there is no ``study.toml``, or it or a sheet cannot be used as it stands; the message
        names the file, the key or line, and the nearest right word.
    """
    folder = folder.resolve()
    settings = read_settings(_find(folder))
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


def _find(folder: Path) -> Path:
    path = folder / "study.toml"
    if path.is_file():
        return path
    if not folder.is_dir():
        raise StudyError(f"{folder}: no such folder, expected a study that holds study.toml")
    near = sorted(p.name for p in folder.glob("*.toml"))
    hint = f"; found {', '.join(map(repr, near))}" if near else ""
    raise StudyError(
        f"{folder}: no study.toml{hint}; `labproc new {folder.name}` makes a study with one"
    )


def read_settings(path: Path) -> Settings:
    """Read ``study.toml``; every wrong key is named with its line and the nearest right one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return Settings.model_validate(tomllib.loads(text))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StudyError(f"{path.name}: {reason}, expected a readable file") from error
    except UnicodeDecodeError as error:
        raise StudyError(
            f"{path.name}: byte {error.start} is not UTF-8, expected UTF-8; save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path.name}: {error}, expected TOML") from error
    except ValidationError as error:
        lines = [_say(path.name, key_lines(text), one) for one in error.errors()]
        raise StudyError("\n".join(lines)) from None


def _say(name: str, lines: Mapping[tuple[str, ...], int], error: Any) -> str:
    """Return one line for one wrong key."""
    place = [str(part) for part in error["loc"]]
    key = ".".join(place)
    line = line_of(lines, place)
    where = f"{name}, line {line}" if line else name
    if error["type"] == "extra_forbidden":
        return f"{where}: no setting is called {key!r}; {nearest(place[-1], _known_keys(place))}"
    if error["type"] == "missing":
        return f"{where}: {key} is missing, expected it to be set"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{where}: {message}"
    return f"{where}: {key} is {error['input']!r}, {message[:1].lower()}{message[1:]}"


def _known_keys(place: list[str]) -> list[str]:
    """Return the keys that are known where a wrong one stands."""
    model: Any = Settings
    for part in place[:-1]:
        fields = getattr(model, "model_fields", {})
        model = _model_within(fields[part].annotation) if part in fields else model
    return list(getattr(model, "model_fields", {}))


def _model_within(annotation: Any) -> Any:
    """Return the settings class inside ``dict[str, X]`` or ``X | None``."""
    if hasattr(annotation, "model_fields"):
        return annotation
    inner = [a for a in getattr(annotation, "__args__", ()) if hasattr(a, "model_fields")]
    return inner[0] if inner else annotation


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
