"""``[panels]``, ``[counts]`` and ``[qpcr]``: what ``study.toml`` says of the assays."""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from labproc.study._part import Fraction, Part, ordered

_WELL = re.compile(r"(?:[^:]+:)?[A-P][1-9]\d?")
GroupPart = Literal["donor", "experiment", "arm", "day", "replicate", "plate"]


class PanelSettings(Part):
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


class CountSettings(Part):
    """``[counts]``: how events become cells per µL."""

    panel: str = "count"
    method: Literal["volume", "beads", "manual"] = "volume"
    sample_ul: float | None = Field(default=None, gt=0)
    final_ul: float | None = Field(default=None, gt=0)
    pipetting_cv: float | None = Field(default=None, ge=0, lt=1)
    bead_count: float | None = Field(default=None, gt=0)
    washed: bool | None = None


class ReferenceSettings(Part):
    """``[qpcr] reference``: the single-copy gene beside the transgene."""

    target: str
    copies_per_diploid_genome: float = Field(default=2.0, gt=0)


class AcceptSettings(Part):
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
        return ordered(value, "[qpcr.accept] efficiency")


class QpcrSettings(Part):
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
