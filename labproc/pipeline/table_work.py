"""Read and quantify one qPCR export: runs in a worker process."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from labproc.model import QpcrRun, SampleKey, Task
from labproc.pipeline.jobs import TableJob
from labproc.pipeline.outcomes import PlateOutcome
from labproc.pipeline.results import AcceptanceRow, PlateView
from labproc.study import Study


def do_table(job: TableJob) -> PlateOutcome:
    """Read one qPCR run, fit its curves and read its samples from them."""
    from labproc.qpcr import analyse_run, sample_measurements

    run = _named(_read(job), job)
    study = _study(job.study, job.sheets_sha256)
    keys, unassigned = _assign(run, study)
    analysis = analyse_run(run, job.rules)
    measured = sample_measurements(
        analysis, run=run, rules=job.rules, keys=keys, dna_ng=study.dna_ng
    )
    view = PlateView(
        source=run.source,
        name=run.plate or Path(job.path).stem,
        format=run.format,
        wells=run.table.wells,
        curves=tuple(analysis.curves),
        samples=tuple(analysis.samples),
        quantities=tuple(analysis.quantities),
        reported=run.reported_curves,
        amplification=run.amplification,
        acceptance=tuple(
            AcceptanceRow(r.rule, r.target, r.limit, r.found, r.verdict)
            for r in analysis.acceptance
        ),
        flags=(*run.flags, *analysis.flags),
    )
    return PlateOutcome(view, tuple(measured), unassigned)


def _read(job: TableJob) -> QpcrRun:
    from labproc.errors import ParseError
    from labproc.parsers import read_file

    run = read_file(Path(job.staged))
    if not isinstance(run, QpcrRun):
        raise ParseError(f"{Path(job.path).name}: not a qPCR export, expected one")
    return run


def _named(run: QpcrRun, job: TableJob) -> QpcrRun:
    """Return the run under its name in ``raw/``, without the wells a reviewer took out."""
    source = replace(run.source, path=job.path, sha256=job.sha256)
    if not job.omitted:
        return replace(run, source=source)
    wells = tuple(
        replace(w, omitted=True) if w.position in job.omitted else w for w in run.table.wells
    )
    return replace(run, source=source, table=replace(run.table, wells=wells))


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
