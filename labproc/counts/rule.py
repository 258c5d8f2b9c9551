"""How a study turns events into cells per µL."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from labproc.errors import CountError

Method = Literal["volume", "beads", "manual"]
METHODS = ("volume", "beads", "manual")


@dataclass(frozen=True, slots=True)
class CountRule:
    """What was pipetted for a count, and how the count is made.

    Parameters
    ----------
    method : str
        ``volume`` ($VOL), ``beads`` or ``manual``.
    sample_ul, final_ul : float or None
        Culture taken, and the volume it was brought to on the cytometer, in µL. Without both the
        culture went on undiluted.
    pipetting_cv : float or None
        Coefficient of variation of one dilution, 0-1; None leaves it out of the interval.
    bead_count : float or None
        Beads put into the tube (``beads``).
    manual_per_ml : float or None
        Cells per mL as counted by hand (``manual``).
    panel : str
        The panel whose tubes are not washed; a count from another panel is flagged.
    washed : bool or None
        Whether the tube was washed, where the study says so; None leaves it to the panel.
    """

    method: Method = "volume"
    sample_ul: float | None = None
    final_ul: float | None = None
    pipetting_cv: float | None = None
    bead_count: float | None = None
    manual_per_ml: float | None = None
    panel: str = "count"
    washed: bool | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            known = ", ".join(METHODS)
            raise CountError(f"counts: method is {self.method!r}, expected one of {known}")
        for name in ("sample_ul", "final_ul", "bead_count"):
            _check(name, getattr(self, name), zero=False)
        for name in ("pipetting_cv", "manual_per_ml"):
            _check(name, getattr(self, name), zero=True)
        if (self.sample_ul is None) != (self.final_ul is None) and self.method == "volume":
            missing = "final_ul" if self.final_ul is None else "sample_ul"
            raise CountError(f"counts: {missing} is missing, expected sample_ul and final_ul both")

    @property
    def dilution(self) -> float:
        """Final volume over sample volume; 1.0 for an undiluted culture."""
        if self.sample_ul is None or self.final_ul is None:
            return 1.0
        return self.final_ul / self.sample_ul


def _check(name: str, value: float | None, *, zero: bool) -> None:
    if value is None or (isfinite(value) and (value > 0 or (zero and value == 0))):
        return
    wanted = "0 or more" if zero else "more than 0"
    raise CountError(f"counts: {name} is {value!r}, expected a number {wanted}")
