"""From a plate's samples to rows that trends, cohort and exports share."""

from collections.abc import Mapping
from dataclasses import replace

from labproc.model import CopyNumber, Flag, Measurement, QpcrRun, SampleKey
from labproc.model.flag import unique, warning
from labproc.qpcr.controls import check_controls
from labproc.qpcr.copies import Amount
from labproc.qpcr.dna_input import (
    PlateSample,
    amount_of,
    assay_ng,
    counted_dna,
    dna_input,
    no_dna,
    well_held,
)
from labproc.qpcr.extracts import Extract, eluate_rows
from labproc.qpcr.per_dna import RowMaker, against_reference, of_curve, per_mass
from labproc.qpcr.results import RunAnalysis, TargetFit
from labproc.qpcr.rules import QpcrRules


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
        nominal = dna_ng.get(found.sample) or assay_ng(extract, rules)
        key, reference = keys[found.sample], references.get(found.sample)
        sample = PlateSample(key, found, reference, nominal, extract)
        rows += _rows(sample, analysis=analysis, run=run, rules=rules, fit=fit, controls=controls)
    return rows


def _extract(given: Extract, rules: QpcrRules) -> Extract:
    """Return the sample's own extract, with the assay's template where it names none."""
    return replace(given, template_ul=given.template_ul or rules.template_ul_per_well)


def _by_sample(analysis: RunAnalysis, target: str | None) -> dict[str, CopyNumber]:
    fit = analysis.fit_of(target) if target else None
    if fit is None:
        return {}
    return {s.sample: s for s in analysis.samples if s.target == fit.target}


def _rows(
    sample: PlateSample,
    *,
    analysis: RunAnalysis,
    run: QpcrRun,
    rules: QpcrRules,
    fit: TargetFit,
    controls: tuple[Flag, ...],
) -> list[Measurement]:
    car, counted = amount_of(sample.car), counted_dna(sample, rules)
    flags = [*sample.car.flags, *of_curve(fit), *_early(sample.key, car, rules)]
    make = RowMaker(sample, run, fit, unique([*flags, *no_dna(sample), *controls]))
    input_ng, extra = dna_input(sample, counted, rules)
    rows = [make.row("copies_per_well", car, factor=1.0, parameters=well_held(sample, input_ng))]
    rows += eluate_rows(rows[0], sample.extract)
    rows += per_mass(make, car, input_ng, extra, rules)
    if sample.reference is not None:
        rows += against_reference(make, sample, counted, analysis, rules, extra)
    return rows


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
