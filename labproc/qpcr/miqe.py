"""The MIQE checklist of a plate, filled from what is known.

References
----------
Bustin SA et al. The MIQE guidelines. Clin Chem 2009. doi:10.1373/clinchem.2008.112797.
Bustin SA et al. MIQE 2.0. Clin Chem 2025. doi:10.1093/clinchem/hvaf043
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labproc.model import QpcrRun, StandardCurve, Task
from labproc.qpcr.lod_loq import Limits
from labproc.qpcr.results import RunAnalysis
from labproc.qpcr.rules import QpcrRules

UNKNOWN = "not known to labproc"
LOD, LOQ = "limit of detection", "limit of quantification"


@dataclass(frozen=True, slots=True)
class ChecklistRow:
    """One item of the checklist; ``is_known`` is False where the user has to say it."""

    section: str
    item: str
    answer: str
    is_known: bool = True


def miqe_checklist(
    run: QpcrRun,
    analysis: RunAnalysis,
    rules: QpcrRules,
    *,
    limits: Limits | None = None,
    answers: dict[str, str] | None = None,
) -> list[ChecklistRow]:
    """Return the checklist of one plate.

    Parameters
    ----------
    run, analysis : QpcrRun, RunAnalysis
        Of the same plate.
    rules : QpcrRules
        The assay.
    limits : Limits or None
        LOD and LOQ from the lab's own dilution series.
    answers : dict or None
        What only the user knows, by item; an answer replaces what stands there.
    """
    rows = [
        *_sample(rules),
        *_assay(analysis, rules),
        *_protocol(run),
        *(row for curve in analysis.curves for row in _curve(curve)),
        *_validation(analysis, limits),
        *_analysis(run, analysis, rules),
    ]
    told = answers or {}
    return [ChecklistRow(r.section, r.item, told[r.item]) if r.item in told else r for r in rows]


def _row(section: str, item: str, answer: str | None) -> ChecklistRow:
    return ChecklistRow(section, item, answer or UNKNOWN, bool(answer))


def _sample(rules: QpcrRules) -> list[ChecklistRow]:
    given = rules.dna_ng_per_well
    return [
        _row("sample", "nucleic acid", "genomic DNA"),
        _row("sample", "extraction", None),
        _row("sample", "quantification and purity", None),
        _row("sample", "DNA per reaction", f"{given:g} ng" if given else None),
    ]


def _assay(analysis: RunAnalysis, rules: QpcrRules) -> list[ChecklistRow]:
    names = ", ".join(t.target for t in analysis.targets if t.target)
    per_genome = f"{rules.copies_per_diploid_genome:g} copies per diploid genome"
    reference = f"{rules.reference_target}, {per_genome}" if rules.reference_target else None
    return [
        _row("target", "targets", names),
        _row("target", "reference gene", reference),
        _row("target", "primer and probe sequences", None),
        _row("target", "amplicon length and location", None),
        _row("target", "specificity", None),
    ]


def _protocol(run: QpcrRun) -> list[ChecklistRow]:
    dyes = ", ".join(sorted({w.dye for w in run.table.wells if w.dye}))

    def said(*names: str) -> str | None:
        return next((run.details[n] for n in names if run.details.get(n)), None)

    return [
        _row("protocol", "instrument", run.source.instrument),
        _row("protocol", "software", said("software", "software_name_and_version")),
        _row("protocol", "chemistry", said("chemistry")),
        _row("protocol", "dyes", dyes),
        _row("protocol", "passive reference", said("passive_reference")),
        _row("protocol", "block", said("block_type")),
        _row("protocol", "reaction volume", said("reaction_volume")),
        _row("protocol", "cycling conditions", said("cycling_conditions", "protocol")),
        _row(
            "protocol",
            "Cq determination",
            said("quantification_cycle_method", "cq_detection_method"),
        ),
    ]


def _curve(curve: StandardCurve) -> list[ChecklistRow]:
    efficiency = f"{curve.efficiency:.1%}"
    if curve.efficiency_ci:
        efficiency += f" (95 % CI {curve.efficiency_ci[0]:.1%} to {curve.efficiency_ci[1]:.1%})"
    span = curve.log10_range
    linear = f"{10 ** span[0]:g} to {10 ** span[1]:g} copies per well" if span else None
    r2 = None if curve.r_squared is None else f"{curve.r_squared:.4f}"
    fit = None if curve.lack_of_fit_p is None else f"P = {curve.lack_of_fit_p:.3g}"
    line = f"slope {curve.slope:.4f}, intercept {curve.intercept:.3f}"
    name = curve.target
    return [
        _row("validation", f"{name}: calibration curve", line),
        _row("validation", f"{name}: PCR efficiency", efficiency),
        _row("validation", f"{name}: R²", r2),
        _row("validation", f"{name}: linear range", linear),
        _row("validation", f"{name}: lack of fit", fit),
    ]


def with_limits(rows: Sequence[ChecklistRow], limits: Limits) -> tuple[ChecklistRow, ...]:
    """Return a checklist with LOD and LOQ filled in where nobody has answered them."""
    told = _limit_answers(limits)
    return tuple(
        _row(r.section, r.item, told[r.item]) if r.item in told and not r.is_known else r
        for r in rows
    )


def _limit_answers(limits: Limits | None) -> dict[str, str | None]:
    lod = loq = None
    if limits is not None:
        best = limits.lod
        ends = " to ".join("?" if e is None else f"{e:.3g}" for e in (best.low, best.high))
        lod = f"{best.lod:.3g} copies per reaction ({ends}; {best.model})"
        loq = None if limits.loq is None else f"{limits.loq:g} copies (CV <= {limits.loq_cv:.0%})"
    return {LOD: lod, LOQ: loq}


def _validation(analysis: RunAnalysis, limits: Limits | None) -> list[ChecklistRow]:
    told = _limit_answers(limits)
    ntc = [s for s in analysis.samples if s.task is Task.NTC]
    found = f"{sum(s.n_detected for s in ntc)} of {sum(s.n_wells for s in ntc)} wells amplified"
    inhibition = next((r.found for r in analysis.acceptance if r.rule == "inhibition"), None)
    return [
        *(_row("validation", item, answer) for item, answer in told.items()),
        _row("validation", "no-template controls", found if ntc else None),
        _row("validation", "inhibition", inhibition),
    ]


def _analysis(run: QpcrRun, analysis: RunAnalysis, rules: QpcrRules) -> list[ChecklistRow]:
    methods = _listed(s.method for s in analysis.samples)
    replicates = sorted({s.n_wells for s in analysis.samples if s.task is Task.UNKNOWN})
    omitted = [w.position for w in run.table.wells if w.omitted] + sorted(rules.omitted)
    return [
        _row("analysis", "software of this analysis", "labproc"),
        _row("analysis", "quantification", methods),
        _row("analysis", "technical replicates", _listed(str(n) for n in replicates)),
        _row("analysis", "outliers left out", ", ".join(omitted) or "none"),
        _row("analysis", "intervals", f"{rules.level:.0%}"),
    ]


def _listed(words: Iterable[str]) -> str:
    found: Sequence[str] = list(dict.fromkeys(words))
    return ", ".join(found)
