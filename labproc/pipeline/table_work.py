"""Read and quantify one qPCR export: runs in a worker process."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from labproc.model import (
    CopyNumber,
    DnaTable,
    FlowTube,
    Measurement,
    QpcrRun,
    Role,
    SampleKey,
    Task,
)
from labproc.model.flag import unique
from labproc.pipeline.jobs import TableJob
from labproc.pipeline.outcomes import DnaOutcome, PlateOutcome
from labproc.pipeline.own_name import own_name
from labproc.pipeline.results import AcceptanceRow, PlateView
from labproc.qpcr.extracts import Extract
from labproc.study import Study

if TYPE_CHECKING:
    from labproc.qpcr import QpcrRules, RunAnalysis


def do_table(job: TableJob) -> PlateOutcome | DnaOutcome:
    """Read one file that is not FCS, and quantify it where it is a qPCR run."""
    found = _read(job)
    if isinstance(found, DnaTable):
        return _concentrations(found, job)
    return _quantify(_named(found, job), job)


def _concentrations(table: DnaTable, job: TableJob) -> DnaOutcome:
    """Return the mean reading of each sample."""
    readings: dict[str, list[float]] = defaultdict(list)
    for one in table.samples:
        if one.ng_per_ul is not None and one.sample:
            readings[one.sample].append(one.ng_per_ul)
    source = replace(table.source, path=job.path, sha256=job.sha256)
    means = {sample: fmean(values) for sample, values in readings.items()}
    flags = (*table.flags, *(f for one in table.samples for f in one.flags))
    return DnaOutcome(source, means, unique(flags))


def _dna_ng(job: TableJob, study: Study) -> dict[str, float]:
    """Return the DNA in a well of each sample: the sheet wins over a measured concentration."""
    extracts, usual = _extracts(study), job.rules.template_ul_per_well
    measured = {}
    for sample, concentration in job.ng_per_ul.items():
        own = extracts.get(sample, Extract())
        if volume := own.template_ul or usual:
            measured[sample] = concentration * volume / own.dilution
    return {**measured, **study.dna_ng}


def _extracts(study: Study) -> dict[str, Extract]:
    told = study.extracts.items()
    return {name: Extract(x.dilution, x.template_ul, x.elution_ul) for name, x in told}


def _quantify(run: QpcrRun, job: TableJob) -> PlateOutcome:
    """Fit the curves of one qPCR run and read its samples from them."""
    from labproc.qpcr import analyse_run, sample_measurements

    study = _study(job.study, job.sheets_sha256)
    rules = _rules(job, study)
    keys, unassigned = _assign(run, study)
    roles = {name: key.role for name, key in keys.items()}
    analysis = analyse_run(run, rules, roles=roles, curves=job.curves)
    measured = sample_measurements(
        analysis,
        run=run,
        rules=rules,
        keys=keys,
        dna_ng=_dna_ng(job, study),
        extracts=_extracts(study),
    )
    view = _view(run, analysis, rules, roles)
    return PlateOutcome(view, tuple(_marked(m, job) for m in measured), unassigned)


def _marked(one: Measurement, job: TableJob) -> Measurement:
    """Name in a number's version the wells that a reviewer took out."""
    wells = ", ".join(f"{well} v{job.versions.get(well, 1)}" for well in sorted(job.omitted))
    return replace(one, version=f"{one.version}; left out: {wells}") if wells else one


def _view(
    run: QpcrRun, analysis: "RunAnalysis", rules: "QpcrRules", roles: Mapping[str, Role]
) -> PlateView:
    """Return everything that is shown of a plate."""
    from labproc.qpcr.fits import is_omitted
    from labproc.qpcr.miqe import miqe_checklist

    wells = (replace(w, omitted=True) if is_omitted(w, rules) else w for w in run.table.wells)
    return PlateView(
        source=run.source,
        name=run.plate or Path(run.source.path).stem,
        format=run.format,
        wells=tuple(wells),
        curves=tuple(analysis.curves),
        samples=tuple(_as_in_sheet(s, roles) for s in analysis.samples),
        quantities=tuple(analysis.quantities),
        reported=run.reported_curves,
        amplification=run.amplification,
        acceptance=tuple(
            AcceptanceRow(r.rule, r.target, r.limit, r.found, r.verdict)
            for r in analysis.acceptance
        ),
        flags=(*run.flags, *analysis.flags),
        standards=tuple(analysis.standards),
        recomputed=tuple(analysis.amplification),
        checklist=tuple(miqe_checklist(run, analysis, rules)),
    )


def _as_in_sheet(sample: CopyNumber, roles: Mapping[str, Role]) -> CopyNumber:
    """Return a sample that the sheet knows as positive control as one, whatever its task."""
    if sample.task is Task.UNKNOWN and roles.get(sample.sample) is Role.POSITIVE:
        return replace(sample, task=Task.POSITIVE)
    return sample


def _rules(job: TableJob, study: Study) -> "QpcrRules":
    """Return the assay's rules with the wells that study or reviewer leave out of this file."""
    qpcr = study.settings.qpcr
    said = qpcr.omitted_of(job.path) if qpcr else {}
    return replace(job.rules, omitted={**said, **job.omitted})


def _read(job: TableJob) -> QpcrRun | DnaTable:
    from labproc.errors import ParseError
    from labproc.parsers import read_file

    with own_name(job.staged, job.path) as path:
        run = read_file(path)
    if isinstance(run, FlowTube):
        raise ParseError(f"{Path(job.path).name}: FCS events, expected a table")
    return run


def _named(run: QpcrRun, job: TableJob) -> QpcrRun:
    """Return the run under its name in ``raw/``."""
    return replace(run, source=replace(run.source, path=job.path, sha256=job.sha256))


@lru_cache(maxsize=2)
def _study(folder: str, sheets_sha256: str) -> Study:
    """Read the study once per worker and version of its sheets."""
    from labproc.study import load_study

    return load_study(Path(folder))


def _assign(run: QpcrRun, study: Study) -> tuple[Mapping[str, SampleKey], tuple[str, ...]]:
    """Say whose cells each unknown sample holds, and name those that nothing explains."""
    names = dict.fromkeys(w.sample for w in run.table.wells if w.task is Task.UNKNOWN and w.sample)
    found = {name: study.assign_qpcr_sample(name) for name in names}
    keys = {name: a.key for name, a in found.items() if a.key is not None}
    return keys, tuple(name for name, a in found.items() if a.key is None)
