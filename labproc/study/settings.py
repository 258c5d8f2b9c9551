"""``study.toml`` as typed settings: every key named, every other key refused."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from labproc.study._part import Fraction, Part, ordered
from labproc.study.assay_settings import CountSettings, PanelSettings, QpcrSettings
from labproc.study.notify_settings import NotifySettings
from labproc.study.patient_settings import CohortSettings, DosingSettings, InfusionSettings


class StudySettings(Part):
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


class ArmSettings(Part):
    """``[arms.NAME]``: one arm, its label on figures, its drug and its other names."""

    label: str = ""
    vehicle: str = ""
    lenalidomide_um: float = Field(default=0.0, ge=0)
    from_day: int = 0
    aliases: tuple[str, ...] = ()


class FileSettings(Part):
    """``[files]``: how file names under ``raw/`` say what the files are."""

    pattern: tuple[str, ...] = ()
    well_pattern: tuple[str, ...] = ()  # what the cells of plates.xlsx say

    @field_validator("pattern", "well_pattern", mode="before")
    @classmethod
    def one_or_many(cls, value: object) -> object:
        """Take one pattern as a list of one."""
        return [value] if isinstance(value, str) else value


class PlanSettings(Part):
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
        return ordered(value, "[plan] window_days")


class ReleaseSettings(Part):
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


class StoreSettings(Part):
    """``[store]``: where results are kept, if not in ``results/labproc.sqlite``."""

    url: str = ""


class SignatureSettings(Part):
    """``[signatures]``: who may sign a result for whom."""

    two_persons: bool = False  # whoever reviews or approves must not have signed before


class Settings(Part):
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
