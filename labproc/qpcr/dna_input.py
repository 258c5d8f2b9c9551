"""How much DNA a well held: by the sheet, by the assay, or as the reference gene counts it."""

from dataclasses import dataclass

from labproc.model import CopyNumber, Flag, Role, SampleKey
from labproc.model.flag import fail, info, review
from labproc.qpcr.copies import Amount
from labproc.qpcr.copies import dna_ng as dna_by_reference
from labproc.qpcr.extracts import Extract
from labproc.qpcr.rules import QpcrRules


@dataclass(frozen=True, slots=True)
class PlateSample:
    """What a plate says of one sample."""

    key: SampleKey
    car: CopyNumber
    reference: CopyNumber | None
    nominal_ng: float | None
    extract: Extract

    @property
    def has_no_dna(self) -> bool:
        """Whether the reference gene says that no DNA came into the wells."""
        found = self.reference
        return self.key.role is Role.SAMPLE and found is not None and not found.n_detected


def assay_ng(extract: Extract, rules: QpcrRules) -> float | None:
    """Return the assay's DNA per well, less by as much as the sample was diluted."""
    whole = rules.dna_ng_per_well
    return None if whole is None else whole / extract.dilution


def well_held(sample: PlateSample, input_ng: float | None) -> dict[str, float | str]:
    """Say what a well held: per-well amounts of different wells cannot be pooled."""
    return {**sample.extract.told, **({} if input_ng is None else {"dna_ng": input_ng})}


def amount_of(found: CopyNumber) -> Amount:
    """Return a sample's copies per well with their interval."""
    return Amount(found.copies, found.ci_low, found.ci_high)


def counted_dna(sample: PlateSample, rules: QpcrRules) -> Amount:
    """Return the DNA in ng per well that the reference gene counts."""
    if sample.reference is None or sample.reference.copies is None:
        return Amount(None)
    return dna_by_reference(
        amount_of(sample.reference), copies_per_diploid_genome=rules.copies_per_diploid_genome
    )


def dna_input(
    sample: PlateSample, counted: Amount, rules: QpcrRules
) -> tuple[float | None, tuple[Flag, ...]]:
    """Choose the DNA input: the sample's own, the assay's, else the reference gene's count."""
    who = sample.key.label or sample.car.sample
    if sample.nominal_ng is None and counted.value is None:
        text = (
            f"{who}: no DNA input and no reference gene, copies per µg cannot be given; add dna_ng"
        )
        return None, (fail("no_dna_input", text),)
    if sample.nominal_ng is None:
        text = f"{who}: no DNA input given, {counted.value:.4g} ng by the reference gene is used"
        return counted.value, (info("dna_input_by_reference", text),)
    away = 0.0 if counted.value is None else counted.value / sample.nominal_ng - 1
    if sample.key.role is not Role.SAMPLE or abs(away) <= rules.dna_input_tolerance:
        return sample.nominal_ng, ()
    text = (
        f"{who}: the reference gene counts {counted.value:.4g} ng DNA per well, the sheet says "
        f"{sample.nominal_ng:g} ng; more than {rules.dna_input_tolerance:.0%} apart"
    )
    return sample.nominal_ng, (review("dna_input_differs", text),)


def no_dna(sample: PlateSample) -> tuple[Flag, ...]:
    """Flag a sample without reference gene: its empty wells say nothing of the vector."""
    if not sample.has_no_dna or sample.reference is None:
        return ()
    text = (
        f"{sample.key.label or sample.car.sample}: {sample.reference.target} was found in none of "
        f"{sample.reference.n_wells} wells, expected DNA in each; repeat the extraction"
    )
    return (fail("no_dna_found", text),)
