"""``[cohort]``, ``[infusion]`` and ``[dosing]``: what ``study.toml`` says of patients."""

from typing import Any, Literal

from pydantic import Field, model_validator

from labproc.study._part import Part

NOT_COLUMNS = ("test", "landmark")


class EndpointSettings(Part):
    """``[cohort] survival.NAME``: the columns of a time and its event."""

    time: str
    event: str
    unit: Literal["days", "weeks", "months", "years"] | None = None


class CohortSettings(Part):
    """``[cohort]``: which column of ``patients.csv`` plays which part, and how arms are compared.

    What is left out is recognised by the column's name.
    """

    arm: str = ""
    patient: str = ""
    control: str = ""
    time: str = ""
    event: str = ""
    pfs_time: str = ""
    pfs_event: str = ""
    survival: dict[str, EndpointSettings] | None = None
    response: str = ""
    ongoing: str = ""
    dose_per_kg: str = ""
    start_day: str = ""
    treatment_start_day: str = ""
    toxicity: tuple[str, ...] | None = None
    characteristics: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    cut: dict[str, float] | None = None
    test: Literal["fisher", "chi_square", "boschloo"] = "fisher"
    landmark: tuple[float, ...] = ()

    @model_validator(mode="after")
    def pairs_are_whole(self) -> "CohortSettings":
        """Check that a time has its event, and that landmarks are days."""
        for time, event in (("time", "event"), ("pfs_time", "pfs_event")):
            if bool(getattr(self, time)) != bool(getattr(self, event)):
                raise ValueError(f"[cohort] {time} and {event} go together, found only one of them")
        if any(day < 0 for day in self.landmark):
            raise ValueError(
                f"[cohort] landmark: {min(self.landmark):g}, expected days of 0 or more"
            )
        return self

    def columns(self) -> dict[str, Any]:
        """Return what was said of columns, what was left out not among it."""
        said = self.model_dump(exclude_none=True, exclude=set(NOT_COLUMNS))
        return {key: value for key, value in said.items() if value not in ("", ())}


class InfusionSettings(Part):
    """``[infusion]``: parts of a split infusion in percent, their days, and which is day 0."""

    percent: tuple[float, ...] = (100.0,)
    days: tuple[int, ...] | None = None
    day_zero: Literal["first", "largest", "last"] = "first"


class DosingSettings(Part):
    """``[dosing]``: the protocol's limits where they differ; counts are 10^9 per litre."""

    hold_anc: float | None = Field(default=None, ge=0)
    hold_platelets: float | None = Field(default=None, ge=0)
    reduce_anc: float | None = Field(default=None, ge=0)
    reduce_platelets: float | None = Field(default=None, ge=0)
    reduced_mg: float | None = Field(default=None, ge=0)
    full_mg: float | None = Field(default=None, ge=0)
    days_on: int | None = Field(default=None, ge=1)
    cycle_days: int | None = Field(default=None, ge=1)
