"""``study.toml`` as typed settings: every key named here, every other key refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from labproc.study._part import Part as _Part
from labproc.study.patient_settings import CohortSettings, DosingSettings, InfusionSettings

Fraction = tuple[float, float]
_WELL = re.compile(r"(?:[^:]+:)?[A-P][1-9]\d?")


def _ordered(value: Fraction | None, where: str) -> Fraction | None:
    if value is not None and not value[0] <= value[1]:
        raise ValueError(f"{where} is {list(value)}, expected the lower number first")
    return value


class StudySettings(_Part):
    """``[study]``: what the study is called and which arm is the control."""

    title: str = ""
    control: str = ""
    day_zero: str | dict[str, str] = ""  # one date for all, or one for each donor

    @field_validator("day_zero", mode="before")
    @classmethod
    def dates_as_text(cls, value: object) -> object:
        """Take a date that TOML knows as one (written without quotes) as its text."""
        if isinstance(value, dict):
            return {str(k): v.isoformat() if isinstance(v, date) else v for k, v in value.items()}
        return value.isoformat() if isinstance(value, date) else value


class ArmSettings(_Part):
    """``[arms.NAME]``: one arm, its label on figures, its drug and its other names."""

    label: str = ""
    vehicle: str = ""
    lenalidomide_um: float = Field(default=0.0, ge=0)
    from_day: int = 0
    aliases: tuple[str, ...] = ()


class FileSettings(_Part):
    """``[files]``: how file names under ``raw/`` say what the files are."""

    pattern: tuple[str, ...] = ()
    well_pattern: tuple[str, ...] = ()  # what the cells of plates.xlsx say

    @field_validator("pattern", "well_pattern", mode="before")
    @classmethod
    def one_or_many(cls, value: object) -> object:
        """Take one pattern as a list of one."""
        return [value] if isinstance(value, str) else value


GroupPart = Literal["donor", "experiment", "arm", "day", "replicate", "plate"]


class PanelSettings(_Part):
    """``[panels.NAME]``: the strategy that gates this panel and where its markers are.

    ``shared`` names gates that are one for all tubes alike in these parts (an empty list: for the
    whole panel); ``own`` the tubes that are gated by themselves, each with the reason.
    """

    strategy: str
    markers: dict[str, str] = Field(default_factory=dict)
    compensation: str = "file"
    shared: dict[str, tuple[GroupPart, ...]] = Field(default_factory=dict)
    own: dict[str, dict[str, str]] = Field(default_factory=dict)  # file -> population -> reason

    @field_validator("shared", mode="before")
    @classmethod
    def one_part_or_many(cls, value: object) -> object:
        """Take one part as a list of one, and ``panel`` as a list of none."""
        if not isinstance(value, dict):
            return value
        short = {k: [] if v == "panel" else [v] for k, v in value.items() if isinstance(v, str)}
        return {**value, **short}

    @field_validator("own")
    @classmethod
    def exceptions_with_reasons(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """Check that every exception says why."""
        for file, populations in value.items():
            for name, reason in populations.items():
                if not reason.strip():
                    raise ValueError(f"own {file!r}, {name!r}: no reason, expected one")
        return value


class CountSettings(_Part):
    """``[counts]``: how events become cells per µL."""

    panel: str = "count"
    method: Literal["volume", "beads", "manual"] = "volume"
    sample_ul: float | None = Field(default=None, gt=0)
    final_ul: float | None = Field(default=None, gt=0)
    pipetting_cv: float | None = Field(default=None, ge=0, lt=1)
    bead_count: float | None = Field(default=None, gt=0)
    washed: bool | None = None


class ReferenceSettings(_Part):
    """``[qpcr] reference``: the single-copy gene beside the transgene."""

    target: str
    copies_per_diploid_genome: float = Field(default=2.0, gt=0)


class AcceptSettings(_Part):
    """``[qpcr.accept]``: limits that differ from the usual ones."""

    efficiency: Fraction | None = None
    r_squared: float | None = Field(default=None, gt=0, le=1)
    level_error: float | None = Field(default=None, gt=0)
    lack_of_fit_p: float | None = Field(default=None, gt=0, lt=1)
    replicate_sd: float | None = Field(default=None, gt=0)
    min_levels: int | None = Field(default=None, ge=2)
    ipc_delay_cycles: float | None = Field(default=None, gt=0)
    dna_input_tolerance: float | None = Field(default=None, gt=0)
    lloq_cv: float | None = Field(default=None, gt=0, lt=1)

    @field_validator("efficiency")
    @classmethod
    def low_first(cls, value: Fraction | None) -> Fraction | None:
        """Check that the limits stand in order."""
        return _ordered(value, "[qpcr.accept] efficiency")


class QpcrSettings(_Part):
    """``[qpcr]``: targets, DNA input, and the unit that the standards are counted in."""

    transgene: str = "CAR"
    reference: ReferenceSettings | None = None
    sample_pattern: tuple[str, ...] = ()
    dna_ng_per_well: float | None = Field(default=None, gt=0)
    standard_unit: Literal["copies_per_well", "copies_per_ul", "ng"] | None = None
    template_ul_per_well: float | None = Field(default=None, gt=0)
    copies_per_ng: float | None = Field(default=None, gt=0)
    reference_standard_unit: Literal["copies_per_well", "copies_per_ul", "ng"] | None = None
    ipc_target: str | None = None
    curve: Literal["own", "pooled"] = "own"  # one for each plate, or a slope that all share
    calibrator: str | None = None  # a sample that plates without standards share
    dilution_series: tuple[str, ...] = ()  # files whose standards give LOD and LOQ; else all
    residual_plasmid_before_day: int | None = None
    lloq_copies_per_ug: float | None = Field(default=None, gt=0)
    accept: AcceptSettings = AcceptSettings()
    omit: dict[str, dict[str, str]] = Field(default_factory=dict)  # file -> well -> reason

    @model_validator(mode="after")
    def calibrator_is_read(self) -> "QpcrSettings":
        """Refuse a calibrator that nothing would be read through."""
        if self.calibrator is not None and self.curve != "pooled":
            raise ValueError(
                f"[qpcr] calibrator is {self.calibrator!r} and curve is {self.curve!r}, expected "
                'curve = "pooled" with it'
            )
        return self

    @field_validator("omit")
    @classmethod
    def wells_with_reasons(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """Check that every well stands on a plate and says why it is left out."""
        for file, wells in value.items():
            for well, reason in wells.items():
                where = f"[qpcr.omit] {file}, well {well!r}"
                if not _WELL.fullmatch(well):
                    raise ValueError(f"{where}: no well, expected one like A1 or CAR:A1")
                if not reason.strip():
                    raise ValueError(f"{where}: no reason, expected one")
        return value

    def omitted_of(self, path: str) -> dict[str, str]:
        """Return the wells that are left out of one file: named by its name or its path in raw."""
        names = {path.casefold(), path.rpartition("/")[2].casefold()}
        found = (wells for file, wells in self.omit.items() if file.casefold() in names)
        return {well: reason for wells in found for well, reason in wells.items()}

    @field_validator("sample_pattern", "dilution_series", mode="before")
    @classmethod
    def one_or_many(cls, value: object) -> object:
        """Take one pattern or file as a list of one."""
        return [value] if isinstance(value, str) else value


class PlanSettings(_Part):
    """``[plan]``: what the study set out to test, written before looking."""

    unit: Literal["donor", "experiment", "well"]
    primary: str
    treated: tuple[str, ...] = ()  # arms compared with the control; every other arm by default
    window_days: Fraction | None = None
    test: str = "two_stage_paired"
    secondary: tuple[str, ...] = ()
    correction: str = "holm"
    level: float = Field(default=0.05, gt=0, lt=1)

    @field_validator("window_days")
    @classmethod
    def low_first(cls, value: Fraction | None) -> Fraction | None:
        """Check that the window's first day comes first."""
        return _ordered(value, "[plan] window_days")


