"""Read a study folder: settings, sheets and patterns, each mistake named where it stands."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from labproc.errors import StudyError
from labproc.model import CultureEvent, PatientEvent, Plan
from labproc.registry import nearest
from labproc.study.assign import Assigner, Assignment, Found
from labproc.study.patterns import compile_pattern, read_date
from labproc.study.settings import Settings
from labproc.study.sheets import (
    SAMPLE_COLUMNS,
    SheetRow,
    culture_log,
    find_sheet,
    patient_events,
    rows_of,
)

SHEETS = ("samples", "culture", "patients", "events", "plates")


@dataclass(frozen=True)
class Study:
    """A study folder that was read and checked."""

    folder: Path
    settings: Settings
    assigner: Assigner
    culture_log: tuple[CultureEvent, ...]
    patient_events: tuple[PatientEvent, ...]
    dna_ng: Mapping[str, float]
    sheets_sha256: str

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
            treated=tuple(name for name in self.settings.arms if name != control),
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
    log = culture_log(folder)
    patients = rows_of(folder, "patients")
    return Study(
        folder=folder,
        settings=settings,
        assigner=_assigner(settings, samples, patients),
        culture_log=_known_arms(log, settings),
        patient_events=patient_events(folder),
        dna_ng=_dna_ng(samples),
        sheets_sha256=_sheets_sha256(folder),
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
    except UnicodeDecodeError as error:
        raise StudyError(
            f"{path.name}: byte {error.start} is not UTF-8, expected UTF-8; save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path.name}: {error}, expected TOML") from error
    except ValidationError as error:
        lines = [_say(path.name, text, one) for one in error.errors()]
        raise StudyError("\n".join(lines)) from None


def _say(name: str, text: str, error: Any) -> str:
    """Return one line for one wrong key."""
    place = [str(part) for part in error["loc"]]
    key = ".".join(place)
    where = f"{name}{_line(text, place)}"
    if error["type"] == "extra_forbidden":
        return f"{where}: no setting is called {key!r}; {nearest(place[-1], _known_keys(place))}"
    if error["type"] == "missing":
        return f"{where}: {key} is missing, expected it to be set"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{where}: {message}"
    return f"{where}: {key} is {error['input']!r}, {message[:1].lower()}{message[1:]}"


def _line(text: str, place: list[str]) -> str:
    """Return ``, line 7`` for the first line that sets the key, where one can be found."""
    last = next((p for p in reversed(place) if not p.isdigit()), "")
    for number, line in enumerate(text.splitlines(), start=1):
        head = line.split("#")[0]
        if (
            head.lstrip().startswith((last, f'"{last}"'))
            or f".{last}]" in head
            or f"[{last}" in head
        ):
            return f", line {number}"
    return ""


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
        name = tuple(row.get(c).replace("\\", "/") for c in ("file", "sample", "plate", "well"))
        if not any(name):
            raise StudyError(f"{row.where}: names no file, sample or plate and well")
        if name in seen:
            what = " ".join(part for part in name if part)
            raise StudyError(f"{row.where}: {what!r} stands in {seen[name]} too, expected once")
        seen[name] = row.where


def _assigner(settings: Settings, samples: list[SheetRow], patients: list[SheetRow]) -> Assigner:
    qpcr = settings.qpcr
    zero = settings.study.day_zero
    when = read_date(zero) if zero else None
    if zero and when is None:
        raise StudyError(f"study.toml: day_zero is {zero!r}, expected a date like 2026-03-02")
    names = ("patient", "donor", "patient_id", "id")
    arms = {next((r.get(n) for n in names if r.get(n)), ""): r.get("arm") for r in patients}
    return Assigner(
        settings,
        tuple(compile_pattern(p, where="study.toml [files]") for p in settings.files.pattern),
        tuple(
            compile_pattern(p, where="study.toml [qpcr]")
            for p in (qpcr.sample_pattern if qpcr else ())
        ),
        tuple(samples),
        arms,
        when,
    )


def _known_arms(log: tuple[CultureEvent, ...], settings: Settings) -> tuple[CultureEvent, ...]:
    for event in log:
        if event.arm not in settings.arms and settings.arms:
            hint = nearest(event.arm, list(settings.arms))
            raise StudyError(f"culture.csv: day {event.day} has arm {event.arm!r}; {hint}")
    return log


def _dna_ng(samples: list[SheetRow]) -> dict[str, float]:
    """Return the DNA input that the sheet states, by the sample's name on its plate."""
    found = {r.get("sample"): r.number("dna_ng", low=0.0) for r in samples if r.get("sample")}
    return {name: ng for name, ng in found.items() if ng}


def _sheets_sha256(folder: Path) -> str:
    """Return one hash over study.toml and every sheet: what decides whose sample is whose."""
    whole = hashlib.sha256((folder / "study.toml").read_bytes())
    for name in SHEETS:
        if found := find_sheet(folder, name):
            whole.update(name.encode() + found[0].read_bytes())
    return whole.hexdigest()
