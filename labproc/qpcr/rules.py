"""What an assay asks of its plates, and what its standards are counted in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from labproc.errors import SettingsError

COPIES_PER_WELL = "copies_per_well"
COPIES_PER_UL = "copies_per_ul"
NANOGRAMS = "ng"
UNITS = (COPIES_PER_WELL, COPIES_PER_UL, NANOGRAMS)

PG_PER_DIPLOID_GENOME = 6.6  # human, 6.4 Gb; 151,515 genomes per µg
PG_PER_NG = 1000.0


@dataclass(frozen=True, slots=True)
class QpcrRules:
    """What is known of the assay before looking at a plate; every limit can be set.

    Parameters
    ----------
    transgene, reference_target : str
        The vector's target, and the single-copy gene beside it (None where there is none).
    copies_per_diploid_genome : float
        Copies of the reference gene in one diploid genome; 2 for ALB and RPPH1.
    dna_ng_per_well : float or None
        Genomic DNA per well in ng, where a sample's own input is not given.
    standard_unit : str or None
        ``copies_per_well``, ``copies_per_ul`` or ``ng``; None where nobody has said, and then
        nothing is quantified.
    reference_standard_unit : str or None
        That of the reference gene's standards where it is another one: plasmid copies for the
        vector and ng of genomic DNA for ALB stand on one plate often enough.
    template_ul_per_well : float or None
        Template pipetted into a well, for standards in copies per µL.
    copies_per_ng : float or None
        Copies of the transgene in 1 ng of standard DNA; those of the reference gene follow from
        6.6 pg per diploid genome.
    low_copies : float
        Copies per well under which counting noise rules and the likelihood replaces Fieller.
    efficiency, r_squared, level_error, lack_of_fit_p, replicate_sd
        Acceptance: efficiency as a range, R² at least, back-calculated error of each standard
        level at most (fraction), lack-of-fit P at least, SD of replicates at most (cycles).
    lloq_cv : float
        Largest relative error of a number that counts as quantified.
    lloq_copies_per_ug : float or None
        The limit that the lab claims; refused where DNA input and replicates cannot carry it.
    omitted : mapping of str to str
        Wells to leave out, each with the reason.
    """

    transgene: str = "CAR"
    reference_target: str | None = None
    copies_per_diploid_genome: float = 2.0
    dna_ng_per_well: float | None = None
    standard_unit: str | None = None
    reference_standard_unit: str | None = None
    template_ul_per_well: float | None = None
    copies_per_ng: float | None = None
    level: float = 0.95
    low_copies: float = 100.0
    efficiency: tuple[float, float] = (0.90, 1.10)
    r_squared: float = 0.98
    level_error: float = 0.30
    lack_of_fit_p: float = 0.05
    replicate_sd: float = 0.5
    min_levels: int = 3
    wanted_levels: int = 5
    ipc_target: str | None = None
    ipc_delay_cycles: float = 1.0
    dna_input_tolerance: float = 0.30
    residual_plasmid_before_day: int = 7
    lloq_cv: float = 0.35
    lloq_copies_per_ug: float | None = None
    slope_tolerance: float = 0.005
    quantity_tolerance: float = 0.01
    omitted: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("standard_unit", "reference_standard_unit"):
            if (unit := getattr(self, name)) is not None and unit not in UNITS:
                raise SettingsError(f"qpcr: {name} is {unit!r}, expected one of {', '.join(UNITS)}")
        if self.dna_ng_per_well is not None and not self.dna_ng_per_well > 0:
            raise SettingsError(
                f"qpcr: dna_ng_per_well is {self.dna_ng_per_well:g} ng, expected more than 0"
            )

    def copies_per_unit(self, target: str) -> float:
        """Return copies per well in one unit of the standards' own quantity.

        Raises
        ------
        SettingsError
            If the unit was never said, or the number that it needs is missing.
        """
        unit = self.unit_of(target)
        if unit is None:
            raise SettingsError(
                f"{target}: the standards' quantities have no unit, expected standard_unit to be "
                f"one of {', '.join(UNITS)}; say it in study.toml under [qpcr]"
            )
        if unit == COPIES_PER_UL:
            return self._needed(self.template_ul_per_well, "template_ul_per_well", target)
        if unit == NANOGRAMS:
            return self._copies_per_ng(target)
        return 1.0

    def _is_reference(self, target: str) -> bool:
        named = self.reference_target
        return named is not None and target.casefold() == named.casefold()

    def unit_of(self, target: str) -> str | None:
        """Return what a target's standards are counted in, None where nobody has said."""
        own = self.reference_standard_unit if self._is_reference(target) else None
        return own or self.standard_unit

    def _copies_per_ng(self, target: str) -> float:
        if self._is_reference(target):
            return PG_PER_NG * self.copies_per_diploid_genome / PG_PER_DIPLOID_GENOME
        return self._needed(self.copies_per_ng, "copies_per_ng", target)

    def _needed(self, value: float | None, name: str, target: str) -> float:
        if value is None or not value > 0:
            raise SettingsError(
                f"{target}: standard_unit is {self.unit_of(target)!r} and {name} is {value}, "
                f"expected a number more than 0; add {name} under [qpcr]"
            )
        return value