class ReleaseSettings(_Part):
    """``[[release]]``: one specification of the user's own release table."""

    metric: str
    day: int | str
    parent: str = ""
    panel: str = ""
    low: float | None = None
    high: float | None = None
    expected: str = ""
    unit: str = ""
    arm: str = ""
    donor: str = ""
    title: str = ""


class StoreSettings(_Part):
    """``[store]``: where results are kept, if not in ``results/labproc.sqlite``."""

    url: str = ""


class SignatureSettings(_Part):
    """``[signatures]``: who may sign a result for whom."""

    two_persons: bool = False  # whoever reviews or approves must not have signed before


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over; ``is_tls`` says that the line is encrypted from the start."""

    host: str
    port: int
    user: str = ""
    is_tls: bool = False


class NotifySettings(_Part):
    """``[notify]``: who is told when a file is set aside or a run has finished."""

    webhook: str = ""
    email: str = ""
    smtp: str = "localhost"
    sender: str = ""

    @field_validator("webhook")
    @classmethod
    def is_an_address(cls, value: str) -> str:
        """Check that a webhook is one, or names the variable that holds it."""
        if value and not value.startswith(("http://", "https://", "$")):
            # the value itself may be a secret
            raise ValueError("[notify] webhook: expected http://..., https://... or $VARIABLE")
        return value

    @field_validator("email", "sender")
    @classmethod
    def is_email(cls, value: str) -> str:
        """Check that every address has its two parts; commas separate several."""
        for address in filter(None, value.split(",")):
            if not re.fullmatch(r"[^@\s]+@[^@\s]+", address.strip()):
                raise ValueError(f"[notify] {address.strip()!r} is no e-mail address")
        return value

    @field_validator("smtp")
    @classmethod
    def is_a_server(cls, value: str) -> str:
        """Check that the mail server can be read."""
        _mail_server(value)
        return value

    def server(self) -> MailServer:
        """Return the mail server: ``host``, ``host:port`` or ``smtps://user@host:port``."""
        return _mail_server(self.smtp)


