"""What a simulated study holds."""

from dataclasses import dataclass
from datetime import date

CONTROL, TREATED = "C", "C+Len"
TREATED_UM = 10.0


@dataclass(frozen=True, slots=True)
class Design:
    """The size of a simulated study and the truth behind it.

    Parameters
    ----------
    donors : int
        Healthy donors; each gives one culture per arm.
    days : tuple of int
        Days on which cultures are counted, stained and sampled for DNA.
    panels : tuple of str
        Of ``car``, ``subset`` and ``count``.
    n_events : int
        Events per tube that the operator aims at; thin cultures give fewer.
    growth_effect, ratio_effect : float
        Lenalidomide on the growth rate of CAR-T cells and on the slope of ln CD4:CD8, per day.
    pipetting_cv : float
        Of one dilution for the count, 0-1; the study states the same number.
    with_qpcr, with_patient : bool
        Whether qPCR exports of the cultures, and one patient's course, are written.
    doses_um : tuple of float
        Lower concentrations of lenalidomide, each with a culture per donor that is counted and
        stained for CAR on the first and last day of the plan's window only.
    ec50_um : float
        Concentration of half of lenalidomide's largest effect.
    """

    donors: int = 3
    days: tuple[int, ...] = (0, 2, 4, 6, 8, 10, 12, 14)
    panels: tuple[str, ...] = ("car", "subset", "count")
    n_events: int = 20_000
    seed: int = 2025
    growth_effect: float = 0.06
    ratio_effect: float = 0.045
    pipetting_cv: float = 0.02
    start: date = date(2026, 3, 2)
    with_qpcr: bool = True
    with_patient: bool = True
    doses_um: tuple[float, ...] = ()
    ec50_um: float = 1.0

    @property
    def arms(self) -> tuple[str, str]:
        """Control and lenalidomide."""
        return (CONTROL, TREATED)

    @property
    def dose_arms(self) -> dict[str, float]:
        """The arms of the dose series alone, by name: L0.1 is 0.1 µmol/L."""
        return {f"L{dose:g}": dose for dose in self.doses_um}

    @property
    def window(self) -> tuple[int, int]:
        """The days between which the study plans to take growth rates."""
        last = max(self.days)
        return min(2, last), min(10, last)

    def strength(self, arm: str) -> float:
        """Return an arm's effect against that of lenalidomide 10 µmol/L: 0 for the control."""
        dose = self.dose_arms.get(arm, 0.0 if arm == CONTROL else TREATED_UM)
        return dose / (self.ec50_um + dose) * (self.ec50_um + TREATED_UM) / TREATED_UM

    @property
    def donor_names(self) -> tuple[str, ...]:
        """D1, D2, ..."""
        return tuple(f"D{n}" for n in range(1, self.donors + 1))
