"""What a simulated study holds."""

from dataclasses import dataclass
from datetime import date

CONTROL, TREATED = "C", "C+Len"


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

    @property
    def arms(self) -> tuple[str, str]:
        """Control and lenalidomide."""
        return (CONTROL, TREATED)

    @property
    def donor_names(self) -> tuple[str, ...]:
        """D1, D2, ..."""
        return tuple(f"D{n}" for n in range(1, self.donors + 1))