def _mail_server(text: str) -> MailServer:
    parts = urlsplit(text if "://" in text else f"smtp://{text}")
    is_tls = parts.scheme == "smtps"
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.password is not None:
        raise ValueError(
            "[notify] smtp: expected host, host:port or smtps://user@host:port; the password "
            "stands in the variable LABPROC_SMTP_PASSWORD"
        )
    port = parts.port or (465 if is_tls else 25)
    return MailServer(parts.hostname, port, parts.username or "", is_tls)


class Settings(_Part):
    """All of ``study.toml``."""

    study: StudySettings = StudySettings()
    arms: dict[str, ArmSettings] = Field(default_factory=dict)
    files: FileSettings = FileSettings()
    panels: dict[str, PanelSettings] = Field(default_factory=dict)
    counts: CountSettings | None = None
    qpcr: QpcrSettings | None = None
    plan: PlanSettings | None = None
    cohort: CohortSettings | None = None
    infusion: InfusionSettings | None = None
    dosing: DosingSettings | None = None
    release: tuple[ReleaseSettings, ...] = ()
    store: StoreSettings = StoreSettings()
    signatures: SignatureSettings = SignatureSettings()
    notify: NotifySettings = NotifySettings()

    @model_validator(mode="after")
    def names_agree(self) -> "Settings":
        """Check that arms and panels that are named elsewhere exist, and that names differ."""
        for problem in (*_name_clashes(self.arms), *_unknown_names(self)):
            raise ValueError(problem)
        return self

    def arm_names(self) -> dict[str, str]:
        """Return every word for an arm, in lower case, with the arm's own name."""
        names = {alias.casefold(): name for name, arm in self.arms.items() for alias in arm.aliases}
        return names | {name.casefold(): name for name in self.arms}


def _name_clashes(arms: dict[str, ArmSettings]) -> Iterator[str]:
    """Yield what two arms are both called; upper and lower case are one."""
    owner: dict[str, str] = {}
    for name, arm in arms.items():
        for word in (name, *arm.aliases):
            other = owner.setdefault(word.casefold(), name)
            if other != name:
                yield f"arms {other!r} and {name!r} are both called {word!r}, expected one of them"


def _unknown_names(settings: Settings) -> Iterator[str]:
    control, arms, counts = settings.study.control, settings.arms, settings.counts
    if arms and control not in arms:
        known = ", ".join(map(repr, arms))
        yield f"[study] control is {control!r}, expected one of the arms {known}"
    if settings.plan:
        yield from _unknown_treated(settings.plan, control, arms)
    if counts and settings.panels and counts.panel not in settings.panels:
        known = ", ".join(map(repr, settings.panels))
        yield f"[counts] panel is {counts.panel!r}, expected one of {known}"


def _unknown_treated(
    plan: PlanSettings, control: str, arms: Mapping[str, ArmSettings]
) -> Iterator[str]:
    known = [arm for arm in arms if arm != control]
    for arm in plan.treated:
        if arm not in known:
            names = ", ".join(map(repr, known))
            yield f"[plan] treated names {arm!r}, expected one of the arms {names}"
