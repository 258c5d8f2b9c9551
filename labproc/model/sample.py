"""What a tube or well is of, and which file it came from."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from labproc.wording import in_order


class Role(StrEnum):
    """What a tube or well is for."""

    SAMPLE = "sample"
    UNTRANSDUCED = "untransduced"
    FMO = "fmo"
    UNSTAINED = "unstained"
    ISOTYPE = "isotype"
    COMPENSATION = "compensation"
    BEADS = "beads"
    STANDARD = "standard"
    NTC = "ntc"
    POSITIVE = "positive"
    UNTRANSDUCED_GDNA = "untransduced_gdna"
    EXTRACTION_BLANK = "extraction_blank"


@dataclass(frozen=True, slots=True)
class SampleKey:
    """The join key of the whole product: whose cells, which culture, which arm, which day.

    ``day`` counts whole days from the start of the culture or the infusion; None where a control
    belongs to no day. ``arm`` is the study's own short name (``C``, ``C+Len``).
    """

    donor: str = ""
    experiment: str = ""
    arm: str = ""
    day: int | None = None
    replicate: str = ""
    panel: str = ""
    well: str = ""
    role: Role = Role.SAMPLE

    @property
    def culture(self) -> tuple[str, str, str, str]:
        """Donor, experiment, arm and replicate: one culture (or one patient) over its days."""
        return (self.donor, self.experiment, self.arm, self.replicate)

    @property
    def order(self) -> tuple[Any, ...]:
        """A sort key that puts a missing day before day 0."""
        day = -(10**9) if self.day is None else self.day
        who = (in_order(self.donor), in_order(self.experiment), self.arm, day, self.replicate)
        return (*who, self.panel, in_order(self.well), self.role.value)

    def without_tube(self) -> "SampleKey":
        """Return the key of the culture on that day, whatever the panel, well or role."""
        return replace(self, panel="", well="", role=Role.SAMPLE)

    @property
    def label(self) -> str:
        """A short name for screens, e.g. ``D1 C+Len d7 car``."""
        day = "" if self.day is None else f"d{self.day}"
        role = "" if self.role is Role.SAMPLE else self.role.value
        parts = (self.donor, self.experiment, self.arm, day, self.replicate, self.panel, role)
        return " ".join(p for p in parts if p)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A raw file as it was seen: every result can name one."""

    path: str
    sha256: str
    parser: str
    instrument: str | None = None
    acquired_at: datetime | None = None
