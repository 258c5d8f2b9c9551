"""The study's settings as the plain values that counts and qPCR ask for."""

from typing import Any

from labproc.counts import CountRule
from labproc.qpcr import QpcrRules
from labproc.study import Assignment, Settings


def count_rule(settings: Settings, assignment: Assignment) -> CountRule | None:
    """Return how a tube is counted: the study's rule, the sheet's row winning; None if not."""
    counts = settings.counts
    if counts is None or assignment.key is None or assignment.key.panel != counts.panel:
        return None
    own = _own_numbers(assignment)
    manual = own.get("manual_count_per_ml")
    return CountRule(
        method="manual" if manual is not None else counts.method,
        sample_ul=own.get("sample_ul") or counts.sample_ul,
        final_ul=own.get("final_ul") or counts.final_ul,
        pipetting_cv=counts.pipetting_cv,
        bead_count=own.get("bead_count") or counts.bead_count,
        manual_per_ml=manual,
        panel=counts.panel,
        washed=counts.washed,
    )


def _own_numbers(assignment: Assignment) -> dict[str, float]:
    names = ("sample_ul", "final_ul", "bead_count", "manual_count_per_ml")
    found = {name: assignment.number(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def qpcr_rules(settings: Settings) -> QpcrRules:
    """Return the assay's rules: what the study sets, the usual limits otherwise."""
    qpcr = settings.qpcr
    if qpcr is None:
        return QpcrRules()
    accept = qpcr.accept.model_dump(exclude_none=True)
    known: dict[str, Any] = {
        "transgene": qpcr.transgene,
        "dna_ng_per_well": qpcr.dna_ng_per_well,
        "standard_unit": qpcr.standard_unit,
        "template_ul_per_well": qpcr.template_ul_per_well,
        "copies_per_ng": qpcr.copies_per_ng,
        "lloq_copies_per_ug": qpcr.lloq_copies_per_ug,
        "reference_standard_unit": qpcr.reference_standard_unit,
        "ipc_target": qpcr.ipc_target,
        **accept,
    }
    if qpcr.residual_plasmid_before_day is not None:
        known["residual_plasmid_before_day"] = qpcr.residual_plasmid_before_day
    if qpcr.reference is not None:
        known["reference_target"] = qpcr.reference.target
        known["copies_per_diploid_genome"] = qpcr.reference.copies_per_diploid_genome
    return QpcrRules(**known)
