"""From a plate's samples to rows that trends, cohort and exports share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labproc.model import CopyNumber, Flag, Measurement, QpcrRun, Role, SampleKey, Status
from labproc.model.flag import fail, info, review, unique, warning
from labproc.qpcr.controls import check_controls, matters
from labproc.qpcr.copies import Amount, per_ug, vector_copy_number
from labproc.qpcr.copies import dna_ng as dna_by_reference
from labproc.qpcr.extracts import Extract, eluate_rows
from labproc.qpcr.quantities import LIKELIHOOD, UPPER_LIMIT, lloq_of
from labproc.qpcr.results import RunAnalysis, TargetFit
from labproc.qpcr.rules import QpcrRules

INTERVAL_OF = {
    LIKELIHOOD: "counting, replicates and curve",
    UPPER_LIMIT: "counting only (upper limit)",
}


@dataclass(frozen=True, slots=True)
class _Sample:
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


def sample_measurements(
    analysis: RunAnalysis,
    *,
    run: QpcrRun,
    rules: QpcrRules,
    keys: Mapping[str, SampleKey],
    dna_ng: Mapping[str, float],
    extracts: Mapping[str, Extract] | None = None,
) -> list[Measurement]:
    """Return copies per well, copies per µg DNA, VCN and DNA input of every sample with a key.

    Parameters
    ----------
    analysis : RunAnalysis
        Of the same run.
    keys : mapping of str to SampleKey
        Sample names as the file writes them; names without a key give no rows.
    dna_ng : mapping of str to float
        Genomic DNA per well of a sample in ng, as it was after any dilution; wins over
        ``rules.dna_ng_per_well``, which is divided by the sample's dilution. Where neither is known
        the reference gene's count is used, and flagged.
    extracts : mapping of str to Extract or None
        How samples were diluted, and the volumes of their extraction.
    """
    fit = analysis.fit_of(rules.transgene)
    if fit is None:
        return []
    references = _by_sample(analysis, rules.reference_target)
    roles = {name: key.role for name, key in keys.items()}
    controls = check_controls(analysis.samples, roles=roles, rules=rules).flags
    rows: list[Measurement] = []
    for found in analysis.samples:
        if found.target != fit.target or found.sample not in keys:
            continue
        extract = _extract((extracts or {}).get(found.sample, Extract()), rules)
        nominal = dna_ng.get(found.sample) or _assay_ng(extract, rules)
        key, reference = keys[found.sample], references.get(found.sample)
        sample = _Sample(key, found, reference, nominal, extract)
        rows += _rows(sample, analysis=analysis, run=run, rules=rules, fit=fit, controls=controls)
    return rows


def _extract(given: Extract, rules: QpcrRules) -> Extract:
    """Return the sample's own extract, with the assay's template where it names none."""
    return replace(given, template_ul=given.template_ul or rules.template_ul_per_well)


def _assay_ng(extract: Extract, rules: QpcrRules) -> float | None:
    whole = rules.dna_ng_per_well
    return None if whole is None else whole / extract.dilution


def _held(sample: _Sample, input_ng: float | None) -> dict[str, float | str]:
    """Say what a well held: per-well amounts of different wells cannot be pooled."""
    return {**sample.extract.told, **({} if input_ng is None else {"dna_ng": input_ng})}


def _by_sample(analysis: RunAnalysis, target: str | None) -> dict[str, CopyNumber]:
    fit = analysis.fit_of(target) if target else None
    if fit is None:
        return {}
    return {s.sample: s for s in analysis.samples if s.target == fit.target}


def _rows(
    sample: _Sample,
    *,
    analysis: RunAnalysis,
    run: QpcrRun,
    rules: QpcrRules,
    fit: TargetFit,
    controls: tuple[Flag, ...],
) -> list[Measurement]:
    car, counted = _amount(sample.car), _counted_dna(sample, rules)
    flags = [*sample.car.flags, *_of_curve(fit), *_early(sample.key, car, rules)]
    make = _Maker(sample, run, fit, unique([*flags, *_no_dna(sample), *controls]))
    input_ng, extra = _dna_input(sample, counted, rules)
    rows = [make.row("copies_per_well", car, factor=1.0, parameters=_held(sample, input_ng))]
    rows += eluate_rows(rows[0], sample.extract)
    rows += _per_mass(make, car, input_ng, extra, rules)
    if sample.reference is not None:
        rows += _against_reference(make, sample, counted, analysis, rules, extra)
    return rows


@dataclass(frozen=True, slots=True)
class _Maker:
    """Builds the rows of one sample from one plate."""

    sample: _Sample
    run: QpcrRun
    fit: TargetFit
    flags: tuple[Flag, ...]

    def row(
        self,
        metric: str,
        amount: Amount,
        *,
        factor: float | None = None,
        flags: tuple[Flag, ...] = (),
        status: Status | None = None,
        parameters: Mapping[str, float | str] | None = None,
        draws: NDArray[np.float64] | None = None,
    ) -> Measurement:
        """Return one row; ``factor`` scales the sample's own draws."""
        car = self.sample.car
        own = None if factor is None or car.draws is None else car.draws * factor
        status = Status.INVALID if self.sample.has_no_dna else status
        return Measurement(
            self.sample.key,
            metric,
            amount.value,
            amount.low,
            amount.high,
            interval_of=INTERVAL_OF.get(car.method, "replicates and curve"),
            n=car.n_wells,
            parent=car.target,
            status=(status or car.status).value,
            flags=unique([*self.flags, *flags]),
            source=self.run.source,
            version=_version(self.fit),
            parameters={"method": car.method, "n_detected": car.n_detected, **(parameters or {})},
            draws=own if draws is None else draws,
        )


