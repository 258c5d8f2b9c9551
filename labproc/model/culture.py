"""What was done to a culture or a patient, and what the study set out to test."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CultureEvent:
    """One line of ``culture.csv``: handling of one culture on one day.

    ``kept_fraction`` is the fraction of the cells that stayed in the culture, sampling included;
    None where the line does not say. ``event`` is ``feed``, ``split``, ``drug``, ``restimulate``
    or empty. Volumes are in mL.
    """

    donor: str
    experiment: str
    arm: str
    replicate: str
    day: int
    event: str = ""
    kept_fraction: float | None = None
    volume_before_ml: float | None = None
    sampled_ml: float | None = None
    volume_after_ml: float | None = None
    note: str = ""

    @property
    def culture(self) -> tuple[str, str, str, str]:
        """Donor, experiment, arm and replicate."""
        return (self.donor, self.experiment, self.arm, self.replicate)


@dataclass(frozen=True, slots=True)
class PatientEvent:
    """One line of ``events.csv``: something that happened to a patient on a day."""

    patient: str
    day: int
    event: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the study set out to test, written before looking.

    ``unit`` says what one repeat is (``donor``, ``experiment`` or ``well``); ``window_days`` is
    one window for all cultures; ``control`` and ``treated`` are arm names.
    """

    unit: str
    primary: str
    control: str
    treated: tuple[str, ...]
    window_days: tuple[float, float] | None = None
    test: str = "two_stage_paired"
    secondary: tuple[str, ...] = field(default_factory=tuple)
    correction: str = "holm"
    level: float = 0.05
    dose_um: tuple[tuple[str, float], ...] = ()