def _per_mass(
    make: _Maker, car: Amount, input_ng: float | None, extra: tuple[Flag, ...], rules: QpcrRules
) -> list[Measurement]:
    """Return copies per µg and per 100 ng DNA, with the limit that the input carries."""
    if input_ng is None:
        metrics = ("copies_per_ug", "copies_per_100ng")
        return [make.row(m, Amount(None), flags=extra, status=Status.INVALID) for m in metrics]
    found, factor = make.sample.car, per_ug(input_ng)
    computed = lloq_of(found, make.fit, rules) * factor
    told: dict[str, float | str] = {"dna_ng": input_ng, "lloq_copies_per_ug": computed}
    status, claim = found.status, rules.lloq_copies_per_ug
    if claim is not None and claim < computed:
        extra = (*extra, _refused(make, claim, computed, input_ng))
    elif claim is not None and found.copies is not None and found.copies * factor < claim:
        status = Status.BELOW_LLOQ if status is Status.QUANTIFIED else status
        told["lloq_copies_per_ug"] = claim
    return [
        make.row(
            metric,
            car.scaled(factor * share),
            factor=factor * share,
            flags=extra,
            status=status,
            parameters=told,
        )
        for metric, share in (("copies_per_ug", 1.0), ("copies_per_100ng", 0.1))
    ]


def _refused(make: _Maker, claim: float, computed: float, input_ng: float) -> Flag:
    text = (
        f"{make.sample.key.label or make.sample.car.sample}: a limit of {claim:g} copies per µg is "
        f"{claim / per_ug(input_ng):.3g} copies in {input_ng:g} ng; {make.sample.car.n_wells} "
        f"replicates carry {computed:.3g}; the claim is refused, raise input or replicates"
    )
    return review("lloq_claim_refused", text)


def _against_reference(
    make: _Maker,
    sample: _Sample,
    counted: Amount,
    analysis: RunAnalysis,
    rules: QpcrRules,
    extra: tuple[Flag, ...],
) -> list[Measurement]:
    """Return VCN and the DNA input that the reference gene counts."""
    reference = sample.reference
    assert reference is not None
    other = analysis.fit_of(reference.target)
    doubts = unique([*reference.flags, *(_of_curve(other) if other else ()), *extra])
    vcn = vector_copy_number(
        _amount(sample.car),
        _amount(reference),
        copies_per_diploid_genome=rules.copies_per_diploid_genome,
    )
    moved = None
    if sample.car.draws is not None and reference.draws is not None:
        moved = rules.copies_per_diploid_genome * sample.car.draws / reference.draws
    usable = vcn.value is not None or vcn.high is not None
    status = None if usable else Status.INVALID
    rows = [make.row("vcn", vcn, flags=doubts, status=status, draws=moved)]
    if counted.value is not None:
        held = _held(sample, sample.nominal_ng)
        made = make.row(
            "dna_ng_by_reference",
            counted,
            flags=doubts,
            status=reference.status,
            parameters=held,
        )
        rows.append(made)
    return rows


def _amount(found: CopyNumber) -> Amount:
    return Amount(found.copies, found.ci_low, found.ci_high)


def _counted_dna(sample: _Sample, rules: QpcrRules) -> Amount:
    if sample.reference is None or sample.reference.copies is None:
        return Amount(None)
    return dna_by_reference(
        _amount(sample.reference), copies_per_diploid_genome=rules.copies_per_diploid_genome
    )


def _dna_input(
    sample: _Sample, counted: Amount, rules: QpcrRules
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


def _no_dna(sample: _Sample) -> tuple[Flag, ...]:
    """Flag a sample without reference gene: its empty wells say nothing of the vector."""
    if not sample.has_no_dna or sample.reference is None:
        return ()
    text = (
        f"{sample.key.label or sample.car.sample}: {sample.reference.target} was found in none of "
        f"{sample.reference.n_wells} wells, expected DNA in each; repeat the extraction"
    )
    return (fail("no_dna_found", text),)


def _of_curve(fit: TargetFit) -> tuple[Flag, ...]:
    """Return the curve's flags that a reader of its numbers has to know."""
    return tuple(f for f in fit.flags if matters(f))


def _early(key: SampleKey, car: Amount, rules: QpcrRules) -> tuple[Flag, ...]:
    """Warn of plasmid and unintegrated vector in the first days."""
    before = rules.residual_plasmid_before_day
    if key.day is None or key.day >= before or not car.value:
        return ()
    text = (
        f"{key.label}: day {key.day} is before day {before}; residual plasmid and vector that has "
        "not integrated may be counted"
    )
    return (warning("residual_plasmid", text),)


def _version(fit: TargetFit) -> str:
    if fit.curve is None:
        return ""
    return f"curve {fit.target}: {fit.curve.slope:.4f}, {fit.curve.intercept:.4f}"
